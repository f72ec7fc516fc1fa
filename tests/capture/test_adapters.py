"""What every adapter must keep to: a new one is under test as soon as its row is in the registry."""

from uuid import uuid4

import pytest

from capture.channels import registry
from capture.channels.base import Adapter, Refused, Unreadable
from capture.contracts import Delivery, Door
from leadhub.kernel import clock
from leadhub.kernel.errors import Permanent

RUBBISH = [b"", b"{", b"\xff\xfe", b"&&=&", b"[" * 5000, b'{"a": 1}', b"MessageSid=%ff", b"\0", b"a=" + b"%" * 999]
OWN_DESK = {"manual"}  # nothing reaches it from outside; it reads only what it wrote


def delivery(body: bytes, content_type: str) -> Delivery:
    return Delivery(
        method="POST", url="https://leads.example/in/x/", query="", headers={}, content_type=content_type, body=body,
        received_at=clock.now(),
    )  # fmt: skip


def said_of(adapter: Adapter, sent: Delivery, door: Door) -> str:
    """Give the sentence with which a delivery is refused; a delivery that is read needs none."""
    try:
        adapter.receive(sent, door)
        adapter.parse(sent, door)
    except Unreadable as unreadable:
        return str(unreadable)
    return "Read."


@pytest.mark.parametrize("name", registry.ADAPTERS)
def test_nothing_is_believed_without_proof(name: str) -> None:
    adapter = registry.adapter(name)
    door = Door(slug="x", secrets=("",))
    for content_type in adapter.content_types:
        if adapter.signed:
            with pytest.raises(Refused):
                adapter.verify(delivery(b"a=1", content_type), door)


@pytest.mark.parametrize("name", sorted(registry.ADAPTERS.keys() - OWN_DESK))
@pytest.mark.parametrize("body", RUBBISH)
def test_rubbish_is_filed_or_refused_with_a_sentence(name: str, body: bytes) -> None:
    adapter = registry.adapter(name)
    door = Door(slug="x", secrets=("s",))
    for content_type in adapter.content_types:
        sent = delivery(body, content_type)
        if adapter.signed:
            assert adapter.receive(sent, door) == adapter.receive(sent, door)
        assert said_of(adapter, sent, door).endswith(".")


@pytest.mark.parametrize("name", sorted(registry.ADAPTERS.keys() - OWN_DESK))
def test_a_duplicate_hears_what_the_first_heard(name: str) -> None:
    adapter = registry.adapter(name)
    event_id, door = uuid4(), Door(slug="x", secrets=("s",))
    for content_type in adapter.content_types - {"multipart/form-data"}:
        sent = delivery(b"a=1", content_type)
        first = adapter.answer(event_id=event_id, duplicate=False, delivery=sent, door=door)
        assert first == adapter.answer(event_id=event_id, duplicate=True, delivery=sent, door=door)


def test_an_unknown_adapter_is_named_with_the_known_ones() -> None:
    with pytest.raises(Permanent, match="choose one of"):
        registry.adapter("carrier_pigeon")
