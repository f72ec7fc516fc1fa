"""What capture does: read deliveries into signals, let held ones through, open and close doors."""

import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from capture import doors, intake
from capture.channels import registry
from capture.channels.base import Secret
from capture.channels.bridge.json_api import adapter as json_api
from capture.log import STAGE
from capture.models import InboundEvent, Release, Signal, Source
from leadhub.kernel import history, work
from leadhub.kernel.errors import Permanent
from leadhub.kernel.work import Batch, Job

NEXT_STAGE = "resolve"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A door that was opened or got a new secret. `secret` is shown this once; empty when there is none to show."""

    source: Source
    url: str
    secret: str = ""


def normalise(*, batch: Batch, now: datetime) -> None:
    """Read the batch's events into signals, and put the work of resolving them, in one transaction."""
    with transaction.atomic():
        events = _events(batch)
        released = _released(events)
        signals: list[tuple[Job, Signal]] = []
        aside: list[tuple[Job, str]] = []
        for job in batch.jobs:
            made, because = _read(events.get(job.subject), released, now)
            signals += [(job, signal) for signal in made]
            if because:
                aside.append((job, because))
        _store(signals, now)
        for job, because in aside:
            batch.quarantine(job, reason=because)
        set_aside = {job.id for job, _ in aside}
        batch.finish([job for job in batch.jobs if job.id not in set_aside])


def _events(batch: Batch) -> dict[UUID, InboundEvent]:
    found = InboundEvent.objects.filter(pk__in=batch.subjects).select_related("source")
    return {event.pk: event for event in found}


def _released(events: Mapping[UUID, InboundEvent]) -> frozenset[UUID]:
    suspects = [event.pk for event in events.values() if event.spam or event.variant_of]
    if not suspects:
        return frozenset()
    return frozenset(Release.objects.filter(pk__in=suspects).values_list("pk", flat=True))


def _read(event: InboundEvent | None, released: frozenset[UUID], now: datetime) -> tuple[list[Signal], str]:
    """Give the event's signals, or why a person must look."""
    if event is None:
        return [], "There is no such event in the log."
    if not event.wrapped_key:
        return [], ""  # erased: there is nothing left to read, and nothing to do
    because = intake.held(event, released=event.pk in released)
    if because:
        return [], because
    try:
        return intake.signals_of(event, now=now), ""
    except Permanent as unreadable:
        return [], str(unreadable)


def _store(signals: list[tuple[Job, Signal]], now: datetime) -> None:
    Signal.objects.bulk_create([signal for _, signal in signals], ignore_conflicts=True)
    for lane in sorted({job.lane for job, _ in signals}):
        subjects = [signal.pk for job, signal in signals if job.lane == lane]
        work.put(stage=NEXT_STAGE, subjects=subjects, now=now, lane=lane)


def release(*, event_id: UUID, by: str, because: str, now: datetime) -> Release:
    """Let an event that was held as spam through: a person says that a person sent it."""
    with transaction.atomic():
        made, _ = Release.objects.get_or_create(
            event_id=event_id, defaults={"by": by[:100], "because": because[:300], "released_at": now}
        )
        work.put(stage=STAGE, subjects=[event_id], now=now)
    return made


def add_source(
    *,
    slug: str,
    adapter: str,
    by: str,
    now: datetime,
    name: str = "",
    region: str = "US",
    secret: str = "",
    options: Mapping[str, str] | None = None,
    trust: int = 50,
    consent_text_version: str = "",
) -> Opened:
    """Open a door. Raises Permanent with a sentence when the adapter is unknown or its secret is missing."""
    kept, shown = _make_secret(slug, adapter, secret)
    source = Source(
        slug=slug,
        adapter=adapter,
        name=name,
        region=region.upper(),
        trust=trust,
        options=dict(options or {}),
        secrets=[kept],
        consent_text_version=consent_text_version,
    )
    source.full_clean()
    with transaction.atomic():
        source.save_without_historical_record()  # type: ignore[attr-defined]
        _record(source, by, "opened", now, new=True)
    return Opened(source=source, url=doors.url_of(slug), secret=shown)


def rotate_secret(*, slug: str, by: str, now: datetime, secret: str = "", keep_old: bool = True) -> Opened:
    """Give a door a new secret; the one before stays good until the next rotation unless `keep_old` is false."""
    with transaction.atomic():
        source = _locked(slug)
        kept, shown = _make_secret(slug, source.adapter, secret)
        source.secrets = [kept, *source.secrets[:1]] if keep_old else [kept]
        _record(source, by, "secret rotated" if keep_old else "secret replaced", now)
    return Opened(source=source, url=doors.url_of(slug), secret=shown)


def disable_source(*, slug: str, by: str, now: datetime) -> Source:
    """Close a door: within two seconds every process answers 404."""
    return _switch(slug, enabled=False, by=by, now=now)


def enable_source(*, slug: str, by: str, now: datetime) -> Source:
    """Open a closed door again."""
    return _switch(slug, enabled=True, by=by, now=now)


def _switch(slug: str, *, enabled: bool, by: str, now: datetime) -> Source:
    with transaction.atomic():
        source = _locked(slug)
        source.enabled = enabled
        _record(source, by, "enabled" if enabled else "disabled", now)
    return source


def _locked(slug: str) -> Source:
    source = Source.objects.select_for_update().filter(slug=slug).first()
    if source is None:
        raise Permanent(f"there is no source {slug!r}: `manage.py source list` shows them")
    return source


def _record(source: Source, by: str, reason: str, now: datetime, *, new: bool = False) -> None:
    history.write(
        [source],
        causes={source.pk: history.Cause(actor=by, reason=reason)},
        new=frozenset({source.pk}) if new else frozenset(),
        now=now,
    )
    doors.forget()
    transaction.on_commit(doors.forget)  # again: a request may have looked it up before the commit


def _make_secret(slug: str, adapter: str, given: str) -> tuple[dict[str, str], str]:
    """Give what is kept of the secret, and what is shown of it once."""
    kind = registry.adapter(adapter).secret
    given = given.strip()
    if kind is Secret.PASTED:
        if not given:
            raise Permanent(f"a {adapter} source needs its provider's secret: pass --secret")
        return doors.sealed(slug, given), ""
    if given:
        raise Permanent(f"LeadHub makes the secret of a {adapter} source itself: leave --secret out")
    made = "lhk_" + randomness.token_urlsafe(32)
    if kind is Secret.KEY:
        return {"digest": json_api.digest(made), "prefix": made[:8]}, made
    return doors.sealed(slug, made), ""
