"""Open doors: what a request needs to know of its source, kept in this process for a moment."""

import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from capture.channels import registry
from capture.channels.base import Adapter
from capture.contracts import Door
from capture.models import Source
from leadhub.kernel import crypto
from leadhub.kernel.limits import Bucket

KEEP = 2.0  # seconds: how long a disabled door may still open
MOST = 2000  # doors and misses remembered; guessing addresses must not fill the memory
COMMON = ("content-type", "user-agent")
# Proofs are looked at and not kept: a stored bearer key could be replayed by whoever reads the log.
NOT_KEPT = frozenset({"authorization", "cookie"})


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenDoor:
    """A source ready to receive."""

    source_id: int
    adapter: Adapter
    door: Door
    url: str
    headers: tuple[tuple[str, str], ...]  # header name, its name in the WSGI environment
    bucket: Bucket


_known: dict[str, tuple[float, OpenDoor | None]] = {}
_buckets: dict[tuple[str, float], Bucket] = {}


def find(slug: str) -> OpenDoor | None:
    """Give the open door of this slug; None when there is none or it is disabled."""
    now = time.monotonic()
    held = _known.get(slug)
    if held is not None and held[0] > now:
        return held[1]
    source = Source.objects.filter(slug=slug, enabled=True).first()
    found = _open(source) if source else None
    if len(_known) >= MOST:
        _known.clear()
    _known[slug] = (now + KEEP, found)
    return found


def forget() -> None:
    """Look every source up again: one has changed in this process."""
    _known.clear()


def url_of(slug: str) -> str:
    """Give the public address of a door."""
    return f"{settings.PUBLIC_URL}/in/{slug}/"


def door_of(source: Source, *, secrets: tuple[str, ...] = ()) -> Door:
    """Describe a source to its adapter."""
    return Door(slug=source.slug, secrets=secrets, options={str(k): str(v) for k, v in source.options.items()})


def _open(source: Source) -> OpenDoor:
    adapter = registry.adapter(source.adapter)
    names = dict.fromkeys((*COMMON, *adapter.headers))
    return OpenDoor(
        source_id=source.pk,
        adapter=adapter,
        door=door_of(source, secrets=opened(source)),
        url=url_of(source.slug),
        headers=tuple((name, _wsgi(name)) for name in names),
        bucket=_bucket(source),
    )


def _wsgi(header: str) -> str:
    return "CONTENT_TYPE" if header == "content-type" else "HTTP_" + header.upper().replace("-", "_")


def _bucket(source: Source) -> Bucket:
    """Give the source's bucket. It outlives the cached door, or every two seconds would start with a full one."""
    try:
        rate = max(float(source.options.get("rate", settings.LEADHUB_RATE)), 0.1)
    except (TypeError, ValueError):
        rate = float(settings.LEADHUB_RATE)
    return _buckets.setdefault((source.slug, rate), Bucket(rate=rate, burst=max(rate, 1.0)))


def opened(source: Source) -> tuple[str, ...]:
    """Open the source's secrets, current first; of an API key only its digest is known. Empty ones are left out."""
    found = (secret.get("digest") or _unseal(source.slug, secret) for secret in source.secrets)
    return tuple(secret for secret in found if secret)


def sealed(slug: str, secret: str) -> dict[str, str]:
    """Seal a secret for the table of sources."""
    kept = crypto.ring().seal(secret.encode(), bound_to=_binding(slug))
    return {
        "key_id": kept.key_id,
        "wrapped": b64encode(kept.wrapped).decode(),
        "ciphertext": b64encode(kept.ciphertext).decode(),
    }


def _unseal(slug: str, kept: Mapping[str, Any]) -> str:
    secret = crypto.Sealed(
        key_id=kept["key_id"],
        wrapped=b64decode(kept["wrapped"]),
        ciphertext=b64decode(kept["ciphertext"]),
        mac=b"",
    )
    return crypto.ring().open(secret, bound_to=_binding(slug)).decode()


def _binding(slug: str) -> bytes:
    return f"source:{slug}".encode()
