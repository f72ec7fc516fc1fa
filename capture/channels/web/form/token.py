"""Time tokens: proof that the page was open for a moment before it was sent, good for one post (pure).

Written as `<seconds>.<nonce>.<mac>`; the mac binds both to the source.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

FASTEST = 2  # seconds: no person fills in a form in less
OLDEST = 24 * 3600  # seconds: a page left open over night is still a person's


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a token is worth: its nonce if it is ours, and what is odd about it."""

    nonce: str = ""
    odd: str = ""


def make(*, secret: str, slug: str, now: datetime, nonce: str) -> str:
    """Make a token for one post through this source."""
    stamped = f"{int(now.timestamp())}.{nonce}"
    return f"{stamped}.{_mac(secret, slug, stamped)}"


def read(token: str, *, secrets: Sequence[str], slug: str, now: datetime) -> Reading:
    """Judge a token. Never raises: a form without a good token is held for a person, not lost."""
    if not token:
        return Reading(odd="it carried no time token")
    stamped, _, mac = token.rpartition(".")
    if not any(hmac.compare_digest(_mac(s, slug, stamped).encode(), mac.encode()) for s in secrets if s):
        return Reading(odd="its time token is not one of ours")
    issued, _, nonce = stamped.partition(".")
    age = now.timestamp() - int(issued)
    if age < FASTEST:
        return Reading(nonce=nonce, odd=f"it was filled in within {FASTEST} seconds")
    if age > OLDEST:
        return Reading(nonce=nonce, odd="its time token is older than a day")
    return Reading(nonce=nonce)


def _mac(secret: str, slug: str, stamped: str) -> str:
    made = hmac.digest(secret.encode(), f"form\0{slug}\0{stamped}".encode("utf-8", "surrogatepass"), "sha256")
    return urlsafe_b64encode(made[:18]).decode()
