"""Project leads: put the surviving values, with provenance and touches, on the lead."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from capture.contracts import Kind
from identity import survivorship
from identity.evidence import Shown, stamp
from identity.models import FieldValue, Lead, Profile
from identity.survivorship import Held

WIDTHS = {f.name: f.max_length for f in Lead._meta.concrete_fields if f.name in Lead.FIELDS}


def values_of(shown: Shown) -> Iterable[tuple[str, Held]]:
    """Give the ranked values one signal brings."""
    signal = shown.signal
    at = stamp(signal.occurred_at)
    for field in Lead.FIELDS:
        fact: dict[str, Any] | None = signal.facts.get(field)
        if fact is None or not survivorship.projects(field, float(fact["confidence"])):
            continue
        value = str(fact["value"])
        yield (
            field,
            Held(
                value=value,
                raw=str(fact["raw"]),
                rank=survivorship.rank(
                    correction=signal.kind == Kind.EDIT.value,
                    confidence=float(fact["confidence"]),
                    at=at,
                    trust=signal.trust,
                    value=value,
                    tie=signal.tie,
                ),
                signal=str(signal.pk),
                at=at,
            ),
        )


def store(values: Mapping[int, Sequence[tuple[str, Held]]]) -> None:
    """Fold values into the profiles' aggregates: one read of the rows they meet, one write of those they change."""
    best: dict[tuple[int, str, bytes], Held] = {}
    for profile, held_values in values.items():
        for field, held in held_values:
            key = (profile, field, survivorship.short_digest(held.value))
            if key not in best or held.rank > best[key].rank:
                best[key] = held
    if not best:
        return
    digests = {digest for _profile, _field, digest in best}
    known = {
        (row["profile_id"], row["field"], bytes(row["digest"])): row["rank"]
        for row in FieldValue.objects.filter(profile__in=list(values), digest__in=list(digests)).values(
            "profile_id", "field", "digest", "rank"
        )
    }
    rows = [
        FieldValue(
            profile_id=key[0], field=key[1], digest=key[2], value=held.value, raw=held.raw, rank=held.rank,
            signal_id=UUID(held.signal), at=datetime.fromisoformat(held.at),
        )
        for key, held in sorted(best.items(), key=lambda item: item[0])
        if held.rank > known.get(key, "")
    ]  # fmt: skip
    FieldValue.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["profile", "field", "digest"],
        update_fields=["value", "raw", "rank", "signal", "at"],
    )


def in_full(lead_ids: Iterable[UUID]) -> dict[UUID, dict[str, dict[str, str]]]:
    """Fold everything the leads' profiles know. For leads that lost a profile; others are folded incrementally."""
    folded: dict[UUID, list[tuple[str, Held]]] = defaultdict(list)
    rows = FieldValue.objects.filter(profile__root__in=list(lead_ids)).select_related("profile")
    for row in rows:
        held = Held(value=row.value, raw=row.raw, rank=row.rank, signal=str(row.signal_id or ""), at=stamp(row.at))
        folded[row.profile.root_id].append((row.field, held))
    return {lead_id: survivorship.fold({}, folded[lead_id]) for lead_id in lead_ids}


def touches(profiles: Iterable[Profile]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give first and last touch over profiles."""
    known = list(profiles)
    return (
        survivorship.earliest(p.first_touch for p in known),
        survivorship.latest(p.last_touch for p in known),
    )


def apply(lead: Lead, provenance: Mapping[str, Mapping[str, str]]) -> tuple[bool, bool]:
    """Put the surviving values on the lead; tell whether any field changed, and whether any was better founded.

    The same value may come again from a later signal: nothing to show, but its rank must be kept.
    """
    changed = False
    for field in Lead.FIELDS:
        value = provenance.get(field, {}).get("value", "")[: WIDTHS[field]]
        if getattr(lead, field) != value:
            setattr(lead, field, value)
            changed = True
    founded = lead.provenance != provenance
    lead.provenance = {field: dict(held) for field, held in provenance.items()}
    return changed, founded
