"""Twilio's signature, against Twilio's own package."""

import hashlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from capture.channels import twilio_signature
from capture.channels.base import Refused
from capture.channels.form_fields import pairs
from capture.contracts import Delivery, Door
from leadhub.kernel import clock
from tests.capture.senders import Twilio, fields

TOKEN = "12345"
DOOR = Door(slug="texts", secrets=(TOKEN,))
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def delivery(url: str, body: bytes, signature: str, content_type: str = FORM) -> Delivery:
    return Delivery(
        method="POST",
        url=url,
        query=url.partition("?")[2],
        headers={"x-twilio-signature": signature},
        content_type=content_type,
        body=body,
        received_at=clock.now(),
    )


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1)), st.sampled_from(["", "?a=b", "?q=a%20b"]))
def test_what_twilios_package_signs_is_accepted(params: dict[str, str], query: str) -> None:
    params = {k: v for k, v in params.items() if (k + v).isprintable()}
    url = f"https://leads.example/in/texts/{query}"
    signature = RequestValidator(TOKEN).compute_signature(url, params)
    assert twilio_signature.verify(delivery(url, urlencode(params).encode(), signature), DOOR) == "signed"


@pytest.mark.parametrize(
    ("called", "signed"),
    [
        ("https://leads.example/in/x/", "https://leads.example:443/in/x/"),
        ("https://leads.example:8443/in/x/", "https://leads.example/in/x/"),
        ("http://127.0.0.1:8000/in/x/", "http://127.0.0.1/in/x/"),
        ("https://ann:pw@leads.example/in/x/", "https://ann:pw@leads.example:443/in/x/"),
        ("https://[::1]:8443/in/x/", "https://[::1]/in/x/"),
    ],
)
def test_the_address_counts_with_and_without_its_port(called: str, signed: str) -> None:
    signature = RequestValidator(TOKEN).compute_signature(signed, {"From": "+1"})
    assert twilio_signature.verify(delivery(called, b"From=%2B1", signature), DOOR) == "signed"


def test_a_repeated_name_counts_with_its_distinct_values_sorted() -> None:
    assert twilio_signature.joined(pairs(b"MediaUrl=b&MediaUrl=a&MediaUrl=b&A=1")) == b"A1MediaUrlaMediaUrlb"


def test_a_json_body_is_proved_by_its_digest_in_the_address() -> None:
    body = b'{"a": 1}'
    url = f"https://leads.example/in/texts/?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    assert twilio_signature.verify(delivery(url, body, signature, JSON), DOOR) == "signed"
    with pytest.raises(Refused, match="bodySHA256"):
        twilio_signature.verify(delivery(url, b'{"a": 2}', signature, JSON), DOOR)


def test_a_json_body_without_a_digest_is_refused() -> None:
    url = "https://leads.example/in/texts/"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    with pytest.raises(Refused):
        twilio_signature.verify(delivery(url, b"{}", signature, JSON), DOOR)


def test_the_token_before_the_rotation_still_counts() -> None:
    url = "https://leads.example/in/texts/"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    rotated = Door(slug="texts", secrets=("new", TOKEN))
    assert twilio_signature.verify(delivery(url, b"", signature), rotated) == "signed"


@pytest.mark.parametrize("signature", ["", "v1,garbage", "AAAA", "ünïcödé", "\ud800"])
def test_a_signature_that_does_not_fit_is_refused(signature: str) -> None:
    with pytest.raises(Refused):
        twilio_signature.verify(delivery("https://leads.example/in/texts/", b"", signature), DOOR)


@pytest.mark.parametrize("secrets", [(), ("",)])
def test_an_empty_token_verifies_nothing(secrets: tuple[str, ...]) -> None:
    url = "https://leads.example/in/texts/"
    signature = RequestValidator("").compute_signature(url, {})
    with pytest.raises(Refused):
        twilio_signature.verify(delivery(url, b"", signature), Door(slug="texts", secrets=secrets))


@pytest.mark.parametrize("change", ["body", "query", "plus", "path"])
def test_a_signature_over_other_bytes_is_401(sms: Twilio, change: str) -> None:
    params = fields("sms/twilio/text.txt")
    signature, body = sms.sign(params), urlencode(params)
    sent = {"body": body.replace("flat", "flats"), "plus": body.replace("+", "%2B")}.get(change, body)
    path = Twilio("texts", sms.token)
    answer = path.raw(sent.encode(), signature=signature, query="x=1" if change == "query" else "")
    if change == "path":
        answer = path.raw(body.encode(), signature=sms.sign(params) + "x")
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_wrong")


def test_the_host_header_changes_no_signature(sms: Twilio) -> None:
    answer = sms.post(fields("sms/twilio/text.txt"), host="127.0.0.1")
    assert answer.status_code == 200


def test_a_form_of_too_many_fields_is_400(sms: Twilio) -> None:
    body = "&".join(f"f{n}=1" for n in range(1001)).encode()
    answer = sms.raw(body, signature="x")
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_fields")
