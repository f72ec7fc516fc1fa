"""Questions about leads."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from capture.models import InboundEvent, Signal
from identity import consent
from identity.contracts import FieldView, LeadSnapshot, Lineage, TimelineEntry
from identity.models import ConsentEntry, FieldValue, Lead, Merge, MergeReview, Resolution

HOPS = 64
"""Merges a chain may have; a longer one cannot arise, because every merge points at a survivor of its time."""


def snapshots(*, lead_ids: Iterable[UUID]) -> Mapping[UUID, LeadSnapshot]:
    """Give the present state of leads by id, in a handful of queries; unknown ids are left out."""
    leads = list(Lead.objects.filter(pk__in=list(lead_ids)))
    finals = _finals({lead.merged_into_id for lead in leads if lead.merged_into_id})
    stopped = _opted_out([lead.pk for lead in leads if lead.state == Lead.State.ACTIVE])
    return {lead.pk: _snapshot(lead, finals, stopped.get(lead.pk, frozenset())) for lead in leads}


def _snapshot(lead: Lead, finals: Mapping[UUID, UUID], stopped: frozenset[str]) -> LeadSnapshot:
    return LeadSnapshot(
        lead_id=lead.pk,
        version=lead.version,
        state=lead.state,
        merged_into=finals.get(lead.merged_into_id) if lead.merged_into_id else None,
        fields={
            name: FieldView(value=held["value"], signal_id=_uuid(held["signal"]), at=_moment(held["at"]))
            for name, held in lead.provenance.items()
        },
        opted_out=stopped,
        first_touch=lead.first_touch,
        last_touch=lead.last_touch,
        created_at=lead.created_at,
    )


def _uuid(text: str) -> UUID | None:
    return UUID(text) if text else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _finals(starts: set[UUID]) -> dict[UUID, UUID]:
    """Follow merges to the end, all at once: as many queries as the longest chain has hops."""
    at = {start: start for start in starts}
    for _hop in range(HOPS):
        onward = dict(
            Lead.objects.filter(pk__in=set(at.values()), merged_into__isnull=False).values_list("pk", "merged_into_id")
        )
        if not onward:
            break
        at = {start: onward.get(current, current) for start, current in at.items()}
    return at


def follow(*, lead_id: UUID) -> UUID | None:
    """Give the lead this id stands for today: itself, or its final survivor. None when it never existed."""
    if not Lead.objects.filter(pk=lead_id).exists():
        return None
    return _finals({lead_id})[lead_id]


def _opted_out(lead_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    points = consent.points_of(lead_ids)
    every = {digest: kind for mine in points.values() for digest, kind in mine.items()}
    stopped = consent.opted_out(points=every) if every else {}
    return {
        lead_id: frozenset(channel for digest in mine for channel in stopped.get(digest, ()))
        for lead_id, mine in points.items()
    }


def timeline(*, lead_id: UUID, limit: int) -> list[TimelineEntry]:
    """List what happened to a lead, newest first: signals, consent, changes of its fields, merges."""
    entries = [*_signals(lead_id, limit), *_consents(lead_id, limit), *_changes(lead_id, limit), *_merges(lead_id)]
    entries.sort(key=lambda entry: (entry.at, entry.ref), reverse=True)
    return entries[:limit]


def _signals(lead_id: UUID, limit: int) -> Iterable[TimelineEntry]:
    rows = Signal.objects.filter(resolution__profile__root=lead_id).select_related("source", "resolution")
    for signal in rows.order_by("-occurred_at")[:limit]:
        yield TimelineEntry(
            at=signal.occurred_at,
            kind=signal.kind,
            title=f"{signal.get_kind_display().capitalize()} over {signal.channel} through {signal.source}",
            detail={
                "text": signal.text,
                "facts": {name: fact["value"] for name, fact in signal.facts.items()},
                "attributes": signal.attributes,
                "event": str(signal.event_id),
                "outcome": signal.resolution.outcome,
                "because": signal.resolution.because,
            },
            ref=str(signal.pk),
        )


def _consents(lead_id: UUID, limit: int) -> Iterable[TimelineEntry]:
    points = consent.points_of([lead_id]).get(lead_id, {})
    for entry in ConsentEntry.objects.filter(point__in=list(points)).order_by("-occurred_at")[:limit]:
        yield TimelineEntry(
            at=entry.occurred_at,
            kind="consent",
            title=f"{entry.purpose.capitalize()} over {entry.channel}: {entry.state}",
            detail={"basis": entry.basis, "text": entry.text, "signal": str(entry.signal_id)},
            ref=f"consent-{entry.pk}",
        )


def _changes(lead_id: UUID, limit: int) -> Iterable[TimelineEntry]:
    versions = list(Lead.history.filter(id=lead_id).order_by("-history_date", "-history_id")[: limit + 1])
    for newer, older in zip(versions, [*versions[1:], None], strict=True):
        if older is None and len(versions) > limit:
            continue
        changes = _diff(newer, older)
        if changes:
            yield TimelineEntry(
                at=newer.history_date,
                kind="change",
                title=", ".join(changes) + " changed" if older else "Lead created",
                detail={"changes": changes, "actor": newer.actor, "signal": str(newer.signal_id or ""),
                        "reason": newer.history_change_reason or "", "trace": newer.trace},
                ref=f"history-{newer.history_id}",
            )  # fmt: skip


def _diff(newer: Any, older: Any) -> dict[str, dict[str, str]]:
    fields = (*Lead.FIELDS, "state")
    before = {name: getattr(older, name) if older else "" for name in fields}
    return {
        name: {"before": before[name], "after": getattr(newer, name)}
        for name in fields
        if getattr(newer, name) != before[name]
    }


def _merges(lead_id: UUID) -> Iterable[TimelineEntry]:
    for merge in Merge.objects.filter(Q(survivor=lead_id) | Q(absorbed=lead_id)):
        detail: dict[str, object] = {
            "survivor": str(merge.survivor_id), "absorbed": str(merge.absorbed_id), "by": merge.by,
            "confirmed": merge.confirmed, "because": merge.because,
        }  # fmt: skip
        yield TimelineEntry(at=merge.merged_at, kind="merge", title="Merged", detail=detail, ref=str(merge.pk))
        if merge.undone_at:
            undone = {**detail, "by": merge.undone_by, "because": merge.undone_because}
            yield TimelineEntry(
                at=merge.undone_at, kind="unmerge", title="Merge undone", detail=undone, ref=f"{merge.pk}-undone"
            )


def lineage(*, lead_id: UUID, field: str) -> Lineage | None:
    """Explain one field: the value that survived and over which, the match decision, the signal, the raw bytes' digest.

    None when the lead has no such value.
    """
    lead = Lead.objects.filter(pk=lead_id).first()
    held = lead.provenance.get(field) if lead else None
    if not held:
        return None
    signal = Signal.objects.filter(pk=held["signal"]).select_related("source", "resolution").first()
    return Lineage(
        field=field,
        value=held["value"],
        raw=held["raw"],
        rank=held["rank"],
        survivors_over=tuple(_losers(lead_id, field, held["value"])),
        signal=_signal_view(signal),
        resolution=_resolution_view(signal),
        event=_event_view(signal),
    )


def _losers(lead_id: UUID, field: str, winner: str) -> Iterable[Mapping[str, object]]:
    rows = FieldValue.objects.filter(profile__root=lead_id, field=field).exclude(value=winner).order_by("-rank")[:20]
    for row in rows:
        yield {"value": row.value, "raw": row.raw, "rank": row.rank, "signal": str(row.signal_id or "")}


def _signal_view(signal: Signal | None) -> Mapping[str, object]:
    if signal is None:
        return {"erased": True}
    return {
        "id": str(signal.pk), "kind": signal.kind, "channel": signal.channel, "source": signal.source.slug,
        "occurred_at": signal.occurred_at, "time_doubtful": signal.time_doubtful, "normaliser": signal.normaliser,
        "quality": signal.quality,
    }  # fmt: skip


def _resolution_view(signal: Signal | None) -> Mapping[str, object]:
    resolution: Resolution | None = getattr(signal, "resolution", None)
    if resolution is None:
        return {}
    return {
        "outcome": resolution.outcome, "because": resolution.because, "ruleset": resolution.ruleset,
        "lead_then": str(resolution.lead_id or ""), "decided_at": resolution.decided_at,
    }  # fmt: skip


def _event_view(signal: Signal | None) -> Mapping[str, object]:
    event = InboundEvent.objects.filter(pk=signal.event_id).first() if signal else None
    if event is None:
        return {}
    return {
        "id": str(event.pk), "received_at": event.received_at, "delivery_key": event.delivery_key,
        "verdict": event.verdict, "size": event.size, "digest": bytes(event.digest).hex(),
        "body_mac": bytes(event.body_mac).hex(), "erased": not bytes(event.wrapped_key),
    }  # fmt: skip


def open_reviews(*, limit: int) -> list[MergeReview]:
    """List what waits for a person, oldest first."""
    rows = MergeReview.objects.filter(state=MergeReview.State.OPEN).select_related("left", "right")
    return list(rows.order_by("opened_at")[:limit])
