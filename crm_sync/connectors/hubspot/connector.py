"""Speak HubSpot: our ops become batch inputs, its answers become one result per op."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from crm_sync.connectors.hubspot.client import Client
from crm_sync.connectors.hubspot.mapping import KEY, PROPERTIES, ROWS
from crm_sync.contracts import Capabilities, OpResult, Outcome, Problem, Remote, Row, SendInParts, UpsertOp
from leadhub.kernel.errors import Permanent
from leadhub.kernel.http import Answer

SPARE = "hs_additional_emails"
_EXISTING = re.compile(r"Existing ID: (\d+)")
_QUOTED = re.compile(r'Property "(\w+)"')


class HubSpot:
    """One HubSpot account."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        upsert_key="unique_property",
        reports_created=True,
        max_batch=100,
        batch_atomicity="per_item",
        conditional_write="none",
        clear_with="",
        unique_fields=("email",),
        merges=True,
        merge_keeps_loser=False,
        erases=True,
    )
    mapping: ClassVar[tuple[Row, ...]] = ROWS

    def __init__(self, *, base_url: str, token: str) -> None:
        self._client = Client(base_url=base_url, token=token)

    def preflight(self, *, fields: Collection[str]) -> list[Problem]:
        """Check the token and the properties; make our own where they are missing."""
        answer = self._client.properties()
        there = {one["name"]: one for one in answer.content.get("results", [])}
        problems = [found for name in fields if name not in there and (found := self._make(name))]
        if KEY in there and not there[KEY].get("hasUniqueValue"):
            hint = "Delete it in HubSpot (uniqueness cannot be added later) and check again: LeadHub makes it anew."
            problems.append(Problem(what=f"the property {KEY} is not unique", hint=hint))
        return problems

    def _make(self, name: str) -> Problem | None:
        if name not in PROPERTIES:
            return Problem(
                what=f"HubSpot has no contact property {name}", hint="Add it there, or leave it out of the mapping."
            )
        answer = self._client.create_property(PROPERTIES[name])
        if answer.ok or answer.status == HTTPStatus.CONFLICT:
            return None
        hint = "Give the private app the scope crm.schemas.contacts.write, or add the property by hand."
        return Problem(what=f"the property {name} could not be made: {answer.content.get('message', '')}", hint=hint)

    def upsert(self, ops: Sequence[UpsertOp]) -> list[OpResult]:
        """Write contacts by `leadhub_id`."""
        inputs = [_input(op) | {"idProperty": KEY, "id": op.key} for op in ops]
        return _results(ops, self._client.upsert(inputs))

    def adopt(self, ops: Sequence[UpsertOp]) -> list[OpResult]:
        """Write contacts by HubSpot's id and make them ours."""
        inputs = [_input(op, **{KEY: op.key}) | {"id": op.remote_id} for op in ops]
        return _results(ops, self._client.update(inputs))

    def read(self, keys: Sequence[str], *, fields: Collection[str]) -> Mapping[str, Remote]:
        """Read contacts by `leadhub_id`."""
        answer = self._client.read(keys, id_property=KEY, properties={*fields, KEY})
        return {one.key: one for one in _remotes(_readable(answer))}

    def find(self, remote_ids: Sequence[str], *, fields: Collection[str]) -> Mapping[str, Remote]:
        """Read contacts by HubSpot's ids."""
        answer = self._client.read(remote_ids, id_property="", properties={*fields, KEY, SPARE})
        return {one.id: one for one in _remotes(_readable(answer))}

    def locate(self, remote_id: str) -> Remote | None:
        """Read one contact; the id of a merged one gives its survivor."""
        answer = self._client.get(remote_id, properties={KEY})
        return _remote(answer.content) if answer.ok else None

    def merge(self, *, winner: str, loser: str) -> Remote | None:
        """Merge two contacts; HubSpot may give the result a new id."""
        answer = self._client.merge(primary=winner, loser=loser)
        return _remote(answer.content) if answer.ok else None

    def release(self, *, remote_id: str, value: str) -> None:
        """Take a secondary e-mail address away from a contact."""
        self._client.drop_spare_email(remote_id, value)

    def erase(self, *, remote_id: str) -> None:
        """Erase a contact (GDPR)."""
        answer = self._client.erase(remote_id)
        if not answer.ok and answer.status != HTTPStatus.NOT_FOUND:
            raise Permanent(f"HubSpot did not erase contact {remote_id}: {_message(answer.content)}")


def _input(op: UpsertOp, **more: str) -> dict[str, Any]:
    return {"objectWriteTraceId": op.trace_id, "properties": {**op.set, **dict.fromkeys(op.clear, ""), **more}}


def _results(ops: Sequence[UpsertOp], answer: Answer) -> list[OpResult]:
    if not answer.ok:
        if len(ops) > 1:
            raise SendInParts(_message(answer.content))
        return [_refusal(ops[0], answer.content, answer)]
    by_trace = {_trace(one): _written(one, answer) for one in answer.content.get("results", [])}
    by_key = {one["properties"].get(KEY): _written(one, answer) for one in answer.content.get("results", [])}
    refused = {_trace_of_error(one): one for one in answer.content.get("errors", [])}
    return [
        by_trace.get(op.trace_id) or by_key.get(op.key) or _refusal(op, refused.get(op.trace_id), answer) for op in ops
    ]


def _written(one: Mapping[str, Any], answer: Answer) -> OpResult:
    return OpResult(
        outcome=Outcome.CREATED if one.get("new") else Outcome.UPDATED,
        remote_id=str(one["id"]),
        version=one.get("updatedAt", ""),
        values={name: value for name, value in one["properties"].items() if value is not None},
        status=answer.status,
    )


def _refusal(op: UpsertOp, error: Mapping[str, Any] | None, answer: Answer) -> OpResult:
    if error is None:
        return OpResult(outcome=Outcome.UNKNOWN, status=answer.status, detail="HubSpot's answer does not mention it")
    said = _message(error)
    owner = _EXISTING.search(said)
    name = _field(error, said)
    outcome = Outcome.REJECTED
    if error.get("category") == "CONFLICT" or answer.status == HTTPStatus.CONFLICT:
        outcome, name = Outcome.OWNED, name or "email"
    elif error.get("category") == "OBJECT_NOT_FOUND" or answer.status == HTTPStatus.NOT_FOUND:
        outcome = Outcome.GONE
    return OpResult(
        outcome=outcome,
        field=name,
        owner=owner[1] if owner else "",
        status=answer.status,
        correlation=str(error.get("correlationId") or error.get("id") or ""),
        detail=said,
    )


def _field(error: Mapping[str, Any], said: str) -> str:
    named = _QUOTED.search(said)
    return _first(error.get("context", {}).get("propertyName")) or (named[1] if named else "")


def _trace(one: Mapping[str, Any]) -> str:
    return str(one.get("objectWriteTraceId", ""))


def _trace_of_error(error: Mapping[str, Any]) -> str:
    return _first(error.get("context", {}).get("objectWriteTraceId"))


def _first(value: Any) -> str:
    return str(value[0]) if isinstance(value, list) and value else str(value or "")


def _message(content: Any) -> str:
    return str(content.get("message", ""))[:500] if isinstance(content, dict) else ""


def _readable(answer: Answer) -> list[dict[str, Any]]:
    if not answer.ok:
        raise Permanent(f"HubSpot cannot read contacts: {_message(answer.content)}")
    results: list[dict[str, Any]] = answer.content.get("results", [])
    return results


def _remotes(results: Iterable[Mapping[str, Any]]) -> list[Remote]:
    return [_remote(one) for one in results]


def _remote(one: Mapping[str, Any]) -> Remote:
    values = {name: str(value) for name, value in one["properties"].items() if value}
    return Remote(
        id=str(one["id"]),
        key=values.get(KEY, ""),
        version=one.get("updatedAt", ""),
        values=values,
        spare_emails=tuple(filter(None, values.get(SPARE, "").split(";"))),
    )
