"""Judge a drill from the tables and from the CRM: was anything lost, was anything doubled?"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Count

from capture.models import InboundEvent, Signal
from identity.models import Lead, Resolution
from leadhub.kernel.models import Work
from tests.rig import Rig


def due() -> int:
    """Count the rows that are still to be done; quarantined ones are not."""
    return Work.objects.filter(due_at__isnull=False).count()


def quiet() -> bool:
    """Tell whether everything reached its end."""
    return due() == 0


def reach(rig: Rig, *, accepted: Iterable[str], people: Sequence[str]) -> dict[str, object]:
    """Compare what was accepted with what became of it, and people with leads with CRM records."""
    events = {UUID(event_id) for event_id in accepted}
    stored = set(InboundEvent.objects.filter(pk__in=events).values_list("pk", flat=True))
    decided = set(Resolution.objects.values_list("signal__event_id", flat=True))
    quarantined = set(Work.objects.exclude(quarantined_at=None).values_list("subject", flat=True))
    resting = quarantined | set(Signal.objects.filter(pk__in=quarantined).values_list("event_id", flat=True))
    lost = (events - stored) | (events - decided - resting)
    leads = Lead.objects.filter(state=Lead.State.ACTIVE, phone__in=people)
    extra_leads = sum(row["n"] - 1 for row in leads.values("phone").annotate(n=Count("id")).values("n"))
    stats = rig.crm_stats()
    doubles = stats["duplicates"]
    assert isinstance(doubles, dict)
    records = stats["contacts"]
    assert isinstance(records, int)
    reasons = sorted(set(Work.objects.exclude(quarantined_at=None).values_list("reason", flat=True)))
    return {
        "lost": len(lost),
        "doubled": extra_leads + sum(len(ids) - 1 for ids in doubles.values()) + max(0, records - leads.count()),
        "leads": leads.count(),
        "people": len(people),
        "crm_records": records,
        "quarantined": len(quarantined),
        "quarantine_reasons": reasons[:5],
        "missing_in_crm": max(0, leads.count() - records),
    }
