"""The desk: deal leads out to the owners under one lock, and store the decisions of a batch in bulk."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from identity.contracts import LeadSnapshot
from routing.assign import Seat, choose
from routing.models import Assignment, Decision, FollowUp, Owner, Policy
from routing.policy import Rules, place_of, rules_from, territories_of

RULE = "owner"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One decision ready to be stored; `owner` is empty when nobody was found."""

    decision: Decision
    owner: Owner | None


def without_owner(leads: Sequence[LeadSnapshot]) -> list[LeadSnapshot]:
    """Leave out the leads that have an owner already."""
    have = Assignment.objects.filter(lead_id__in=[lead.lead_id for lead in leads], ended_at=None)
    assigned = set(have.values_list("lead_id", flat=True))
    return [lead for lead in leads if lead.lead_id not in assigned]


def deal(leads: Sequence[LeadSnapshot], *, now: datetime) -> None:
    """Decide about leads without an owner, in the caller's transaction."""
    # Locked in id order: taking turns is one at a time, and two workers never wait for each other in a circle.
    owners = list(Owner.objects.select_for_update().filter(enabled=True).order_by("id"))
    table = Table(owners=owners, rules=active_rules())
    # Read again under the lock: another worker may have dealt while we waited.
    held = _held([lead.lead_id for lead in leads])
    before = _triggers([lead.lead_id for lead in leads])
    verdicts = []
    for lead in sorted(leads, key=lambda one: one.lead_id):
        verdict = table.judge(lead, held=held[lead.lead_id], before=before[lead.lead_id], now=now)
        if verdict is not None:
            verdicts.append(verdict)
    _store(verdicts, rules=table.rules, now=now)
    table.save_turns()


def active_rules() -> Rules:
    """Give the rules that hold now."""
    stored = Policy.objects.filter(active=True).first()
    return rules_from(stored.rules, version=stored.version) if stored else Rules()


class Table:
    """The owners of one batch and the rules they are chosen by."""

    def __init__(self, *, owners: Sequence[Owner], rules: Rules) -> None:
        self.rules = rules
        self._owners = {owner.pk: owner for owner in owners}
        self._seats = [
            Seat(
                owner_id=owner.pk,
                name=owner.name,
                territories=frozenset(owner.territories),
                assigned=owner.assigned,
                last_assigned_at=owner.last_assigned_at,
            )
            for owner in owners
        ]

    def judge(
        self, lead: LeadSnapshot, *, held: Sequence[Assignment], before: frozenset[str], now: datetime
    ) -> Verdict | None:
        """Decide about one lead; None when it has an owner or was decided for the same reason before."""
        if any(one.lead_id == lead.lead_id for one in held):
            return None
        verdict = self._adopt(lead, held[0], now=now) if held else self._choose(lead, before=before, now=now)
        return None if verdict.decision.trigger in before else verdict

    def save_turns(self) -> None:
        """Write down who got how many."""
        changed = [self._turned(seat) for seat in self._seats if seat.taken]
        if changed:
            Owner.objects.bulk_update(changed, ["assigned", "last_assigned_at"])

    def _turned(self, seat: Seat) -> Owner:
        owner = self._owners[seat.owner_id]
        owner.assigned, owner.last_assigned_at = seat.assigned, seat.last_assigned_at
        return owner

    def _adopt(self, lead: LeadSnapshot, held: Assignment, *, now: datetime) -> Verdict:
        decision = self._decision(
            lead,
            trigger=f"merge:{held.lead_id}",
            outcome={"verdict": "adopted", "owner": held.owner.crm_name},
            because=[f"A lead merged into this one belongs to {held.owner.name}, so this one does too."],
            now=now,
        )
        return Verdict(decision=decision, owner=held.owner)

    def _choose(self, lead: LeadSnapshot, *, before: frozenset[str], now: datetime) -> Verdict:
        place = place_of(
            country=lead.value("country"), region=lead.value("region"), phone=lead.value("phone"), rules=self.rules
        )
        territories = territories_of(place, rules=self.rules)
        choice = choose(place=place, territories=territories, desk=self._seats)
        owner = self._owners[choice.seat.owner_id] if choice.seat else None
        if choice.seat:
            choice.seat.take(now=now)
        decision = self._decision(
            lead,
            trigger="new" if owner and not before else self._circumstances(territories),
            outcome={
                "verdict": "assigned" if owner else "unassigned",
                "owner": owner.crm_name if owner else "",
                "territory": choice.territory,
            },
            because=list(choice.because),
            now=now,
        )
        return Verdict(decision=decision, owner=owner)

    def _circumstances(self, territories: Sequence[str]) -> str:
        """Name the desk and the place: a decision that found nobody is repeated only when one of them changed."""
        said = self.rules.version, territories, [(seat.owner_id, sorted(seat.territories)) for seat in self._seats]
        return "desk:" + hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    def _decision(
        self, lead: LeadSnapshot, *, trigger: str, outcome: Mapping[str, str], because: list[str], now: datetime
    ) -> Decision:
        return Decision(
            lead_id=lead.lead_id,
            rule=RULE,
            trigger=trigger,
            policy=self.rules.version,
            outcome=outcome,
            because=because,
            decided_at=now,
        )


def _held(lead_ids: Sequence[UUID]) -> Mapping[UUID, list[Assignment]]:
    """Read the open assignments of the leads and of those merged into them, the oldest first."""
    found = Assignment.objects.filter(
        Q(lead_id__in=lead_ids) | Q(lead__merged_into_id__in=lead_ids), ended_at=None
    ).select_related("owner", "lead")
    by_lead: dict[UUID, list[Assignment]] = defaultdict(list)
    for one in found.order_by("assigned_at", "id"):
        by_lead[one.lead_id].append(one)
        if one.lead.merged_into_id:
            by_lead[one.lead.merged_into_id].append(one)
    return by_lead


def _triggers(lead_ids: Sequence[UUID]) -> Mapping[UUID, frozenset[str]]:
    rows = Decision.objects.filter(lead_id__in=lead_ids, rule=RULE).order_by().values_list("lead_id", "trigger")
    found: dict[UUID, set[str]] = defaultdict(set)
    for lead_id, trigger in rows:
        found[lead_id].add(trigger)
    return defaultdict(frozenset, {lead_id: frozenset(triggers) for lead_id, triggers in found.items()})


def _store(verdicts: Sequence[Verdict], *, rules: Rules, now: datetime) -> None:
    Decision.objects.bulk_create([verdict.decision for verdict in verdicts])
    given = [(verdict.decision, verdict.owner) for verdict in verdicts if verdict.owner]
    Assignment.objects.bulk_create(
        Assignment(
            lead_id=decision.lead_id,
            owner=owner,
            decision=decision,
            reason=" ".join(decision.because)[:300],
            assigned_at=now,
        )
        for decision, owner in given
    )
    if rules.follow_up_minutes:
        due_at = now + timedelta(minutes=rules.follow_up_minutes)
        FollowUp.objects.bulk_create(
            FollowUp(decision=decision, lead_id=decision.lead_id, owner=owner, due_at=due_at)
            for decision, owner in given
            if decision.outcome["verdict"] == "assigned"
        )
