"""One request on its way to a door, and what can go wrong with it on the way (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, quote_plus, urlencode


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A POST ready to be sent: signed, encoded, final."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, **changed: str) -> "Parcel":
        """Change headers; `_` in a name stands for `-`."""
        return replace(self, headers={**self.headers, **{name.replace("_", "-"): v for name, v in changed.items()}})


def form_body(fields: Mapping[str, str], *, spaces_as_plus: bool = True) -> bytes:
    """Encode fields as a form. Twilio writes a space as `+` in messages and as `%20` in voice callbacks."""
    return urlencode(fields, quote_via=quote_plus if spaces_as_plus else quote).encode()


def tampered(parcel: Parcel) -> Parcel:
    """Change the content after it was signed."""
    return replace(parcel, body=parcel.body + b"&Injected=1")


def cut_short(parcel: Parcel) -> Parcel:
    """Lose the second half of the content, as a broken proxy does."""
    return replace(parcel, body=parcel.body[: len(parcel.body) // 2])


def unsigned(parcel: Parcel) -> Parcel:
    """Leave out every proof of the sender."""
    proofs = {"x-twilio-signature", "authorization"}
    return replace(parcel, headers={k: v for k, v in parcel.headers.items() if k.lower() not in proofs})


def mislabelled(parcel: Parcel) -> Parcel:
    """Announce the content as something no door takes."""
    kept = {k: v for k, v in parcel.headers.items() if k.lower() != "content-type"}
    return replace(parcel, headers={**kept, "Content-Type": "application/xml"})
