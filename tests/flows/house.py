"""Everything between a provider and a CRM in one process: real doors, real stages, a real simulator over HTTP."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from random import Random
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import time_machine
from django.core.management import call_command

from capture import services as capture
from capture.models import InboundEvent
from crm_sync.models import Connection
from identity import consent
from identity.models import Lead
from leadhub import pipeline
from leadhub.celery import app
from leadhub.kernel import clock
from leadhub.kernel.models import Work
from tests.capture.senders import Knocker, Program, Twilio
from tests.crm_sync.conftest import Sandbox

TOKEN = "house-auth-token"
FORM = "application/x-www-form-urlencoded"
ROUNDS = 40


def at(moment: datetime | None) -> AbstractContextManager[object]:
    """Let something happen at a moment, or now."""
    return time_machine.travel(moment, tick=False) if moment else nullcontext()


@dataclass
class House:
    """One LeadHub with an SMS, a voice, an API and a form door, and a CRM."""

    connection: Connection
    sandbox: Sandbox
    sms: Twilio
    voice: Twilio
    api: Program
    ids: Random = field(default_factory=lambda: Random(1))

    @classmethod
    def open(cls, connection: Connection, sandbox: Sandbox) -> "House":
        now = clock.now()
        capture.add_source(slug="texts", adapter="twilio_sms", secret=TOKEN, by="test", now=now)
        capture.add_source(slug="calls", adapter="twilio_voice", secret=TOKEN, by="test", now=now)
        opened = capture.add_source(slug="shop", adapter="json_api", by="test", now=now)
        capture.add_source(slug="page", adapter="web_form", by="test", now=now, options={"token": "optional"})
        return cls(connection, sandbox, Twilio("texts", TOKEN), Twilio("calls", TOKEN), Program("shop", opened.secret))

    def text(self, sender: str, body: str, *, when: datetime | None = None, **more: str) -> UUID:
        """Deliver a text message, signed; give its event."""
        sid = f"SM{self.ids.getrandbits(128):032x}"
        params = {"MessageSid": sid, "From": sender, "To": "+14155550199", "Body": body, "NumMedia": "0"}
        with at(when):
            return _event(self.sms.post(params | more))

    def blocked(self, receiver: str, *, when: datetime | None = None) -> UUID:
        """Deliver Twilio's report that this receiver has stopped us."""
        sid = f"SM{self.ids.getrandbits(128):032x}"
        params = {"MessageSid": sid, "From": "+14155550199", "To": receiver, "MessageStatus": "failed"}
        with at(when):
            return _event(self.sms.post({**params, "ErrorCode": "21610"}))

    def call(self, caller: str, *, sid: str, status: str = "ringing", **more: str) -> UUID:
        """Deliver one step of a call."""
        params = {"CallSid": sid, "Direction": "inbound", "CallStatus": status, "From": caller, "To": "+14155550199"}
        return _event(self.voice.post(params | more))

    def recorded(self, *, sid: str) -> UUID:
        """Deliver that a call was recorded; it does not say whose call."""
        params = {"CallSid": sid, "RecordingSid": "RE" + sid[2:], "RecordingStatus": "completed", "RecordingUrl": "x"}
        return _event(self.voice.post(params))

    def form(self, *, when: datetime | None = None, **filled: str) -> UUID:
        """Fill in the web form."""
        with at(when):
            answer: Any = Knocker().generic("POST", "/in/page/", urlencode(filled), FORM)
        return _event(answer)

    def submit(self, *, when: datetime | None = None, **content: object) -> UUID:
        """Deliver one submission over the JSON API."""
        with at(when):
            return _event(self.api.post(content, idempotency_key=str(uuid4())))

    def says(self, *, state: str, channel: str = "sms", **more: str) -> list[dict[str, str]]:
        """Give the consent part of a submission."""
        return [{"channel": channel, "state": state, **more}]

    def drain(self, *, but_push: bool = False) -> None:
        """Work everything that is due to its end; what waits for a moment is due now."""
        app.finalize(auto=True)
        app.autodiscover_tasks(force=True)
        for _ in range(ROUNDS):
            resting = Work.objects.filter(token=0)
            resting.filter(due_at__gt=clock.now()).update(due_at=clock.now())
            resting.filter(lease_until__gt=clock.now()).update(lease_until=clock.now())
            for stage in pipeline.STAGES[: 3 if but_push else 4]:
                app.tasks[stage.task].apply(kwargs={"size": stage.size}, throw=True)
            due = Work.objects.filter(due_at__isnull=False)
            if not (due.exclude(stage__startswith="push") if but_push else due).exists():
                return
        raise AssertionError(f"still due: {list(Work.objects.values_list('stage', 'reason'))}")

    def replay(self) -> None:
        """Put the whole log to be read again."""
        call_command("replay", "--all", stdout=StringIO())

    def made(self, *, when: datetime | None = None, **content: object) -> Lead:
        """Deliver a submission, work it, and give its lead."""
        event_id = self.submit(when=when, **content)
        self.drain()
        return self.lead(event_id)

    def lead(self, event_id: UUID) -> Lead:
        """Give the lead an event's person is today."""
        return Lead.objects.get(profiles__resolutions__signal__event_id=event_id)

    def flag(self, lead: Lead | UUID) -> str:
        """Give what the CRM holds about texting this lead."""
        return self.sandbox.record(lead).get("leadhub_sms_opt_out", "")


def may(phone: str, *, purpose: str = "marketing", channel: str = "sms") -> bool:
    """Ask whether a phone may be used."""
    return consent.may_contact(point_kind="phone", point=phone, channel=channel, purpose=purpose)


def rows(*tables: Any) -> dict[str, list[dict[str, Any]]]:
    """Give whole tables, to compare them."""
    return {table.__name__: list(table._default_manager.order_by("pk").values()) for table in tables}


def quarantined() -> Iterable[str]:
    """List why work was set aside."""
    return Work.objects.exclude(quarantined_at=None).values_list("reason", flat=True)


def _event(answer: Any) -> UUID:
    assert 200 <= answer.status_code < 400, (answer.status_code, answer.content)
    event = InboundEvent.objects.get(pk=answer["X-LeadHub-Event"])
    assert not event.spam, event.spam
    return event.pk
