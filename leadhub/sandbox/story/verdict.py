"""Compare what became of the deliveries with the truth of the script."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
from django.db.models import Min

from capture.contracts import Consent
from capture.models import InboundEvent, Signal
from crm_sync.contracts import Outcome
from crm_sync.models import PushAttempt
from identity.keys import strong
from identity.models import ConsentEntry, Merge, MergeReview, Resolution
from leadhub.kernel.models import Work
from leadhub.sandbox.story.performance import Sent
from leadhub.sandbox.story.scenery import Stage
from leadhub.sandbox.story.script import Truth
from routing.models import Assignment


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that must be true, as found and as it should be."""

    name: str
    found: object
    expected: object
    note: str = ""

    @property
    def right(self) -> bool:
        """Tell whether it is as it should be."""
        return self.found == self.expected


@dataclass(frozen=True, kw_only=True)
class Found:
    """What this run left behind, read back from the database and the CRM."""

    events: int
    leads: Mapping[UUID, tuple[str, ...]]
    merges: int
    reviews: int
    reasons: Counter[str]
    stops: int
    owned: int
    contacts: list[dict[str, str]]
    waits: list[float]


def check(truth: Truth, sent: Sent, found: Found) -> list[Check]:
    """List everything that is promised, with what was found."""
    refused = Counter(answered.status for _, answered in sent.answers if not answered.accepted)
    wrong = sent.unexpected()
    reachable = {str(lead) for lead, points in found.leads.items() if points}
    in_crm = Counter(contact.get("leadhub_id", "") for contact in found.contacts)
    opted_out = sum(contact.get("leadhub_sms_opt_out") == "true" for contact in found.contacts)
    return [
        Check(name="answers that were not as promised", found=len(wrong), expected=0, note="; ".join(wrong[:2])),
        Check(name="refused, by status", found=_sorted(refused), expected=_sorted(truth.refused)),
        Check(name="duplicates recognised", found=sent.repeats, expected=truth.repeats),
        Check(name="events stored", found=found.events, expected=sent.accepted - truth.repeats),
        Check(name="leads", found=len(found.leads), expected=len(truth.leads)),
        Check(name="leads mixed up or torn apart", found=_mixed_up(truth, found), expected=0),
        Check(name="leads with an owner", found=found.owned, expected=len(truth.leads)),
        Check(name="merges", found=found.merges, expected=truth.merges),
        Check(name="reviews for a person", found=found.reviews, expected=truth.reviews),
        Check(name="quarantined with a reason", found=found.reasons.total(), expected=truth.quarantined),
        Check(name="numbers that said STOP", found=found.stops, expected=len(truth.stops)),
        Check(name="CRM records", found=len(found.contacts), expected=sum(bool(points) for points in truth.leads)),
        Check(name="doubled or missing in the CRM", found=_crm_faults(reachable, in_crm), expected=0),
        Check(name="opted out in the CRM", found=opted_out, expected=sum(p.stopped for p in truth.people)),
    ]


def _sorted(counted: Counter[int]) -> dict[int, int]:
    return dict(sorted(counted.items()))


def _mixed_up(truth: Truth, found: Found) -> int:
    expected, there = Counter(truth.leads), Counter(found.leads.values())
    return (expected - there).total() + (there - expected).total()


def _crm_faults(reachable: set[str], in_crm: Counter[str]) -> int:
    return sum(in_crm[lead] != 1 for lead in reachable | set(in_crm))


def read(*, stage: Stage, crm_url: str) -> Found:
    """Read back what became of this run's deliveries."""
    events = InboundEvent.objects.filter(source__slug__in=stage.slugs.values())
    leads = _leads(stage)
    merges = Merge.objects.filter(undone_at=None, survivor__in=leads)
    absorbed = set(merges.values_list("absorbed_id", flat=True))
    subjects = {*events.values_list("pk", flat=True), *leads, *absorbed}
    subjects |= set(Signal.objects.filter(event__in=events).values_list("pk", flat=True))
    return Found(
        events=events.count(),
        leads=leads,
        merges=len(absorbed),
        reviews=MergeReview.objects.filter(state=MergeReview.State.OPEN, left__in=leads).count(),
        reasons=_reasons(subjects),
        stops=_stops(stage),
        owned=Assignment.objects.filter(lead__in=leads, ended_at=None).count(),
        contacts=_contacts(crm_url, {str(lead) for lead in {*leads, *absorbed}}),
        waits=_waits(stage),
    )


def _leads(stage: Stage) -> dict[UUID, tuple[str, ...]]:
    """Give the contact points of every lead, as its signals show them."""
    rows = Resolution.objects.filter(signal__source__slug__in=stage.slugs.values(), profile__isnull=False)
    points: dict[UUID, set[str]] = defaultdict(set)
    for root, facts in rows.values_list("profile__root_id", "signal__facts"):
        points[root] |= {value for kind, value in strong(facts) if kind in ("phone", "email")}
    return {lead: tuple(sorted(found)) for lead, found in points.items()}


def _reasons(subjects: set[UUID]) -> Counter[str]:
    rows = Work.objects.filter(quarantined_at__isnull=False).values_list("subject", "reason")
    return Counter(reason for subject, reason in rows if subject in subjects)


def _stops(stage: Stage) -> int:
    rows = ConsentEntry.objects.filter(signal__source__slug__in=stage.slugs.values(), channel="sms")
    latest = {bytes(point): state for point, state in rows.order_by("occurred_at").values_list("point", "state")}
    return sum(state == Consent.WITHDRAWN.value for state in latest.values())


def _contacts(crm_url: str, leads: set[str]) -> list[dict[str, str]]:
    with httpx2.Client(trust_env=False, timeout=10.0) as client:
        stats: dict[str, Any] = client.get(f"{crm_url}/__sandbox__/stats", params={"records": "1"}).json()
    shown = [record["properties"] for record in stats["records"]]
    return [contact for contact in shown if contact.get("leadhub_id") in leads]


def _waits(stage: Stage) -> list[float]:
    """Measure, per lead, the seconds from its first delivery at the door to the CRM's first answer."""
    slugs = stage.slugs.values()
    rows = Resolution.objects.filter(signal__source__slug__in=slugs, lead__isnull=False).order_by()
    came = dict(rows.values_list("lead").annotate(first=Min("signal__event__received_at")))
    written = (Outcome.CREATED.value, Outcome.UPDATED.value)
    attempts = PushAttempt.objects.filter(connection__slug=stage.connection, outcome__in=written).order_by()
    told = dict(attempts.values_list("lead").annotate(first=Min("at")))
    return sorted((told[lead] - at).total_seconds() for lead, at in came.items() if lead in told)
