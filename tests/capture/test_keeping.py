"""The log keeps its content: the database itself refuses changes, on both databases."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from capture import guards, log
from capture.models import InboundEvent, Signal
from leadhub.kernel import triggers
from leadhub.kernel.errors import Permanent
from tests.capture.senders import Program
from tests.capture.work import drain

EVENT_CHANGES = {
    "delivery_key": "other", "digest": b"x" * 32, "headers": {"a": "b"}, "content_type": "text/plain", "opt": "in",
    "verdict": "other", "spam": "no", "size": 1, "key_id": "k", "body_mac": b"", "exact": True, "wrapped_key": b"x",
    "sealed_body": b"", "traceparent": "", "opt_point": b"y" * 32,
}  # fmt: skip


def refused(change: Callable[[], object]) -> bool:
    try:
        with transaction.atomic():
            change()
    except IntegrityError as error:
        return "keeps its content" in str(error)
    return False


@pytest.fixture
def event(program: Program) -> InboundEvent:
    program.post({"email": "ann@example.com"}, traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    drain()
    return InboundEvent.objects.select_related("source").get()


@pytest.mark.parametrize("field", EVENT_CHANGES)
def test_no_content_of_an_event_can_be_changed(event: InboundEvent, field: str) -> None:
    assert refused(lambda: InboundEvent.objects.filter(pk=event.pk).update(**{field: EVENT_CHANGES[field]}))


@pytest.mark.parametrize(
    "change", [{"facts": {}}, {"text": "x"}, {"kind": "call"}, {"tie": "0"}, {"trust": 1}, {"contact_digests": []}]
)
def test_no_content_of_a_signal_can_be_changed(event: InboundEvent, change: dict[str, object]) -> None:
    assert refused(lambda: Signal.objects.filter(event=event).update(**change))


@pytest.mark.parametrize("table", ["capture_signal", "capture_inboundevent"])
def test_no_row_can_be_deleted(event: InboundEvent, table: str) -> None:
    assert refused(lambda: connection.cursor().execute(f"DELETE FROM {table}"))


def test_erasing_destroys_the_content_and_keeps_id_times_and_digest(event: InboundEvent) -> None:
    assert InboundEvent.objects.filter(pk=event.pk).update(wrapped_key=b"", sealed_body=b"") == 1
    erased = InboundEvent.objects.select_related("source").get()
    assert (erased.pk, bytes(erased.digest), erased.received_at) == (event.pk, bytes(event.digest), event.received_at)
    with pytest.raises(Permanent, match="erased"):
        log.open_body(erased)


def test_erasing_a_signal_empties_all_that_is_personal_at_once(event: InboundEvent) -> None:
    emptied = {"facts": {}, "text": "", "attributes": {}, "consents": [], "contact_digests": [], "quality": {}}
    assert Signal.objects.filter(event=event).update(**emptied) == 1


def test_a_change_that_changes_nothing_is_let_through(event: InboundEvent) -> None:
    assert InboundEvent.objects.filter(pk=event.pk).update(verdict=event.verdict) == 1


@pytest.mark.parametrize(("guard", "model"), [(guards.EVENT, InboundEvent), (guards.SIGNAL, Signal)])
def test_the_guards_know_every_column(guard: triggers.Guard, model: type[InboundEvent] | type[Signal]) -> None:
    assert guard.table == model._meta.db_table
    assert guard.columns == {field.column for field in model._meta.concrete_fields}


def test_a_lost_trigger_is_noticed_and_put_back(db: None) -> None:
    assert triggers.missing() == []
    triggers.drop(guards.SIGNAL, connection)
    assert triggers.missing() == ["capture_signal"]
    triggers.ensure()
    assert triggers.missing() == []


def test_a_sealed_body_does_not_open_under_another_id(event: InboundEvent) -> None:
    event.id = Signal.objects.get().id
    with pytest.raises(Permanent, match="changed or moved"):
        log.open_body(event)
