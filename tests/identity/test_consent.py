"""Promise 6 of the design on random histories: nobody who said STOP after their last own grant is contactable."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from uuid import UUID, uuid5

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.models import InboundEvent, Signal
from identity import consent, services
from identity.evidence import Shown
from identity.models import Lead, Merge
from identity.selectors import snapshots
from leadhub.kernel import clock, crypto, work
from tests.identity.signals import START, resolve, source

pytestmark = pytest.mark.django_db

PHONES = [f"+1415555010{n}" for n in range(3)]
OWN = ["web_box", "sms_keyword", "double_opt_in"]
OTHERS = ["import", "api", "crm"]


@dataclass(frozen=True)
class Act:
    """Something that happens about one number: grant, stop, seen (a STOP only the door saw), merge, unmerge."""

    what: str
    phone: str
    minute: int
    basis: str = "sms_keyword"
    number: int = 0

    @property
    def at(self) -> datetime:
        return START + timedelta(minutes=self.minute)


acts = st.one_of(
    st.builds(Act, st.just("grant"), st.sampled_from(PHONES), st.integers(0, 9), st.sampled_from([*OWN, *OTHERS])),
    st.builds(Act, st.sampled_from(["stop", "seen"]), st.sampled_from(PHONES), st.integers(0, 9)),
    st.builds(Act, st.sampled_from(["merge", "unmerge"]), st.sampled_from(PHONES), st.integers(0, 9)),
)
histories = st.lists(acts, min_size=1, max_size=12).map(
    lambda found: [Act(a.what, a.phone, a.minute, a.basis, number) for number, a in enumerate(found)]
)


class _Undo(Exception):
    pass


def event_of(act: Act) -> UUID:
    """Append what the door stores; a STOP with its mark."""
    event_id = uuid5(UUID(int=8), repr(act))
    sealed = crypto.ring().seal(b"x", bound_to=event_id.bytes)
    out = act.what in ("stop", "seen")
    InboundEvent.objects.bulk_create(
        [
            InboundEvent(
                id=event_id, source=source(), delivery_key=str(event_id), digest=crypto.digest("event", str(event_id)),
                received_at=act.at, size=1, key_id=sealed.key_id, wrapped_key=sealed.wrapped, verdict="test",
                sealed_body=sealed.ciphertext, body_mac=sealed.mac, opt="out" if out else "",
                opt_channel="sms" if out else "", opt_point=crypto.digest("phone", act.phone) if out else None,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return event_id


def signal_of(act: Act, event_id: UUID) -> Signal:
    """Store what is read from the delivery."""
    state = "granted" if act.what == "grant" else "withdrawn"
    claim = {
        "point_kind": "phone", "point": act.phone, "channel": "sms", "purpose": "marketing", "state": state,
        "basis": act.basis, "text": "",
    }  # fmt: skip
    phone = {"phone": {"value": act.phone, "raw": act.phone, "confidence": 0.9}}
    signal = Signal(
        id=uuid5(event_id, "0"), event_id=event_id, source=source(), part=0, channel="sms", facts=phone,
        kind="consent" if act.what == "stop" else "lead", occurred_at=act.at, consents=[claim], trust=50,
        tie=crypto.digest("tie", str(event_id)).hex(), normaliser=1, created_at=clock.now(),
    )  # fmt: skip
    Signal.objects.bulk_create([signal], ignore_conflicts=True)
    return signal


def happen(act: Act) -> None:
    """Let it happen; a merge or an undo of what is there now, if anything is."""
    if act.what == "merge":
        leads = list(Lead.objects.filter(state="active").order_by("pk").values_list("pk", flat=True))
        if len(leads) > 1:
            keep, absorb = leads[act.minute % len(leads)], leads[(act.minute + 1) % len(leads)]
            services.merge(keep=keep, absorb=absorb, by="ann", because="test", now=clock.now())
    elif act.what == "unmerge":
        merge = Merge.objects.filter(undone_at=None).order_by("pk").first()
        if merge:
            services.unmerge(merge_id=merge.pk, by="ann", because="test", now=clock.now())
    else:
        event_id = event_of(act)
        if act.what != "seen":
            work.put(stage="resolve", subjects=[signal_of(act, event_id).pk], now=clock.now())


def lived(order: Sequence[Act], size: int) -> tuple[dict[str, bool], set[str]]:
    """Let a history happen in this order. Gives who may be texted, and which numbers are stopped; leaves nothing."""
    with suppress(_Undo), transaction.atomic():
        for turn, act in zip(count(1), order, strict=False):
            happen(act)
            if turn % size == 0:
                resolve()
        resolve()
        allowed = {phone: may(phone) for phone in PHONES}
        out = {phone for phone in PHONES if stopped(phone)}
        every_lead_carries_the_marks_of_its_numbers(out)
        raise _Undo
    return allowed, out


def may(phone: str) -> bool:
    return consent.may_contact(point_kind="phone", point=phone, channel="sms", purpose="marketing")


def every_lead_carries_the_marks_of_its_numbers(out: set[str]) -> None:
    digests = {crypto.digest("phone", phone): phone for phone in PHONES}
    active = list(Lead.objects.filter(state="active").values_list("pk", flat=True))
    points = consent.points_of(active)
    for lead_id, lead in snapshots(lead_ids=active).items():
        mine = {digests[bytes(digest)] for digest in points.get(lead_id, {})}
        assert ("sms" in lead.opted_out) == bool(mine & out)


def stopped(phone: str) -> bool:
    digest = crypto.digest("phone", phone)
    return "sms" in consent.opted_out(points={digest: "phone"}).get(digest, set())


def expected(history: Sequence[Act]) -> dict[str, bool]:
    """Say who may be texted, by the words of the promise alone."""
    result = {}
    for phone in PHONES:
        stops = [a.minute for a in history if a.phone == phone and a.what in ("stop", "seen")]
        grants = [a for a in history if a.phone == phone and a.what == "grant"]
        own = [a.minute for a in grants if a.basis in OWN]
        result[phone] = max(own, default=-1) > max(stops) if stops else bool(grants)
    return result


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories, st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_stop_outlasts_everything_but_a_later_own_grant_in_any_order(
    history: list[Act], random: Random, size: int
) -> None:
    shuffled = [*history, *random.sample(history, k=random.randint(0, len(history)))]
    random.shuffle(shuffled)
    wanted = expected(history)
    out = {a.phone for a in history if a.what in ("stop", "seen") and not wanted[a.phone]}
    assert lived(history, len(history)) == (wanted, out)
    assert lived(shuffled, size) == (wanted, out)


def test_a_statement_about_a_number_takes_the_lock_on_it() -> None:
    stop = Act("stop", PHONES[0], 1)
    shown = Shown(signal_of(stop, event_of(stop)))
    assert crypto.digest("phone", PHONES[0]) in services.lock_digests(shown=shown)


@pytest.mark.parametrize(
    ("point_kind", "spellings"),
    [("email", ["ann.lee@gmail.com", "AnnLee@gmail.com", "ann.lee+shop@GMAIL.com"])],
)
def test_all_spellings_of_a_mailbox_are_one_contact_point(point_kind: str, spellings: list[str]) -> None:
    assert len({consent.digest_of(point_kind=point_kind, point=one) for one in spellings}) == 1
