"""What has to be sent so that a CRM holds what it should (pure)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, kw_only=True)
class Delta:
    """What to set and what to clear. An empty one is no call at all."""

    set: Mapping[str, str]
    clear: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.set or self.clear)


def delta(*, desired: Mapping[str, str], base: Mapping[str, str], forms: Mapping[str, str]) -> Delta:
    """Compare what should be there with what was last known to be there, in canonical form.

    Only what `base` holds is ever cleared: a value the CRM's own people wrote is not ours to empty.
    """
    changed = {
        name: value
        for name, value in desired.items()
        if canonical(base.get(name, ""), forms.get(name, "text")) != canonical(value, forms.get(name, "text"))
    }
    gone = frozenset(name for name, value in base.items() if value and name not in desired)
    return Delta(set=changed, clear=gone)


def canonical(value: str, form: str) -> str:
    """Give the form in which two spellings of one value are equal."""
    return _FORMS[form](value.strip())


def _moment(value: str) -> str:
    try:
        when = datetime.fromtimestamp(int(value) / 1000, UTC) if value.isdigit() else datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        return ""
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_FORMS: Mapping[str, Callable[[str], str]] = {
    "text": str,
    "email": str.lower,
    "phone": lambda value: re.sub(r"[\s().-]", "", value),
    "moment": _moment,
}
