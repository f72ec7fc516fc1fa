"""The sandbox's own endpoints: set faults and options, and see what really happened."""

from collections import Counter, defaultdict
from typing import Any, Protocol

from leadhub.sandbox.hubspot.errors import Refusal
from leadhub.sandbox.hubspot.faults import Faults
from leadhub.sandbox.hubspot.portal import Portal
from leadhub.sandbox.server import Request, Response


class Account(Protocol):
    """What of the simulated account can be seen and set."""

    portal: Portal
    faults: Faults
    calls: Counter[str]
    statuses: Counter[int]

    def reset(self) -> None:
        """Begin again."""


def answer(hubspot: Account, request: Request) -> Response:
    """Answer a control request."""
    verb = (request.method, request.path.removeprefix("/__sandbox__/"))
    try:
        return _answer(hubspot, request, verb)
    except (ValueError, Refusal) as wrong:
        return Response.of({"error": str(wrong)}, status=400)


def _answer(hubspot: Account, request: Request, verb: tuple[str, str]) -> Response:
    match verb:
        case ("POST", "faults"):
            hubspot.faults.add(request.json())
        case ("DELETE", "faults"):
            hubspot.faults.clear()
        case ("POST", "options"):
            set_options(hubspot, request.json())
        case ("POST", "reset"):
            hubspot.reset()
        case ("GET", "stats"):
            return Response.of(stats(hubspot, records=request.query.get("records") == "1"))
        case ("GET", "faults" | "options"):
            pass
        case _:
            return Response.of({"error": f"no such control: {verb[0]} {verb[1]}"}, status=404)
    return Response.of({"faults": hubspot.faults.listed(), "options": vars(hubspot.portal.options)})


def set_options(hubspot: Account, wanted: dict[str, Any]) -> None:
    """Change how the portal behaves."""
    options = hubspot.portal.options
    for name, value in wanted.items():
        if name not in vars(options):
            raise ValueError(f"the portal has no option {name!r}; it has {', '.join(vars(options))}")
        setattr(options, name, value)


def stats(hubspot: Account, *, records: bool) -> dict[str, Any]:
    """Count calls, writes and doubles; with `records`, show every contact."""
    with hubspot.portal.lock:
        contacts = list(hubspot.portal.shelf.contacts.values())
        by_lead: dict[str, list[str]] = defaultdict(list)
        for contact in contacts:
            by_lead[contact.properties.get("leadhub_id", "")].append(contact.id)
        shown: dict[str, Any] = {
            "calls": dict(hubspot.calls),
            "statuses": {str(status): count for status, count in hubspot.statuses.items()},
            "contacts": len(contacts),
            "writes": sum(contact.writes for contact in contacts),
            "duplicates": {lead: ids for lead, ids in by_lead.items() if lead and len(ids) > 1},
            "writes_per_lead": {
                lead: sum(hubspot.portal.shelf.contacts[i].writes for i in ids) for lead, ids in by_lead.items()
            },
        }
        if records:
            shown["records"] = [contact.kept() for contact in contacts]
    return shown
