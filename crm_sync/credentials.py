"""Keep a connection's access token sealed in the database."""

from base64 import b64decode, b64encode
from collections.abc import Mapping

from leadhub.kernel.crypto import Sealed, ring
from leadhub.kernel.errors import Permanent


def seal(token: str, *, slug: str) -> dict[str, str]:
    """Seal a token for the connection of this name, as JSON can hold it."""
    sealed = ring().seal(token.encode(), bound_to=_bound_to(slug))
    parts = {"wrapped": sealed.wrapped, "ciphertext": sealed.ciphertext, "mac": sealed.mac}
    return {"key_id": sealed.key_id} | {name: b64encode(part).decode() for name, part in parts.items()}


def unseal(kept: Mapping[str, str], *, slug: str) -> str:
    """Open a sealed token. Raises Permanent in words when that cannot be."""
    if not kept:
        raise Permanent(f"the connection {slug} has no access token: set one with `manage.py connection token {slug}`")
    sealed = Sealed(
        key_id=kept["key_id"],
        wrapped=b64decode(kept["wrapped"]),
        ciphertext=b64decode(kept["ciphertext"]),
        mac=b64decode(kept["mac"]),
    )
    return ring().open(sealed, bound_to=_bound_to(slug)).decode()


def _bound_to(slug: str) -> bytes:
    return b"crm_sync.connection:" + slug.encode()
