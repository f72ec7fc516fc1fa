"""CRM search: filters, sorting, paging, the 10,000 wall, and an index that lags."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from leadhub.sandbox.hubspot.contacts import Contact
from leadhub.sandbox.hubspot.errors import Refusal
from leadhub.sandbox.hubspot.portal import Portal

WALL = 10_000
MOST = 200


def search(portal: Portal, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one search request."""
    limit, after = int(asked.get("limit", 10)), int(asked.get("after") or 0)
    if limit > MOST or after + limit > WALL:
        raise Refusal(f"The limit is {MOST} a page and {WALL} results a query")
    with portal.lock:
        found = [contact for contact in _indexed(portal) if _matches(contact, asked.get("filterGroups", []))]
        _sort(found, asked.get("sorts", []))
        page = [contact.shown(asked.get("properties", ())) for contact in found[after : after + limit]]
    body: dict[str, Any] = {"total": len(found), "results": page}
    if after + limit < len(found):
        body["paging"] = {"next": {"after": str(after + limit)}}
    return body


def _indexed(portal: Portal) -> list[Contact]:
    seen_until = time.monotonic() - portal.options.search_lag
    return [c for c in portal.shelf.contacts.values() if portal.written_at.get(c.id, 0.0) <= seen_until]


def _matches(contact: Contact, groups: list[Mapping[str, Any]]) -> bool:
    return not groups or any(all(_holds(contact, one) for one in group.get("filters", [])) for group in groups)


def _holds(contact: Contact, one: Mapping[str, Any]) -> bool:
    operator = _OPERATORS.get(one.get("operator", ""))
    if operator is None:
        raise Refusal(f"operator {one.get('operator')!r} is not one of {', '.join(_OPERATORS)}")
    return operator(_value(contact, one["propertyName"]), one)


def _value(contact: Contact, name: str) -> str:
    own = {"hs_object_id": contact.id, "createdate": contact.created, "lastmodifieddate": contact.updated}
    return own.get(name) or contact.properties.get(name, "")


def _sort(found: list[Contact], sorts: list[Any]) -> None:
    for sort in reversed(sorts[:1]):
        name = sort if isinstance(sort, str) else sort["propertyName"]
        backwards = not isinstance(sort, str) and sort.get("direction") == "DESCENDING"
        found.sort(key=lambda contact: _value(contact, name), reverse=backwards)


_OPERATORS: dict[str, Callable[[str, Mapping[str, Any]], bool]] = {
    "EQ": lambda held, one: held.lower() == str(one["value"]).lower(),
    "NEQ": lambda held, one: held.lower() != str(one["value"]).lower(),
    "GT": lambda held, one: held > str(one["value"]),
    "GTE": lambda held, one: held >= str(one["value"]),
    "LT": lambda held, one: held < str(one["value"]),
    "LTE": lambda held, one: held <= str(one["value"]),
    "IN": lambda held, one: held.lower() in [str(value).lower() for value in one["values"]],
    "HAS_PROPERTY": lambda held, one: bool(held),
    "NOT_HAS_PROPERTY": lambda held, one: not held,
    "CONTAINS_TOKEN": lambda held, one: str(one["value"]).strip("*").lower() in held.lower(),
}
