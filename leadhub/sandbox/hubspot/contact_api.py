"""The contact and property endpoints: read the request, let the portal act, write the answer."""

import re
from collections.abc import Callable
from typing import Any

from leadhub.sandbox.hubspot.contacts import Contact, stamp
from leadhub.sandbox.hubspot.errors import Refusal, not_found
from leadhub.sandbox.hubspot.portal import MOST_INPUTS, Portal, Written
from leadhub.sandbox.hubspot.search import search
from leadhub.sandbox.server import Request, Response

Match = re.Match[str]


def _names(request: Request) -> list[str]:
    return [name for name in request.query.get("properties", "").split(",") if name]


def _batch(how: str, *, status: int) -> Callable[[Portal, Request, Match], Response]:
    def view(portal: Portal, request: Request, _match: Match) -> Response:
        started = stamp()
        done, refused = portal.write_many(request.json().get("inputs", []), how=how)
        body: dict[str, Any] = {
            "status": "COMPLETE",
            "results": [_shown(written) for written in done],
            "startedAt": started,
            "completedAt": stamp(),
        }
        if not refused:
            return Response.of(body, status=status)
        body |= {"numErrors": len(refused), "errors": [refusal.of_item(trace) for refusal, trace in refused]}
        return Response.of(body, status=207)

    return view


def _shown(written: Written) -> dict[str, Any]:
    shown = written.contact.shown(written.names) | {"new": written.new}
    return shown | ({"objectWriteTraceId": written.trace_id} if written.trace_id else {})


def read_batch(portal: Portal, request: Request, _match: Match) -> Response:
    """Read up to 100 contacts by id or unique property; those not found are errors of a 207."""
    asked = request.json()
    keys = [str(item.get("id", "")) for item in asked.get("inputs", [])]
    if len(keys) > MOST_INPUTS:
        raise Refusal(f"Batch size {len(keys)} is over the limit of {MOST_INPUTS}")
    id_property, names, started = asked.get("idProperty"), asked.get("properties") or (), stamp()
    with portal.lock:
        found = {key: contact for key in keys for contact in portal.find_many([key], id_property=id_property)}
        results = [contact.shown(names) for contact in {c.id: c for c in found.values()}.values()]
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": started, "completedAt": stamp()}
    missing = [key for key in keys if key not in found]
    if not missing:
        return Response.of(body)
    refusal = Refusal(
        "Could not get some CONTACT objects, they may be deleted or not exist.",
        category="OBJECT_NOT_FOUND",
        context={"ids": missing},
    )
    return Response.of(body | {"numErrors": 1, "errors": [refusal.of_item(None)]}, status=207)


def archive_batch(portal: Portal, request: Request, _match: Match) -> Response:
    """Archive contacts."""
    for contact in portal.find_many([str(i.get("id", "")) for i in request.json().get("inputs", [])], id_property=None):
        portal.remove(contact)
    return Response(status=204)


def create(portal: Portal, request: Request, _match: Match) -> Response:
    """Create one contact."""
    return Response.of(_shown(portal.write_one(request.json(), how="create")), status=201)


def read(portal: Portal, request: Request, match: Match) -> Response:
    """Read one contact; the id of a merged one gives its survivor."""
    return Response.of(portal.get(match["id"], id_property=request.query.get("idProperty")).shown(_names(request)))


def update(portal: Portal, request: Request, match: Match) -> Response:
    """Change one contact."""
    item = {"id": match["id"], "idProperty": request.query.get("idProperty")} | request.json()
    return Response.of(_shown(portal.write_one(item, how="update")))


def archive(portal: Portal, request: Request, match: Match) -> Response:
    """Archive one contact; archiving what is gone is fine."""
    for contact in portal.find_many([match["id"]], id_property=request.query.get("idProperty")):
        portal.remove(contact)
    return Response(status=204)


def page(portal: Portal, request: Request, _match: Match) -> Response:
    """List contacts in order of their ids."""
    limit, after = min(100, int(request.query.get("limit", "10"))), request.query.get("after", "")
    with portal.lock:
        rest: list[Contact] = sorted((c for c in portal.shelf.contacts.values() if c.id > after), key=lambda c: c.id)
    body: dict[str, Any] = {"results": [contact.shown(_names(request)) for contact in rest[:limit]]}
    if len(rest) > limit:
        body["paging"] = {"next": {"after": rest[limit - 1].id}}
    return Response.of(body)


def find(portal: Portal, request: Request, _match: Match) -> Response:
    """Search contacts."""
    return Response.of(search(portal, request.json()))


def merge(portal: Portal, request: Request, _match: Match) -> Response:
    """Merge two contacts for good."""
    asked = request.json()
    merged = portal.merge(
        primary_id=str(asked.get("primaryObjectId", "")), loser_id=str(asked.get("objectIdToMerge", ""))
    )
    return Response.of(merged.shown(merged.properties))


def erase(portal: Portal, request: Request, _match: Match) -> Response:
    """Erase a contact for good."""
    asked = request.json()
    for contact in portal.find_many([str(asked.get("objectId", ""))], id_property=asked.get("idProperty")):
        portal.remove(contact)
    return Response(status=204)


def drop_secondary(portal: Portal, _request: Request, match: Match) -> Response:
    """Take a secondary e-mail address away from a contact."""
    portal.drop_secondary(match["id"], match["email"])
    return Response.of({"vid": match["id"]})


def properties(portal: Portal, _request: Request, _match: Match) -> Response:
    """List the properties."""
    return Response.of({"results": list(portal.properties.values())})


def one_property(portal: Portal, _request: Request, match: Match) -> Response:
    """Read one property."""
    found = portal.properties.get(match["name"])
    if found is None:
        raise not_found(f"property {match['name']}")
    return Response.of(found)


def define(portal: Portal, request: Request, _match: Match) -> Response:
    """Create a property."""
    return Response.of(portal.define(request.json()), status=201)


ADDRESSES: tuple[tuple[str, str, Callable[[Portal, Request, Match], Response]], ...] = (
    ("POST", "CONTACTS/batch/upsert", _batch("upsert", status=200)),
    ("POST", "CONTACTS/batch/update", _batch("update", status=200)),
    ("POST", "CONTACTS/batch/create", _batch("create", status=201)),
    ("POST", "CONTACTS/batch/read", read_batch),
    ("POST", "CONTACTS/batch/archive", archive_batch),
    ("POST", "CONTACTS/search", find),
    ("POST", "CONTACTS/merge", merge),
    ("POST", "CONTACTS/gdpr-delete", erase),
    ("POST", "CONTACTS", create),
    ("GET", "CONTACTS", page),
    ("GET", "CONTACTS/(?P<id>[^/]+)", read),
    ("PATCH", "CONTACTS/(?P<id>[^/]+)", update),
    ("DELETE", "CONTACTS/(?P<id>[^/]+)", archive),
    ("DELETE", r"/contacts/v1/secondary-email/(?P<id>\d+)/email/(?P<email>[^/]+)", drop_secondary),
    ("GET", "PROPERTIES", properties),
    ("GET", "PROPERTIES/(?P<name>[^/]+)", one_property),
    ("POST", "PROPERTIES", define),
)
