"""Questions about decisions and owners."""

from collections.abc import Iterable
from uuid import UUID

from routing.contracts import DecisionView
from routing.models import Assignment, Decision


def owners(lead_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Give the owner's id in the CRM, or e-mail address, by lead; leads without an owner are left out. One query."""
    held = Assignment.objects.filter(lead_id__in=list(lead_ids), ended_at=None).select_related("owner")
    return {one.lead_id: one.owner.crm_name for one in held}


def decisions_for(lead_id: UUID) -> list[DecisionView]:
    """List what was decided about a lead, newest first."""
    return [_view(decision) for decision in Decision.objects.filter(lead_id=lead_id).order_by("-decided_at", "-id")]


def _view(decision: Decision) -> DecisionView:
    return DecisionView(
        decision_id=decision.id,
        rule=decision.rule,
        trigger=decision.trigger,
        policy=decision.policy,
        verdict=decision.outcome.get("verdict", ""),
        owner=decision.outcome.get("owner", ""),
        outcome=decision.outcome,
        because=tuple(decision.because),
        tier=decision.tier,
        decided_at=decision.decided_at,
    )
