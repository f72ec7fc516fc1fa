"""Judge where a lead is, and which territories that means, nearest first (pure).

A territory is a code: `US-CA` (country and region, ISO 3166-2), `US` (country), `*` (anywhere).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers

from routing.areas import AREA, REGION_BY_NAME

ANYWHERE = "*"
NORTH_AMERICA = 1  # country calling code
COUNTRY_NAMES = {
    "USA": "US",
    "UNITED STATES": "US",
    "UNITED STATES OF AMERICA": "US",
    "UK": "GB",
    "UNITED KINGDOM": "GB",
    "GREAT BRITAIN": "GB",
    "ENGLAND": "GB",
    "CANADA": "CA",
    "GERMANY": "DE",
    "DEUTSCHLAND": "DE",
}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a version of the policy says. `steps` names the widths of territory that are tried, in order."""

    version: int = 0
    steps: tuple[str, ...] = ("region", "country", "anywhere")
    home_country: str = ""  # taken when a lead tells neither country nor phone
    follow_up_minutes: int = 15  # an owner should act within this time; 0 asks for nothing


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a lead is, as far as known, and how we know."""

    country: str = ""
    region: str = ""
    known_by: str = ""

    @property
    def name(self) -> str:
        """Give the place as a territory code."""
        return "-".join(filter(None, (self.country, self.region)))


NOWHERE = Place()


def rules_from(stored: Mapping[str, object], *, version: int) -> Rules:
    """Read a stored policy; what it leaves out is as in the built-in one."""
    steps = stored.get("steps")
    minutes = stored.get("follow_up_minutes", Rules.follow_up_minutes)
    return Rules(
        version=version,
        steps=tuple(str(step) for step in steps) if isinstance(steps, list) else Rules.steps,
        home_country=str(stored.get("home_country", "")).upper(),
        follow_up_minutes=minutes if isinstance(minutes, int) else Rules.follow_up_minutes,
    )


def place_of(*, country: str, region: str, phone: str, rules: Rules) -> Place:
    """Judge the place from the lead's own fields, else from its phone number, else from the policy."""
    by_phone = _place_of_phone(phone)
    said = _country_code(country)
    if said:
        return _told(said, region, by_phone)
    if by_phone.country:
        told = _region_code(by_phone.country, region)
        return Place(country=by_phone.country, region=told or by_phone.region, known_by=by_phone.known_by)
    if rules.home_country:
        home = _region_code(rules.home_country, region)
        return Place(country=rules.home_country, region=home, known_by="the policy's home country")
    return NOWHERE


def territories_of(place: Place, *, rules: Rules) -> tuple[str, ...]:
    """List the territories that cover the place, in the order the policy tries them."""
    code = {
        "region": place.name if place.region else "",
        "country": place.country,
        "anywhere": ANYWHERE,
    }
    return tuple(found for step in rules.steps if (found := code.get(step, "")))


def _told(country: str, region: str, by_phone: Place) -> Place:
    told = _region_code(country, region)
    if told or by_phone.country != country:
        return Place(country=country, region=told, known_by="the lead's address")
    return Place(country=country, region=by_phone.region, known_by="the lead's country and its phone number")


def _country_code(text: str) -> str:
    upper = " ".join(text.upper().replace(".", "").split())
    if upper in COUNTRY_NAMES:
        return COUNTRY_NAMES[upper]
    return upper if len(upper) == 2 and upper.isascii() and upper.isalpha() else ""


def _region_code(country: str, text: str) -> str:
    clean = " ".join(text.split())
    by_name = REGION_BY_NAME.get((country, clean.casefold()))
    return by_name or clean.upper().removeprefix(f"{country}-")


def _place_of_phone(phone: str) -> Place:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return NOWHERE
    if number.country_code == NORTH_AMERICA:
        area = AREA.get(str(number.national_number)[:3], "")
        if area:
            country, _, region = area.partition("-")
            return Place(country=country, region=region, known_by="the area code of its phone number")
    country = phonenumbers.region_code_for_number(number) or ""
    # "001" and its like are numbers of no country (satellite, toll-free everywhere).
    return Place(country=country, known_by="its phone number") if country.isalpha() else NOWHERE
