"""drain, status and replay, on real deliveries."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from capture import services
from capture.models import InboundEvent, Signal
from identity.models import Lead, Resolution
from leadhub.kernel import breaker, clock, work
from leadhub.kernel.models import Work
from routing.models import Assignment, Decision
from routing.services import add_owner

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api() -> services.Opened:
    add_owner(name="Ada", email="ada@desk.example", territories=["*"])
    return services.add_source(slug="shop", adapter="json_api", by="test", now=clock.now())


def deliver(opened: services.Opened, *contents: object) -> None:
    for content in contents:
        body = content if isinstance(content, str) else json.dumps(content)
        bearer = {"Authorization": f"Bearer {opened.secret}"}
        assert Client().post("/in/shop/", body, content_type="application/json", headers=bearer).status_code == 202


def run(*command: str, **options: Any) -> str:
    out = StringIO()
    call_command(*command, stdout=out, **options)
    return out.getvalue()


def test_drain_works_everything_to_its_end(api: services.Opened) -> None:
    deliver(api, {"email": "one@example.com"}, {"email": "two@example.com"}, "{broken")
    assert run("drain") == "Nothing is due. 0 planned for later, 1 set aside for a person.\n"
    assert Lead.objects.count() == Assignment.objects.count() == 2


def test_drain_says_what_stands_in_the_way() -> None:
    work.put(stage="push:away", subjects=[uuid4()], now=clock.now())
    breaker.refuse(name="crm:away", because="The token is refused.", now=clock.now())
    with pytest.raises(CommandError, match=r"1 rows are due .* crm:away is open.*The token is refused"):
        run("drain")


def test_status_counts_per_stage_and_tells_the_reasons(api: services.Opened) -> None:
    deliver(api, {"email": "one@example.com"}, "{broken")
    assert json.loads(run("status", "--json"))["stages"][0]["due"] == 2
    run("drain")
    said = json.loads(run("status", "--json"))
    assert [(row["stage"], row["due"], row["quarantined"]) for row in said["stages"]] == [("normalise", 0, 1)]
    assert "not JSON" in said["quarantine"][0]["reason"]
    assert "not JSON" in run("status")


def test_status_says_when_there_is_nothing_to_do() -> None:
    assert run("status") == "Nothing to do: every accepted delivery is worked to its end.\n"


def everything() -> list[list[dict[str, Any]]]:
    tables: tuple[Any, ...] = (Lead, Signal, Resolution, Decision, Assignment, Lead.history.model)
    return [list(table._default_manager.order_by("pk").values()) for table in tables]


def test_replaying_the_whole_log_changes_nothing(api: services.Opened) -> None:
    deliver(api, {"email": "one@example.com", "phone": "+12125550142"}, {"phone": "+12125550142", "name": "Ada Byron"})
    run("drain")
    before = everything()
    assert run("replay", "--all").startswith("2 events")
    run("drain")
    assert everything() == before


def test_a_replay_can_be_narrowed_and_waits_behind_what_is_live(api: services.Opened) -> None:
    deliver(api, {"email": "one@example.com"}, {"email": "two@example.com"})
    run("drain")
    event = InboundEvent.objects.order_by("id").first()
    assert event is not None
    run("replay", str(event.pk))
    assert list(Work.objects.values_list("subject", "lane")) == [(event.pk, work.BACKFILL)]
    later = (clock.now() + timedelta(hours=1)).isoformat()
    assert run("replay", "--source", "shop", "--since", later).startswith("0 events")


@pytest.mark.parametrize(
    ("asked", "told"), [([], "Say which events"), (["--source", "nowhere"], "no source 'nowhere'")]
)
def test_a_replay_without_a_choice_is_refused(asked: list[str], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        run("replay", *asked)
