"""Phone numbers to E.164; what is no person's number stays raw and identifies nobody (pure)."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from capture.contracts import Fact
from capture.normalise import text

LONGEST = 32
SURE, SHARED, NO_NUMBER = 0.95, 0.4, 0.2
# Numbers that many people answer or that cost the caller: real, but no key to one person.
NOT_PERSONAL = {
    PhoneNumberType.TOLL_FREE: "a toll-free number",
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a shared-cost number",
    PhoneNumberType.UAN: "a company's access number",
    PhoneNumberType.VOICEMAIL: "a voicemail number",
    PhoneNumberType.PAGER: "a pager",
}


def clean(raw: str, *, region: str) -> tuple[Fact | None, str]:
    """Give the number as a fact and what is odd about it. The region serves numbers without a country code."""
    shown = text.line(raw, longest=LONGEST)
    if not shown:
        return None, "no phone number was left"
    number = _parse(raw, region)
    if number is None:
        return Fact(value=shown, raw=raw, confidence=NO_NUMBER), "not a phone number that can be called"
    value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    odd = NOT_PERSONAL.get(phonenumbers.number_type(number), "")
    if odd:
        return Fact(value=value, raw=raw, confidence=SHARED), odd
    return Fact(value=value, raw=raw, confidence=SURE), _extension(number)


def point(raw: str, *, region: str) -> str:
    """Give the form consent is filed under: E.164, or the text as it came for short codes and the like."""
    number = _parse(raw, region)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if number else text.line(raw, longest=LONGEST)


def _parse(raw: str, region: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text.line(raw, longest=250), region or None)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _extension(number: PhoneNumber) -> str:
    return f"extension {number.extension}" if number.extension else ""
