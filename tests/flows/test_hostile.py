"""What strangers send, through all stages: it ends as a lead or with a sentence, never with a fault of ours."""

import re
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.channels.fields import CANONICAL
from capture.models import InboundEvent
from crm_sync import connections
from identity.models import Lead, Resolution
from leadhub.kernel.models import Work
from tests.api.world import boss, caller
from tests.capture.senders import Knocker
from tests.flows.house import FORM, House, quarantined

pytestmark = pytest.mark.django_db

FAULT = re.compile(r"^\w+(Error|Exception)\b|died \d+ times")
HOSTILE = [
    "👩‍👩‍👧 Zoë क्षि",
    "\u202eeeL nnA\u200b",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://evil.example","x")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "{0.__class__} ${jndi:ldap://x} {{7*7}} %(x)s",
    "Robert'); DROP TABLE identity_lead;--",
    "a\r\nSet-Cookie: x=1",
    "\x1b[31mred\x1b[0m",
    "x" * 5000,
]
TEXT = st.text(max_size=60) | st.sampled_from(HOSTILE)
PHONE = st.sampled_from(["+00000", "911", "1-900-555-0100", "+1 (415) 555-0132 ext. 9", "٠٤١٥٥٥٥٠١٣٢", "9" * 300, "+"])
VALUE = (
    TEXT | PHONE | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none() | st.lists(TEXT, max_size=2)
)
TIME = st.datetimes().map(str) | st.sampled_from(
    ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "now", "-1"]
)
TWILIO = ("From", "To", "Body", "ProfileName", "OptOutType", "MessageStatus", "ErrorCode", "NumMedia", "MessageSid")
VOICE = ("From", "To", "CallSid", "CallStatus", "Direction", "CallerName", "TranscriptionText", "TranscriptionData",
         "Final", "RecordingSid", "SequenceNumber")  # fmt: skip

rough = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


class _Undo(Exception):
    pass


@pytest.fixture
def nothing_stays(house: House) -> House:
    connections.disable(connection=house.connection)  # the CRM is another story
    return house


def ends_well(house: House) -> None:
    """Work everything; whatever is set aside says in a sentence why."""
    house.drain()
    reasons = list(quarantined())
    assert not [reason for reason in reasons if FAULT.search(reason) or not reason.endswith((".", ")"))], reasons
    decided = Resolution.objects.values("signal__event")
    aside = Work.objects.exclude(quarantined_at=None).values("subject")
    assert not InboundEvent.objects.exclude(pk__in=decided).exclude(pk__in=aside).filter(signals__isnull=False).exists()


@rough
@given(
    content=st.dictionaries(st.sampled_from(sorted(CANONICAL)) | TEXT, VALUE, max_size=8),
    when=st.none() | TIME,
    consent=st.none() | st.lists(st.dictionaries(st.sampled_from(["channel", "state", "point"]), TEXT, max_size=3)),
)
def test_no_submission_is_too_strange(
    nothing_stays: House, content: dict[str, object], when: str | None, consent: object
) -> None:
    with suppress(_Undo), transaction.atomic():
        answer = nothing_stays.api.post({**content, "occurred_at": when, "consent": consent})
        assert answer.status_code == 202
        ends_well(nothing_stays)
        raise _Undo


@rough
@given(
    st.dictionaries(st.sampled_from(TWILIO), TEXT | PHONE), st.dictionaries(st.sampled_from(VOICE), TEXT | PHONE | TIME)
)
def test_no_signed_callback_is_too_strange(nothing_stays: House, text: dict[str, str], call: dict[str, str]) -> None:
    encodable = {name: value.encode("utf-8", "ignore").decode() for name, value in text.items()}
    spoken = {name: value.encode("utf-8", "ignore").decode() for name, value in call.items()}
    with suppress(_Undo), transaction.atomic():
        for door, params in ((nothing_stays.sms, encodable), (nothing_stays.voice, spoken)):
            assert door.post(params | {"AccountSid": "AC1"}).status_code == 200
        ends_well(nothing_stays)
        raise _Undo


@rough
@given(
    st.dictionaries(st.sampled_from(sorted(CANONICAL)) | st.text(min_size=1, max_size=20), TEXT, min_size=1, max_size=8)
)
def test_no_form_is_too_strange(nothing_stays: House, filled: dict[str, str]) -> None:
    with suppress(_Undo), transaction.atomic():
        answer = Knocker().generic("POST", "/in/page/", urlencode(filled, errors="ignore"), FORM)
        assert answer.status_code in (202, 303, 400)
        ends_well(nothing_stays)
        raise _Undo


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_text_from_the_door_to_the_crm(house: House, name: str) -> None:
    lead = house.made(phone="+14155550132", name=name, company=name, message=name)
    shown = caller(boss()).get(f"/api/v1/leads/{lead.pk}/")
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "application/json")
    browser = Client()
    browser.force_login(boss("eva"))
    page = browser.get(f"/admin/identity/lead/{lead.pk}/change/", follow=True)
    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    assert b"<img src=x" not in page.content
    assert "\u202e" not in page.content.decode()
    assert house.sandbox.record(lead).get("company", "") == lead.company
    assert not list(quarantined())


def test_the_form_says_the_same_to_the_known_the_unknown_and_the_stopped(house: House) -> None:
    house.made(phone="+14155550132", email="known@example.org")
    house.text("+14155550134", "STOP")
    house.drain()
    answers = []
    for filled in ({"email": "known@example.org"}, {"email": "new@example.org"}, {"phone": "+14155550134"}):
        answer = Knocker().generic("POST", "/in/page/", urlencode(filled), FORM)
        kept = {k: v for k, v in answer.headers.items() if k not in ("X-LeadHub-Event", "Content-Length")}
        answers.append((answer.status_code, answer.content, kept))
    assert answers[0] == answers[1] == answers[2]


def test_no_log_line_carries_what_a_person_said(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    canary = "Canarywitz"
    house.made(phone="+14155550132", email=f"{canary}@example.org", name=f"Ann {canary}", message=canary)
    house.api.raw(b'{"name": ["%s"]}' % canary.encode())
    house.api.raw(b'{"broken": "%s' % canary.encode())
    house.sms.raw(b"From=%2B14155550132&Body=" + canary.encode(), signature="forged")
    Knocker().generic("POST", f"/in/nowhere/?{canary}=1", "{}", "application/json")
    Client().get(f"/api/v1/leads/?q={canary}")
    house.sandbox.fault(kind="error", count=2, status=500)
    house.text("+14155550132", canary)
    house.drain()
    assert Lead.objects.exists()
    said = capfd.readouterr()
    assert canary not in said.err + said.out
