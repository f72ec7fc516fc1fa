"""Twilio Messaging: inbound texts and the status callbacks of our own, on one door (pure)."""

from collections.abc import Mapping
from uuid import UUID

from capture.channels import twilio_request as twilio
from capture.channels import twilio_signature
from capture.channels.base import Secret, Unreadable
from capture.channels.sms import opt_words
from capture.contracts import Answer, Consent, ConsentClaim, Delivery, Door, Kind, OptWord, Receipt, SignalDraft

CHANNEL = "sms"
OPTED_OUT = "21610"  # Twilio's error when the receiver has said STOP to this sender
KEPT = {
    "To": "to",
    "From": "from",
    "MessageSid": "message",
    "MessagingServiceSid": "service",
    "NumMedia": "media",
    "OptOutType": "opt_out_type",
    "ButtonText": "button",
    "ReferralCtwaClid": "click",
}
STATUS_KEPT = {
    "To": "customer",
    "From": "from",
    "MessageSid": "message",
    "MessageStatus": "status",
    "SmsStatus": "status",
    "ErrorCode": "error",
}


class TwilioSms:
    """The language of Twilio's messaging webhooks."""

    channel = CHANNEL
    provider = "twilio"
    content_types = twilio.CONTENT_TYPES
    signed = True
    secret = Secret.PASTED
    headers = twilio.HEADERS

    def verify(self, delivery: Delivery, door: Door) -> str:
        """Check X-Twilio-Signature."""
        return twilio_signature.verify(delivery, door)

    def receive(self, delivery: Delivery, door: Door) -> Receipt:
        """File an inbound text under its id, a status under id and status; mark exact opt words."""
        content = twilio.canonical(delivery)
        try:
            found = twilio.fields(delivery)
        except Unreadable:
            return Receipt(delivery_key=twilio.key_of_unreadable(delivery), canonical=content)
        sid = _message_id(found)
        if not sid:
            return Receipt(delivery_key=twilio.key_of_unreadable(delivery), canonical=content)
        if not _inbound(found):
            return Receipt(delivery_key=f"{sid}:{_status(found)}", canonical=content)
        return Receipt(delivery_key=sid, canonical=content, opt=_opt(found))

    def parse(self, delivery: Delivery, door: Door) -> tuple[SignalDraft, ...]:
        """Read one text or one status."""
        found = twilio.fields(delivery)
        if not _message_id(found):
            return (SignalDraft(kind=Kind.STATUS, occurred_at=None, attributes={"unknown": "no MessageSid"}),)
        return (_text(found) if _inbound(found) else _status_change(found),)

    def answer(self, *, event_id: UUID, duplicate: bool, delivery: Delivery, door: Door) -> Answer:
        """Say nothing, in TwiML."""
        return twilio.answer()


def _message_id(found: Mapping[str, str]) -> str:
    return found.get("MessageSid") or found.get("SmsMessageSid") or found.get("SmsSid") or ""


def _status(found: Mapping[str, str]) -> str:
    return (found.get("MessageStatus") or found.get("SmsStatus") or "").lower()


def _inbound(found: Mapping[str, str]) -> bool:
    """Tell a text from a status: only a text has a body or media, or says it was received."""
    return "Body" in found or "NumMedia" in found or _status(found) in ("received", "receiving")


def _state(found: Mapping[str, str]) -> Consent | None:
    told = opt_words.TWILIO.get(found.get("OptOutType", "").upper()), opt_words.state(found.get("Body", ""))
    return Consent.WITHDRAWN if Consent.WITHDRAWN in told else told[0] or told[1]


def _opt(found: Mapping[str, str]) -> OptWord | None:
    state, sender = _state(found), twilio.number(found.get("From", ""))
    return OptWord(state=state, channel=CHANNEL, point=sender) if state and sender else None


def _claim(point: str, state: Consent, basis: str, text: str) -> ConsentClaim:
    return ConsentClaim(
        point_kind="phone", point=point, channel=CHANNEL, purpose="marketing", state=state, basis=basis, text=text
    )


def _text(found: Mapping[str, str]) -> SignalDraft:
    sender, body = twilio.number(found.get("From", "")), found.get("Body", "")
    facts = {"phone": sender, "name": found.get("ProfileName", "")}
    state = _state(found)
    bare = state is not None or found.get("OptOutType", "").upper() == "HELP" or opt_words.asks_for_help(body)
    return SignalDraft(
        kind=Kind.CONSENT if bare else Kind.MESSAGE,
        occurred_at=None,
        facts={name: value for name, value in facts.items() if value},
        text=body,
        attributes=twilio.attributes(found, KEPT) | twilio.places(found, "From"),
        consents=(_claim(sender, state, "sms_keyword", body),) if state and sender else (),
        confidence={"name": 0.6},  # a profile name is what the person calls itself in an app
    )


def _status_change(found: Mapping[str, str]) -> SignalDraft:
    customer = twilio.number(found.get("To", ""))
    blocked = found.get("ErrorCode") == OPTED_OUT and customer
    return SignalDraft(
        kind=Kind.STATUS,
        occurred_at=None,
        attributes=twilio.attributes(found, STATUS_KEPT),
        consents=(_claim(customer, Consent.WITHDRAWN, "provider_block", ""),) if blocked else (),
    )
