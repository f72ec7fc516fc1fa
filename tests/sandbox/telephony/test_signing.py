"""The simulated Twilio signs as Twilio's own package does, and LeadHub's adapters believe it."""

import random
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from capture.channels import registry
from capture.channels.base import Refused
from capture.contracts import Delivery, Door
from leadhub.sandbox.telephony.parcel import Parcel, cut_short, tampered, unsigned
from leadhub.sandbox.telephony.twilio import Account

TOKEN = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
DOOR = Door(slug="sms", secrets=(TOKEN,))


def account() -> Account:
    base = "https://leads.example.com/in"
    return Account(
        token=TOKEN, number="+12025550100", rng=random.Random(7), sms_url=f"{base}/sms/", voice_url=f"{base}/voice/"
    )


def delivery(parcel: Parcel) -> Delivery:
    headers = {name.lower(): value for name, value in parcel.headers.items()}
    return Delivery(
        method="POST",
        url=parcel.url,
        query=urlsplit(parcel.url).query,
        headers=headers,
        content_type=headers["content-type"].partition(";")[0],
        body=parcel.body,
        received_at=NOW,
    )


@given(text=st.text(st.characters(codec="utf-8"), max_size=80), name=st.text(st.characters(codec="utf-8"), max_size=20))
def test_what_we_sign_twilios_own_package_accepts(text: str, name: str) -> None:
    parcel = account().text(sender="+12125550142", body=text, name=name)
    sent = dict(parse_qsl(parcel.body.decode(), keep_blank_values=True))
    signature = parcel.headers["X-Twilio-Signature"]
    assert sent["Body"] == text
    assert RequestValidator(TOKEN).validate(parcel.url, sent, signature)
    assert not RequestValidator("another").validate(parcel.url, sent, signature)


def test_a_json_event_is_signed_over_its_address_and_the_bodys_digest() -> None:
    parcel = account().post_json("https://leads.example.com/in/sms/", {"hello": "there"})
    signature = parcel.headers["X-Twilio-Signature"]
    assert RequestValidator(TOKEN).validate(parcel.url, parcel.body.decode(), signature)
    assert registry.adapter("twilio_sms").verify(delivery(parcel), DOOR) == "signed"


@pytest.mark.parametrize("step", ["call", "recording", "transcript", "outbound_call"])
def test_every_voice_callback_is_read_as_a_part_of_its_call(step: str) -> None:
    twilio, caller = account(), "+12125550142"
    parcel = {
        "call": lambda: twilio.call(call="CA1", caller=caller, status="ringing", at=NOW, sequence=1),
        "recording": lambda: twilio.recording(call="CA1", at=NOW),
        "transcript": lambda: twilio.transcript(call="CA1", caller=caller, text="Hello there"),
        "outbound_call": lambda: twilio.outbound_call(call="CA1", customer=caller, at=NOW),
    }[step]()
    adapter = registry.adapter("twilio_voice")
    assert adapter.verify(delivery(parcel), DOOR) == "signed"
    (draft,) = adapter.parse(delivery(parcel), DOOR)
    assert draft.conversation == "twilio:CA1"


@pytest.mark.parametrize("spoil", [tampered, cut_short, unsigned])
def test_what_was_spoiled_on_the_way_is_refused(spoil: object) -> None:
    assert callable(spoil)
    parcel = spoil(account().text(sender="+12125550142", body="Hello, is the flat still free?"))
    with pytest.raises(Refused):
        registry.adapter("twilio_sms").verify(delivery(parcel), DOOR)
