"""Tokens for the API: shown once, kept as keyed digests, so a stolen database opens nothing."""

import hmac
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q

from leadhub.kernel import crypto
from leadhub.kernel.models import ApiToken

START = "lh_"
SHOWN = 12  # characters kept in clear, to recognise a token by
LONGEST = 200  # nobody gets us to digest more
TOUCH_EVERY = timedelta(minutes=1)


def issue(*, user: User, name: str) -> tuple[ApiToken, str]:
    """Make a token for a person and give the row and the token itself, which is never seen again."""
    plain = START + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(user=user, name=name[:80], prefix=plain[:SHOWN], digest=_digest(plain))
    return row, plain


def find(*, plain: str, now: datetime) -> ApiToken | None:
    """Find the live token, or None. The digest is computed for nonsense too, so a miss costs what a hit costs."""
    wanted = _digest(plain[:LONGEST])
    row = ApiToken.objects.select_related("user").filter(digest=wanted).first()
    if row is None or not hmac.compare_digest(bytes(row.digest), wanted):
        return None
    _touch(row, now)
    return row


def revoke(*, prefix: str) -> int:
    """Delete the tokens that start like this and give how many there were."""
    gone, _ = ApiToken.objects.filter(prefix=prefix[:SHOWN]).delete()
    return gone


def _touch(row: ApiToken, now: datetime) -> None:
    # At most one write a minute: reading a list must not cost a commit each time.
    if row.last_used_at is None or row.last_used_at < now - TOUCH_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - TOUCH_EVERY)
        ApiToken.objects.filter(stale, pk=row.pk).update(last_used_at=now)


def _digest(plain: str) -> bytes:
    return crypto.digest("api-token", plain.encode("utf-8", "surrogatepass"))
