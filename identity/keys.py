"""Strong keys: what alone may say that two signals are of one person (pure)."""

from collections.abc import Iterator, Mapping
from typing import Any

from capture.normalise.email import match_form

CONFIDENT = 0.5
PHONE, EMAIL, EXTERNAL, LEAD = "phone", "email", "external", "lead"
WEIGHT = {LEAD: 16, EXTERNAL: 8, EMAIL: 5, PHONE: 3}
"""How strongly a shared key links; a person's own word (LEAD) above a system's id, above an address, above a number."""


def strong(facts: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Give (kind, canonical value) of each strong key in a signal's normalised facts.

    Values the normaliser doubts (short codes, alphanumeric senders, unreadable addresses) are no keys.
    """
    for field, fact in facts.items():
        value = str(fact.get("value", ""))
        if not value or float(fact.get("confidence", 0)) < CONFIDENT:
            continue
        if field == "phone" and value.startswith("+"):
            yield PHONE, value
        elif field == "email":
            yield EMAIL, match_form(value)
        elif field.startswith("external_id"):  # external_id, external_id_2, …
            yield EXTERNAL, value
