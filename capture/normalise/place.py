"""Country, company and the plain text fields (pure)."""

import re
from datetime import date

from phonenumbers import SUPPORTED_REGIONS

from capture.contracts import Fact
from capture.normalise import text

SURE, TYPED, DOUBTFUL = 0.9, 0.8, 0.4
LONGEST = {
    "company": 200, "title": 120, "city": 120, "region": 120, "country": 60, "postal_code": 20, "language": 35,
    "website": 300, "external_id": 200,
}  # fmt: skip
COUNTRIES = {
    "usa": "US", "u.s.": "US", "u.s.a.": "US", "united states": "US", "united states of america": "US", "america": "US",
    "uk": "GB", "u.k.": "GB", "united kingdom": "GB", "great britain": "GB", "england": "GB", "scotland": "GB",
    "wales": "GB", "canada": "CA", "germany": "DE", "deutschland": "DE", "austria": "AT", "österreich": "AT",
    "switzerland": "CH", "schweiz": "CH", "france": "FR", "spain": "ES", "españa": "ES", "italy": "IT",
    "italia": "IT", "netherlands": "NL", "the netherlands": "NL", "holland": "NL", "belgium": "BE", "ireland": "IE",
    "portugal": "PT", "poland": "PL", "polska": "PL", "sweden": "SE", "norway": "NO", "denmark": "DK",
    "finland": "FI", "mexico": "MX", "méxico": "MX", "brazil": "BR", "brasil": "BR", "australia": "AU",
    "new zealand": "NZ", "india": "IN", "japan": "JP", "china": "CN", "singapore": "SG", "south africa": "ZA",
}  # fmt: skip
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_WEBSITE = re.compile(r"(https?://)?[\w.-]+\.\w{2,}(:\d+)?([/?#]\S*)?", re.IGNORECASE)

Found = tuple[Fact | None, str]


def country(raw: str, *, region: str) -> Found:
    """Give the ISO code where the country is known, else the text."""
    shown = text.line(raw, longest=LONGEST["country"])
    code = COUNTRIES.get(shown.lower()) or (shown.upper() if shown.upper() in SUPPORTED_REGIONS else "")
    if code:
        return Fact(value=code, raw=raw, confidence=SURE), ""
    return _doubtful(shown, raw, "not a country we know")


def website(raw: str, *, region: str) -> Found:
    """Keep addresses of web pages; anything else, such as a script, is left out."""
    shown = text.line(raw, longest=LONGEST["website"])
    if _WEBSITE.fullmatch(shown):
        return Fact(value=shown, raw=raw, confidence=TYPED), ""
    return None, "not a web address: left out"


def language(raw: str, *, region: str) -> Found:
    """Keep language tags such as en-GB."""
    shown = text.line(raw, longest=LONGEST["language"])
    if _LANGUAGE.fullmatch(shown):
        return Fact(value=shown.replace("_", "-"), raw=raw, confidence=SURE), ""
    return _doubtful(shown, raw, "not a language tag")


def birth_date(raw: str, *, region: str) -> Found:
    """Keep whole dates in ISO form; others are ambiguous and left out."""
    shown = text.line(raw, longest=32)
    try:
        return Fact(value=date.fromisoformat(shown[:10]).isoformat(), raw=raw, confidence=SURE), ""
    except ValueError:
        return None, "not a date such as 1980-12-31: left out"


def plain(field: str, raw: str) -> Found:
    """Give a plain text field as one visible line."""
    shown = text.line(raw, longest=LONGEST.get(field, 200))
    if not shown:
        return None, "nothing readable was left"
    return Fact(value=shown, raw=raw, confidence=TYPED), text.oddness(raw)


def _doubtful(shown: str, raw: str, odd: str) -> Found:
    return (Fact(value=shown, raw=raw, confidence=DOUBTFUL) if shown else None), odd
