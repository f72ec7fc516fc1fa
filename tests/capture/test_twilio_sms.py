"""Texts, their opt words and delivery reports."""

import base64
import hmac

import pytest
from django.conf import settings

from capture.channels.sms import opt_words
from capture.contracts import Consent
from capture.intake import point_digest
from capture.models import InboundEvent, Signal
from leadhub.kernel.models import Work
from tests.capture.senders import Twilio, fields
from tests.capture.work import reasons, the_signal

TEXT, STOP, BLOCKED = ("sms/twilio/text.txt", "sms/twilio/stop.txt", "sms/twilio/blocked_status.txt")


def test_a_text_becomes_a_message_of_its_sender(sms: Twilio) -> None:
    sms.post(fields(TEXT))
    signal = the_signal()
    assert (signal.kind, signal.channel, signal.value("phone")) == ("message", "sms", "+14152370164")
    assert signal.text.endswith("2 400 € 🙂")
    assert signal.time_doubtful
    assert signal.contact_digests == [point_digest("phone", "+14152370164")]


def test_the_places_of_a_number_are_not_the_persons(sms: Twilio) -> None:
    sms.post(fields(TEXT))
    signal = the_signal()
    assert "city" not in signal.facts
    assert signal.attributes["number_city"] == "SAN FRANCISCO"
    assert "number_zip" in signal.attributes


def test_twilio_hears_empty_twiml(sms: Twilio) -> None:
    answer = sms.post(fields(TEXT))
    assert answer["Content-Type"].startswith("text/xml")
    assert answer.content == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


def test_a_stop_counts_from_its_own_commit(sms: Twilio) -> None:
    sms.post(fields(STOP))
    event = InboundEvent.objects.get()
    assert (event.opt, event.opt_channel) == ("out", "sms")
    assert event.opt_point is not None
    assert bytes(event.opt_point).hex() == point_digest("phone", "+14152370164")
    assert Work.objects.get().lane == Work.Lane.URGENT


def test_a_bare_stop_is_consent_and_no_message(sms: Twilio) -> None:
    sms.post(fields(STOP))
    signal = the_signal()
    assert signal.kind == "consent"
    [claim] = signal.consents
    assert (claim["state"], claim["basis"], claim["purpose"]) == ("withdrawn", "sms_keyword", "marketing")
    assert [claim["digest"]] == signal.contact_digests
    assert Work.objects.get(stage="resolve").lane == Work.Lane.URGENT


@pytest.mark.parametrize("word", ["START", "Unstop!"])
def test_start_grants_again(sms: Twilio, word: str) -> None:
    sms.post(fields(STOP) | {"Body": word, "OptOutType": ""})
    assert InboundEvent.objects.get().opt == "in"
    assert the_signal().consents[0]["state"] == "granted"


def test_twilios_own_reading_of_an_opt_word_counts(sms: Twilio) -> None:
    sms.post(fields(STOP) | {"Body": "yes", "OptOutType": "START"})
    assert InboundEvent.objects.get().opt == "in"


def test_a_person_who_writes_stop_has_said_stop_whatever_twilio_reads_in_it(sms: Twilio) -> None:
    sms.post(fields(STOP) | {"Body": "Stop", "OptOutType": "START"})
    assert InboundEvent.objects.get().opt == "out"
    assert the_signal().consents[0]["state"] == "withdrawn"


@pytest.mark.parametrize(("body", "kind"), [("HELP", "consent"), ("info", "consent"), ("help me move", "message")])
def test_a_bare_help_makes_no_lead(sms: Twilio, body: str, kind: str) -> None:
    sms.post(fields(TEXT) | {"Body": body})
    signal = the_signal()
    assert (signal.kind, signal.consents) == (kind, [])


@pytest.mark.parametrize(
    "text", ["stop", " STOP. ", "Stop!!", "🛑 stop", '"Stop"', "StopAll", "stop all", "OPT-OUT", "End"]
)
def test_words_that_are_all_a_message_says_end_texting(text: str) -> None:
    assert opt_words.state(text) is Consent.WITHDRAWN


@pytest.mark.parametrize("text", ["yes", "stop by tomorrow", "don't stop", "the end", "", "started", "x" * 3000])
def test_other_words_change_no_consent(text: str) -> None:
    assert opt_words.state(text) is None


def test_a_blocked_delivery_withdraws_the_receivers_consent(sms: Twilio) -> None:
    sms.post(fields(BLOCKED))
    signal = the_signal()
    assert (signal.kind, signal.facts) == ("status", {})
    assert signal.attributes["customer"] == "+14152370164"
    assert (signal.consents[0]["point"], signal.consents[0]["basis"]) == ("+14152370164", "provider_block")


def test_each_step_of_a_delivery_is_an_event_of_its_own(sms: Twilio) -> None:
    for status in ("queued", "sent", "delivered", "sent"):
        sms.post(fields(BLOCKED) | {"MessageStatus": status, "SmsStatus": status, "ErrorCode": ""})
    assert InboundEvent.objects.count() == 3


def test_a_short_code_stays_raw_and_identifies_nobody(sms: Twilio) -> None:
    sms.post(fields(TEXT) | {"From": "72345"})
    phone = the_signal().facts["phone"]
    assert phone["value"] == "72345"
    assert phone["confidence"] < 0.5


@pytest.mark.parametrize("sender", ["ACME", "whatsapp:US.123", "sip:ann@example.com"])
def test_a_sender_that_is_no_number_is_no_phone(sms: Twilio, sender: str) -> None:
    sms.post(fields(TEXT) | {"From": sender})
    signal = the_signal()
    assert "phone" not in signal.facts
    assert signal.attributes["from"] == sender


def test_a_profile_name_is_worth_less_than_a_given_one(sms: Twilio) -> None:
    sms.post(fields(TEXT) | {"From": "whatsapp:+14152370164", "ProfileName": "Ann Lee"})
    signal = the_signal()
    assert (signal.value("phone"), signal.value("first_name")) == ("+14152370164", "Ann")
    assert signal.facts["first_name"]["confidence"] <= 0.6


def test_a_nul_in_a_text_is_taken_out_and_said(sms: Twilio) -> None:
    sms.post(fields(TEXT) | {"Body": "before\0after", "MessagingServiceSid": "a\0b"})
    signal = the_signal()
    assert signal.text == "beforeafter"
    assert signal.quality["text"] == "control characters were taken out"


def test_signed_text_that_is_not_utf8_is_kept_for_a_person(sms: Twilio) -> None:
    body = b"MessageSid=SM1&Body=%ff%fe"
    signed = f"{settings.PUBLIC_URL}/in/texts/".encode() + b"Body\xff\xfeMessageSidSM1"
    signature = base64.b64encode(hmac.digest(sms.token.encode(), signed, "sha1")).decode()
    assert sms.raw(body, signature=signature).status_code == 200
    assert reasons() == ["The form is not UTF-8 text."]
    assert not Signal.objects.exists()


def test_an_unknown_callback_is_kept_and_makes_no_lead(sms: Twilio) -> None:
    assert sms.post({"AccountSid": "AC1", "EventType": "brand-new"}).status_code == 200
    assert the_signal().kind == "status"
