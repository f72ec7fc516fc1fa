"""Decide who takes each lead, and write down why."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Min

from identity.selectors import snapshots
from leadhub.kernel import ids, work
from leadhub.kernel.errors import Permanent
from routing import desk
from routing.models import Assignment, Decision, FollowUp, Owner

STAGE = "decide"


def decide(*, batch: work.Batch, now: datetime) -> None:
    """Give every active lead of the batch an owner unless it has one, and pass all on to the CRMs.

    One transaction. Leads that nobody can take go on too: better a CRM that knows them than nobody.
    """
    with transaction.atomic():
        leads = snapshots(lead_ids=batch.subjects)
        active = [lead for lead in leads.values() if lead.state == "active" and not lead.test]
        waiting = desk.without_owner(active) if active else []
        if waiting:
            desk.deal(waiting, now=now)
        for lane, subjects in _by_lane(batch.jobs).items():
            work.fan_out(stage="push", subjects=subjects, now=now, lane=lane)
        batch.finish()


def add_owner(*, name: str, email: str, territories: Sequence[str], crm_id: str = "") -> Owner:
    """Add a person to the desk. They start level with the least loaded, or they would get every lead for weeks."""
    owner = Owner(name=name, email=email, territories=list(territories), crm_id=crm_id, assigned=fair_start())
    owner.full_clean()
    owner.save()
    return owner


def fair_start() -> int:
    """Give the count of leads that a new owner starts with."""
    return Owner.objects.filter(enabled=True).aggregate(least=Min("assigned"))["least"] or 0


def reconsider(*, now: datetime) -> int:
    """Decide again about leads that nobody could take; call it when owners change. Gives how many there are."""
    held = Assignment.objects.filter(ended_at=None).values("lead_id")
    waiting = Decision.objects.filter(rule=desk.RULE, lead__state="active").exclude(lead_id__in=held)
    subjects = list(waiting.order_by().values_list("lead_id", flat=True).distinct())
    if subjects:
        work.put(stage=STAGE, subjects=subjects, now=now, lane=work.BACKFILL)
    return len(subjects)


@transaction.atomic
def reassign(*, lead_id: UUID, owner_id: int, by: str, because: str, now: datetime) -> Assignment:
    """Give a lead to another owner because a person says so, and tell the CRMs."""
    owner = Owner.objects.select_for_update().filter(pk=owner_id, enabled=True).first()
    if owner is None:
        raise Permanent("This owner does not exist or is disabled: choose another.")
    Assignment.objects.filter(lead_id=lead_id, ended_at=None).update(ended_at=now)
    decision = Decision.objects.create(
        lead_id=lead_id,
        rule="manual",
        trigger=str(ids.new()),
        outcome={"verdict": "reassigned", "owner": owner.crm_name},
        because=[f"{by} gave it to {owner.name}: {because}"],
        tier=Decision.Tier.APPROVED,
        decided_at=now,
    )
    assignment = Assignment.objects.create(
        lead_id=lead_id, owner=owner, decision=decision, reason=because[:300], assigned_at=now
    )
    work.fan_out(stage="push", subjects=[lead_id], now=now)
    return assignment


def follow_up_done(*, decision_id: UUID, by: str, now: datetime) -> bool:
    """Mark a follow-up as done, once. False when it was done already."""
    return bool(FollowUp.objects.filter(pk=decision_id, done_at=None).update(done_at=now, done_by=by[:100]))


def _by_lane(jobs: Iterable[work.Job]) -> dict[int, list[UUID]]:
    lanes: dict[int, list[UUID]] = defaultdict(list)
    for job in jobs:
        lanes[job.lane].append(job.subject)
    return lanes
