"""Twilio's side of a webhook, written from its documentation: it shares no code with the adapter that checks it.

The signature is base64(HMAC-SHA1(auth token, address + every distinct name and value, sorted)).
"""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from leadhub.sandbox.telephony.parcel import Parcel, form_body

AGENT = "TwilioProxy/1.1"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
API_VERSION = "2010-04-01"


def signature(*, token: str, url: str, fields: Mapping[str, str]) -> str:
    """Sign as Twilio does."""
    text = url
    for name in sorted(fields):
        text += name + fields[name]
    made = hmac.new(token.encode("utf-8"), text.encode("utf-8"), hashlib.sha1)
    return base64.b64encode(made.digest()).decode("ascii")


@dataclass(kw_only=True)
class Account:
    """One Twilio account with one number, and the doors its webhooks go to. `rng` makes its ids repeatable."""

    token: str
    number: str
    rng: random.Random
    sms_url: str = ""
    voice_url: str = ""
    sid: str = field(init=False)

    def __post_init__(self) -> None:
        self.sid = self.new_sid("AC")

    def new_sid(self, prefix: str) -> str:
        """Make an id: two letters and 32 hex digits."""
        return f"{prefix}{self.rng.getrandbits(128):032x}"

    def text(self, *, sender: str, body: str, name: str = "", opt_out_type: str = "", sid: str = "") -> Parcel:
        """Post an inbound message."""
        sid = sid or self.new_sid("SM")
        fields = {
            "ToCountry": "US",
            "ToState": "",
            "SmsMessageSid": sid,
            "NumMedia": "0",
            "ToCity": "",
            "FromZip": "",
            "SmsSid": sid,
            "FromState": "",
            "SmsStatus": "received",
            "FromCity": "",
            "Body": body,
            "FromCountry": "",
            "To": self.number,
            "ToZip": "",
            "NumSegments": "1",
            "MessageSid": sid,
            "AccountSid": self.sid,
            "From": sender,
            "ApiVersion": API_VERSION,
        }
        extra = {"ProfileName": name, "OptOutType": opt_out_type}
        return self.post(self.sms_url, fields | {key: value for key, value in extra.items() if value})

    def delivery_report(self, *, receiver: str, status: str, sid: str, error: str = "") -> Parcel:
        """Post what became of a message of ours."""
        fields = {
            "SmsSid": sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": receiver,
            "MessageSid": sid,
            "AccountSid": self.sid,
            "From": self.number,
            "ApiVersion": API_VERSION,
        }
        return self.post(self.sms_url, fields | ({"ErrorCode": error} if error else {}))

    def call(self, *, call: str, caller: str, status: str, at: datetime, sequence: int, name: str = "") -> Parcel:
        """Post one step of an inbound call."""
        fields = self._call_fields(call, caller, status) | {
            "Timestamp": format_datetime(at),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(sequence),
        }
        if name:
            fields["CallerName"] = name
        if status == "completed":
            fields |= {"CallDuration": "73", "Duration": "2", "SipResponseCode": "200"}
        return self.post(self.voice_url, fields, spaces_as_plus=False)

    def recording(self, *, call: str, at: datetime) -> Parcel:
        """Post that a call was recorded. It names neither caller nor called."""
        sid = self.new_sid("RE")
        fields = {
            "RecordingSource": "RecordVerb",
            "RecordingSid": sid,
            "RecordingUrl": f"https://api.twilio.com/{API_VERSION}/Accounts/{self.sid}/Recordings/{sid}",
            "RecordingStatus": "completed",
            "RecordingChannels": "1",
            "ErrorCode": "0",
            "CallSid": call,
            "RecordingStartTime": format_datetime(at),
            "AccountSid": self.sid,
            "RecordingDuration": "41",
        }
        return self.post(self.voice_url, fields, spaces_as_plus=False)

    def transcript(self, *, call: str, caller: str, text: str) -> Parcel:
        """Post what the caller said, with all fields of the call."""
        recording, sid = self.new_sid("RE"), self.new_sid("TR")
        fields = self._call_fields(call, caller, "completed") | {
            "TranscriptionSid": sid,
            "TranscriptionText": text,
            "TranscriptionStatus": "completed",
            "TranscriptionType": "fast",
            "TranscriptionUrl": f"https://api.twilio.com/{API_VERSION}/Accounts/{self.sid}/Transcriptions/{sid}",
            "RecordingSid": recording,
            "RecordingUrl": f"https://api.twilio.com/{API_VERSION}/Accounts/{self.sid}/Recordings/{recording}",
        }
        return self.post(self.voice_url, fields, spaces_as_plus=False)

    def outbound_call(self, *, call: str, customer: str, at: datetime) -> Parcel:
        """Post the end of a call that we made: the customer is `To`."""
        fields = self._call_fields(call, self.number, "completed") | {
            "To": customer,
            "Called": customer,
            "Direction": "outbound-api",
            "Timestamp": format_datetime(at),
            "SequenceNumber": "3",
        }
        return self.post(self.voice_url, fields, spaces_as_plus=False)

    def post(self, url: str, fields: Mapping[str, str], *, spaces_as_plus: bool = True) -> Parcel:
        """Sign the fields and pack them as Twilio's proxy does."""
        headers = {
            "Content-Type": FORM,
            "User-Agent": AGENT,
            "Accept": "*/*",
            "X-Twilio-Signature": signature(token=self.token, url=url, fields=fields),
            "I-Twilio-Idempotency-Token": f"{self.rng.getrandbits(128):032x}",
            "X-Home-Region": "us1",
        }
        return Parcel(url=url, body=form_body(fields, spaces_as_plus=spaces_as_plus), headers=headers)

    def post_json(self, url: str, content: object) -> Parcel:
        """Sign a JSON event: the address carries the body's digest, and the address alone is signed."""
        body = json.dumps(content).encode()
        signed = f"{url}?bodySHA256={hashlib.sha256(body).hexdigest()}"
        headers = {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "X-Twilio-Signature": signature(token=self.token, url=signed, fields={}),
        }
        return Parcel(url=signed, body=body, headers=headers)

    def _call_fields(self, call: str, caller: str, status: str) -> dict[str, str]:
        return {
            "Called": self.number,
            "ToState": "",
            "CallerCountry": "",
            "Direction": "inbound",
            "CallerState": "",
            "ToZip": "",
            "CallSid": call,
            "To": self.number,
            "CallerZip": "",
            "ToCountry": "US",
            "ApiVersion": API_VERSION,
            "CalledZip": "",
            "CallStatus": status,
            "From": caller,
            "AccountSid": self.sid,
            "CalledCountry": "US",
            "CallerCity": "",
            "Caller": caller,
            "FromCity": "",
            "FromZip": "",
            "FromState": "",
        }
