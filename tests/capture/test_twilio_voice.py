"""One call, told by several callbacks, in any order."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from capture import doors
from capture.models import InboundEvent, Signal, Source
from tests.capture.senders import Twilio, fields
from tests.capture.work import drain, reasons, the_signal

PARTS = tuple(f"voice/twilio/{name}.txt" for name in ("inbound_call", "completed", "recording", "transcription"))
CALL = "twilio:CA9f10cbd8ba0b1a2e5f3c6ad2cb40c14a"


@pytest.mark.parametrize("order", list(permutations(PARTS))[::5])
def test_the_parts_of_a_call_share_its_conversation_in_any_order(voice: Twilio, order: tuple[str, ...]) -> None:
    for part in order:
        assert voice.post(fields(part)).status_code == 200
    drain()
    signals = Signal.objects.all()
    assert {(s.kind, s.conversation) for s in signals} == {("call", CALL)}
    assert {s.value("phone") for s in signals} == {"+14152370164", ""}
    assert len(signals) == 4


def test_an_incoming_call_is_its_callers(voice: Twilio) -> None:
    voice.post(fields(PARTS[0]))
    signal = the_signal()
    assert (signal.value("phone"), signal.attributes["caller_checked"]) == ("+14152370164", "TN-Validation-Passed-A")
    assert signal.facts["name"]["confidence"] <= 0.4


def test_a_status_happens_when_twilio_says(voice: Twilio) -> None:
    voice.post(fields(PARTS[1]))
    signal = the_signal()
    assert signal.occurred_at == datetime(2026, 3, 3, 9, 31, 12, tzinfo=UTC)
    assert not signal.time_doubtful
    assert signal.attributes["seconds"] == "42"


def test_a_recording_has_no_facts_but_the_calls_conversation(voice: Twilio) -> None:
    voice.post(fields(PARTS[2]))
    signal = the_signal()
    assert (signal.kind, signal.facts, signal.conversation) == ("call", {}, CALL)
    assert signal.attributes["recording"].startswith("RE")


def test_a_transcript_is_the_calls_text(voice: Twilio) -> None:
    voice.post(fields(PARTS[3]))
    assert the_signal().text == "Hello, this is Anna Miller, please call me back about the flat."


def test_the_most_specific_id_files_a_callback(voice: Twilio) -> None:
    for part in PARTS:
        voice.post(fields(part))
    keys = sorted(InboundEvent.objects.values_list("delivery_key", flat=True))
    assert [key[:2] for key in keys] == ["CA", "CA", "RE", "TR"]


def test_a_call_we_made_makes_no_lead(voice: Twilio) -> None:
    voice.post(fields("voice/twilio/outbound.txt"))
    signal = the_signal()
    assert (signal.kind, signal.facts, signal.attributes["customer"]) == ("status", {}, "+14152370164")


@pytest.mark.parametrize(
    "number", ["anonymous", "Restricted", "+266696687", "client:ann", "sip:ann@example.com", "unknown"]
)
def test_a_withheld_number_is_no_phone(voice: Twilio, number: str) -> None:
    voice.post(fields(PARTS[0]) | {"From": number})
    assert "phone" not in the_signal().facts


def test_only_final_words_of_a_live_transcript_count(voice: Twilio) -> None:
    live = {"CallSid": "CA1", "TranscriptionSid": "GT1", "TranscriptionEvent": "transcription-content"}
    voice.post(live | {"SequenceId": "1", "Final": "false", "TranscriptionData": '{"transcript": "I wo"}'})
    voice.post(live | {"SequenceId": "2", "Final": "true", "TranscriptionData": '{"transcript": "I would"}'})
    drain()
    assert sorted(Signal.objects.values_list("text", flat=True)) == ["", "I would"]


def test_an_unreadable_transcript_is_set_aside(voice: Twilio) -> None:
    voice.post({"CallSid": "CA1", "TranscriptionSid": "GT1", "Final": "true", "TranscriptionData": "{"})
    [reason] = reasons()
    assert reason.startswith("TranscriptionData cannot be read")


def test_a_source_may_speak_to_callers(voice: Twilio) -> None:
    Source.objects.filter(slug="calls").update(options={"twiml": "<Response><Say>Hello</Say></Response>"})
    doors.forget()
    assert voice.post(fields(PARTS[0])).content == b"<Response><Say>Hello</Say></Response>"
