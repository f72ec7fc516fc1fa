"""Twilio Voice: the call, its recording and its transcript, each told by callbacks of their own, in any order (pure).

Every part of one call carries the same conversation, `twilio:<CallSid>`; the resolver joins them.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from capture.channels import twilio_request as twilio
from capture.channels import twilio_signature
from capture.channels.base import Secret, Unreadable
from capture.contracts import Answer, Delivery, Door, Kind, Receipt, SignalDraft
from leadhub.kernel import strict_json

KEPT = {
    "From": "from",
    "To": "to",
    "Direction": "direction",
    "CallSid": "call",
    "CallStatus": "status",
    "CallDuration": "seconds",
    "SequenceNumber": "sequence",
    "ParentCallSid": "parent_call",
    "ForwardedFrom": "forwarded_from",
    "StirVerstat": "caller_checked",
    "AnsweredBy": "answered_by",
    "Digits": "digits",
    "Confidence": "speech_confidence",
    "RecordingSid": "recording",
    "RecordingUrl": "recording_url",
    "RecordingStatus": "recording_status",
    "RecordingDuration": "recording_seconds",
    "TranscriptionSid": "transcription",
    "TranscriptionStatus": "transcription_status",
    "TranscriptionEvent": "transcription_event",
    "SequenceId": "sequence",
    "Track": "track",
}
# The most specific id says what a callback is about: a transcript's callback carries all three.
PARTS = (
    ("TranscriptionSid", ("TranscriptionStatus", "TranscriptionEvent", "SequenceId")),
    ("RecordingSid", ("RecordingStatus",)),
    ("CallSid", ("CallStatus", "SequenceNumber")),
)


class TwilioVoice:
    """The language of Twilio's voice webhooks."""

    channel = "voice"
    provider = "twilio"
    content_types = twilio.CONTENT_TYPES
    signed = True
    secret = Secret.PASTED
    headers = twilio.HEADERS

    def verify(self, delivery: Delivery, door: Door) -> str:
        """Check X-Twilio-Signature."""
        return twilio_signature.verify(delivery, door)

    def receive(self, delivery: Delivery, door: Door) -> Receipt:
        """File the callback under its most specific id and its step."""
        try:
            key = _key(twilio.fields(delivery))
        except Unreadable:
            key = ""
        return Receipt(delivery_key=key or twilio.key_of_unreadable(delivery), canonical=twilio.canonical(delivery))

    def parse(self, delivery: Delivery, door: Door) -> tuple[SignalDraft, ...]:
        """Read one step of one call."""
        found = twilio.fields(delivery)
        if "CallSid" not in found:
            return (SignalDraft(kind=Kind.STATUS, occurred_at=None, attributes={"unknown": "no CallSid"}),)
        return (_outbound(found) if found.get("Direction", "").startswith("outbound") else _call(found),)

    def answer(self, *, event_id: UUID, duplicate: bool, delivery: Delivery, door: Door) -> Answer:
        """Say nothing, or what this source's `twiml` option says to callers."""
        return twilio.answer(door.options.get("twiml", ""))


def _key(found: Mapping[str, str]) -> str:
    for sid, steps in PARTS:
        if sid in found:
            return ":".join([found[sid], *(found[step] for step in steps if step in found)])
    return ""


def _when(found: Mapping[str, str]) -> datetime | None:
    return twilio.moment(found.get("RecordingStartTime", "")) or twilio.moment(found.get("Timestamp", ""))


def _spoken(found: Mapping[str, str]) -> str:
    if "TranscriptionData" in found:
        return _final_words(found) if found.get("Final", "").lower() == "true" else ""
    return found.get("TranscriptionText") or found.get("SpeechResult") or ""


def _final_words(found: Mapping[str, str]) -> str:
    try:
        told = strict_json.loads(found["TranscriptionData"].encode())
    except strict_json.NotJson as wrong:
        raise Unreadable("transcript_unreadable", f"TranscriptionData cannot be read: {wrong.message}") from wrong
    words = told.get("transcript", "") if isinstance(told, dict) else ""
    return words if isinstance(words, str) else ""


def _call(found: Mapping[str, str]) -> SignalDraft:
    facts = {"phone": twilio.number(found.get("From", "")), "name": found.get("CallerName", "")}
    return SignalDraft(
        kind=Kind.CALL,
        occurred_at=_when(found),
        facts={name: value for name, value in facts.items() if value},
        text=_spoken(found),
        conversation=f"twilio:{found['CallSid']}",
        attributes=twilio.attributes(found, KEPT) | twilio.places(found, "From"),
        confidence={"name": 0.4},  # the telephone company's record of who pays for the line
    )


def _outbound(found: Mapping[str, str]) -> SignalDraft:
    """Read a call we made: it tells nothing the person said about itself, so it makes no lead."""
    kept = twilio.attributes(found, KEPT) | {"customer": found.get("To", "")}
    return SignalDraft(
        kind=Kind.STATUS,
        occurred_at=_when(found),
        text=_spoken(found),
        conversation=f"twilio:{found['CallSid']}",
        attributes=kept,
    )
