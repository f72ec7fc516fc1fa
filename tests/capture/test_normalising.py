"""The first stage: batches of events become signals, in few statements, and bad ones stop nobody."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from capture import intake, services
from capture.models import InboundEvent, Signal
from leadhub.kernel import clock, ids, work
from leadhub.kernel.models import Work
from tests.capture.senders import Program, Twilio
from tests.capture.work import drain, reasons

COMMIT = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


def statements(program: Program, deliveries: int) -> int:
    for n in range(deliveries):
        program.post({"email": f"p{n}@example.com"}, idempotency_key=f"{deliveries}-{n}")
    batch = work.claim(stage="normalise", size=500)
    assert batch is not None
    with CaptureQueriesContext(connection) as queries:
        services.normalise(batch=batch, now=clock.now())
    return len([q for q in queries if not q["sql"].startswith(COMMIT)])


def test_a_larger_batch_costs_no_more_statements(program: Program) -> None:
    assert statements(program, 2) <= 5
    assert statements(program, 30) <= 5


def test_each_event_leaves_one_row_of_work_for_the_next_stage(program: Program) -> None:
    for n in range(3):
        program.post({"email": f"p{n}@example.com"})
    drain()
    stages = set(Work.objects.values_list("stage", flat=True))
    assert (stages, Work.objects.count()) == ({"resolve"}, 3)


def test_a_tie_break_is_the_same_however_often_and_in_whatever_order(program: Program, sms: Twilio) -> None:
    program.post({"email": "a@example.com"}, idempotency_key="k")
    event = InboundEvent.objects.get()
    again = InboundEvent(
        id=ids.new(), source=event.source, delivery_key=event.delivery_key, digest=event.digest, received_at=clock.now()
    )
    assert intake.tie(event, 0) == intake.tie(again, 0)
    assert intake.tie(event, 0) != intake.tie(event, 1)


def test_erased_events_are_done_without_a_word(program: Program) -> None:
    program.post({"email": "a@example.com"})
    InboundEvent.objects.update(wrapped_key=b"", sealed_body=b"")
    drain()
    assert not Work.objects.exists()
    assert not Signal.objects.exists()


def test_work_without_an_event_is_set_aside(db: None) -> None:
    work.put(stage="normalise", subjects=[ids.new()], now=clock.now())
    assert reasons() == ["There is no such event in the log."]
