"""Find leads by what a person would type."""

from datetime import datetime

from django.db.models import Q, QuerySet

from capture.normalise.email import match_form
from identity import keys
from identity.models import IdentityKey, Lead
from leadhub.kernel import crypto

FEWEST_DIGITS = 5  # fewer do not look like a phone number


def leads(
    *, state: str, email: str = "", phone: str = "", q: str = "", updated_since: datetime | None = None
) -> QuerySet[Lead]:
    """Give the leads in a state that fit everything asked."""
    found = Lead.objects.filter(state=state)
    if email:
        found = found.filter(_by_email(email))
    if phone:
        found = found.filter(_by_phone(phone))
    if q:
        found = found.filter(matching(q))
    if updated_since:
        found = found.filter(updated_at__gte=updated_since)
    return found


def matching(words: str) -> Q:
    """Say which leads a search means: the start of a name, or a whole e-mail address or phone number."""
    words = words.strip()
    if "@" in words:
        return _by_email(words)
    if sum(sign.isdigit() for sign in words) >= FEWEST_DIGITS:
        return _by_phone(words)
    first, _, last = words.partition(" ")
    if last:
        return Q(first_name__istartswith=first, last_name__istartswith=last.strip())
    return Q(first_name__istartswith=first) | Q(last_name__istartswith=first)


def _by_email(email: str) -> Q:
    return _by_key(keys.EMAIL, match_form(email.strip()))


def _by_phone(phone: str) -> Q:
    digits = "".join(sign for sign in phone if sign.isdigit())
    return _by_key(keys.PHONE, f"+{digits.removeprefix('00')}")


def _by_key(kind: str, value: str) -> Q:
    """Look the keyed digest up, as the resolver does: no index over readable addresses is needed."""
    named = IdentityKey.objects.filter(digest=crypto.digest(kind, value))
    return Q(pk__in=named.values("profile__root")) | Q(pk__in=named.values("profile__home"))
