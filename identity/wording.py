"""Say evidence in words a salesperson reads."""

from collections.abc import Iterable, Mapping
from typing import Any

REASONS = {
    "contradiction": "They share a contact point, but something contradicts that they are one person.",
    "barred": "Something new joins two leads that a person said are different.",
    "cap": "Joining them would make one very large lead.",
    "rested": "They were joined by a person while another merge stood that was undone since.",
}


def sentence(evidence: Any) -> str:
    """Put one piece of evidence into words, whatever keys it carries."""
    if not isinstance(evidence, Mapping):
        return str(evidence)
    said = [str(evidence["note"])] if evidence.get("note") else []
    rest = [f"{str(key).replace('_', ' ')}: {_plain(value)}" for key, value in evidence.items() if key != "note"]
    return "; ".join(said + rest)


def sentences(because: Iterable[Any]) -> list[str]:
    """Put a list of evidence into words."""
    return [sentence(one) for one in because]


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(inner) for inner in value)
    return str(value)
