"""E-mail addresses: one form to show, one to match by (pure; asks no DNS)."""

from email_validator import EmailNotValidError, validate_email

from capture.contracts import Fact
from capture.normalise import text

LONGEST = 254
SURE, NO_ADDRESS = 0.95, 0.2
GOOGLE = frozenset({"gmail.com", "googlemail.com"})
# Addresses a group reads: real, but weak evidence of one person.
ROLES = frozenset(
    [
        "abuse",
        "admin",
        "billing",
        "contact",
        "enquiries",
        "help",
        "hello",
        "hostmaster",
        "info",
        "mail",
        "marketing",
        "noreply",
        "no-reply",
        "office",
        "postmaster",
        "reception",
        "root",
        "sales",
        "service",
        "support",
        "team",
        "webmaster",
    ]
)


def clean(raw: str, *, region: str) -> tuple[Fact | None, str]:
    """Give the address as a fact, its domain in lower case, and what is odd about it."""
    shown = text.line(raw, longest=LONGEST)
    if not shown:
        return None, "no address was left"
    value = _parse(shown)
    if not value:
        return Fact(value=shown, raw=raw, confidence=NO_ADDRESS), "not an e-mail address"
    local = value.partition("@")[0].lower()
    return Fact(value=value, raw=raw, confidence=SURE), "an address a group reads" if local in ROLES else ""


def point(raw: str, *, region: str) -> str:
    """Give the form consent is filed under."""
    return match_form(_parse(text.line(raw, longest=LONGEST)) or text.line(raw, longest=LONGEST))


def match_form(value: str) -> str:
    """Give the form two spellings of one mailbox share: no case, no plus-tag, no dots where Google ignores them."""
    local, at, domain = value.lower().rpartition("@")
    if not at:
        return value.lower()
    domain = "gmail.com" if domain in GOOGLE else domain
    local = local.partition("+")[0] or local
    if domain == "gmail.com":
        local = local.replace(".", "") or local
    return f"{local}@{domain}"


def _parse(shown: str) -> str:
    shown = shown.removeprefix("mailto:").strip(" <>;,")
    try:
        return validate_email(shown, check_deliverability=False, allow_smtputf8=True).normalized
    except EmailNotValidError:
        return ""
