"""Forms on anybody's site, filled in by people and by bots."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.http import HttpResponse

from capture import doors, services
from capture.channels.web.form import token
from capture.models import InboundEvent, Signal, Source
from leadhub.kernel import clock
from leadhub.kernel.models import Work
from tests.capture.senders import Knocker, fields
from tests.capture.work import drain, reasons, the_signal

CONTACT = "web/form/contact.txt"
FORM = "application/x-www-form-urlencoded"
HOME = "https://acme.example"
BROWSER = {"accept": "text/html,application/xhtml+xml", "origin": HOME}


def fresh(opened: services.Opened, *, age: float = 30) -> str:
    """Fetch a token as the page did `age` seconds ago."""
    with time_machine.travel(clock.now() - timedelta(seconds=age)):
        answer = Knocker().get(f"/in/{opened.source.slug}/token/", headers={"origin": HOME})
    return str(answer.json()["token"])


def send(opened: services.Opened, params: dict[str, str], **headers: str) -> HttpResponse:
    body = urlencode(params)
    answer: HttpResponse = Knocker().generic(
        "POST", f"/in/{opened.source.slug}/", body, FORM, headers=BROWSER | headers
    )  # type: ignore[assignment]
    return answer


def filled(opened: services.Opened, **more: str) -> dict[str, str]:
    return fields(CONTACT) | {"leadhub_token": fresh(opened)} | more


def test_a_filled_in_form_becomes_a_lead_signal(form: services.Opened) -> None:
    send(form, filled(form))
    signal = the_signal()
    assert (signal.kind, signal.channel, signal.text) == ("lead", "web", "I would like to see the flat.")
    assert (signal.value("first_name"), signal.value("last_name")) == ("Anna", "Miller")
    assert signal.value("phone") == "+14152370164"
    assert not signal.time_doubtful


def test_a_browser_is_sent_to_the_thanks_page(form: services.Opened) -> None:
    answer = send(form, filled(form))
    assert (answer.status_code, answer["Location"]) == (303, "https://acme.example/thanks")


@pytest.mark.parametrize(
    ("asked", "sent_to"),
    [
        ("https://www.acme.example/flat?sent=1", "https://www.acme.example/flat?sent=1"),
        ("https://evil.example/", "https://acme.example/thanks"),
        ("//evil.example/", "https://acme.example/thanks"),
        ("javascript:alert(1)", "https://acme.example/thanks"),
        ("https://acme.example@evil.example/", "https://acme.example/thanks"),
        ("https://acme.example\\@evil.example/", "https://acme.example/thanks"),
        ("https://acme.example/\r\nSet-Cookie: a=b", "https://acme.example/thanks"),
        ("https://[bad", "https://acme.example/thanks"),
    ],
)
def test_a_browser_is_never_sent_to_a_strange_site(form: services.Opened, asked: str, sent_to: str) -> None:
    assert send(form, filled(form, next=asked))["Location"] == sent_to


def test_a_script_gets_json_it_may_read(form: services.Opened) -> None:
    answer = send(form, filled(form), accept="application/json")
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (202, HOME)
    assert answer["Vary"] == "Origin"


def test_posts_from_other_sites_are_refused(form: services.Opened) -> None:
    answer = send(form, filled(form), origin="https://evil.example")
    assert (answer.status_code, InboundEvent.objects.count()) == (403, 0)


def test_a_token_is_for_the_sources_own_sites(form: services.Opened) -> None:
    path = f"/in/{form.source.slug}/token/"
    own = Knocker().get(path, headers={"origin": HOME})
    other = Knocker().get(path, headers={"origin": "https://evil.example"})
    assert own["Access-Control-Allow-Origin"] == HOME
    assert own["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in other


def test_doors_without_forms_give_no_tokens(program: object) -> None:
    assert Knocker().get("/in/shop/token/").status_code == 404


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"website_url": "http://buy.example"}, "people cannot see"),
        ({"leadhub_token": ""}, "no time token"),
        ({"leadhub_token": "1.x.forged"}, "not one of ours"),
        ({"leadhub_token": "\u0661.x.é"}, "not one of ours"),
        ({"message": "http://a.example http://b.example http://c.example"}, "full of links"),
    ],
)
def test_what_looks_like_a_bot_is_answered_as_if_fine_and_held(
    form: services.Opened, change: dict[str, str], why: str
) -> None:
    fine = send(form, filled(form, **{"your-email": "other@example.com"}))
    bot = send(form, filled(form, **change))
    assert (bot.status_code, bot.content, bot["Location"]) == (fine.status_code, fine.content, fine["Location"])
    assert bot.headers.keys() == fine.headers.keys()
    [reason] = reasons()
    assert why in reason
    assert Signal.objects.count() == 1


@pytest.mark.parametrize(("age", "why"), [(0.5, "within 2 seconds"), (25 * 3600, "older than a day")])
def test_a_form_sent_too_fast_or_too_late_is_held(form: services.Opened, age: float, why: str) -> None:
    send(form, fields(CONTACT) | {"leadhub_token": fresh(form, age=age)})
    [reason] = reasons()
    assert why in reason


def test_a_double_click_is_one_event(form: services.Opened) -> None:
    params = filled(form)
    first, second = send(form, params), send(form, params)
    assert first["X-LeadHub-Event"] == second["X-LeadHub-Event"]


def test_a_token_used_again_for_other_content_is_held(form: services.Opened) -> None:
    params = filled(form)
    send(form, params)
    send(form, params | {"your-email": "victim@example.com"})
    [reason] = reasons()
    assert "used before" in reason
    assert Signal.objects.count() == 1


def test_a_person_can_release_what_was_held(form: services.Opened) -> None:
    send(form, fields(CONTACT))
    drain()
    event = InboundEvent.objects.get()
    services.release(event_id=event.id, by="ann", because="I know her", now=clock.now())
    assert the_signal().value("email") == "anna.miller@example.com"
    assert not Work.objects.filter(quarantined_at__isnull=False).exists()


def test_a_source_may_do_without_tokens(form: services.Opened) -> None:
    Source.objects.filter(slug="contact").update(options={"token": "optional"})
    doors.forget()
    send(form, fields(CONTACT))
    assert reasons() == []


def test_a_ticked_box_is_consent_and_an_unticked_one_is_nothing(form: services.Opened) -> None:
    send(form, filled(form, consent_sms="off", consent_voice=""))
    [claim] = the_signal().consents
    assert (claim["channel"], claim["state"], claim["basis"]) == ("email", "granted", "web_box")
    assert claim["text"] == "Yes, send me offers by e-mail."


def test_other_answers_are_kept_but_no_password(form: services.Opened) -> None:
    send(form, filled(form))
    kept = the_signal().attributes
    assert kept["form:budget"] == "2400"
    assert "hunter2" not in str(kept)


def test_a_stranger_cannot_claim_an_outside_id(form: services.Opened) -> None:
    send(form, filled(form, external_id="crm:4711"))
    signal = the_signal()
    assert "external_id" not in signal.facts
    assert signal.attributes["form:external_id"] == "crm:4711"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"email=%ff", "not_utf8"),
        (b"email=a%00b", "nul"),
        (b"&&", "empty"),
        (b"&".join(b"f%d=1" % n for n in range(1001)), "too_many_fields"),
    ],
)
def test_an_unreadable_form_is_400_and_stores_nothing(form: services.Opened, body: bytes, code: str) -> None:
    answer = Knocker().generic("POST", "/in/contact/", body, FORM)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not InboundEvent.objects.exists()


def test_a_multipart_form_reads_like_any_other(form: services.Opened) -> None:
    parts = {"name": "Zoë Okoye", "email": "zoe@example.com", "leadhub_token": fresh(form)}
    boundary = "----x1"
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in parts.items()
    )
    body += f'--{boundary}\r\nContent-Disposition: form-data; name="cv"; filename="cv.pdf"\r\n\r\n%PDF\r\n'
    body += f"--{boundary}--\r\n"
    answer = Knocker().generic("POST", "/in/contact/", body.encode(), f"multipart/form-data; boundary={boundary}")
    assert answer.status_code == 303
    signal = the_signal()
    assert (signal.value("first_name"), signal.value("email")) == ("Zoë", "zoe@example.com")
    assert not [name for name in signal.attributes if "cv" in name]


@pytest.mark.parametrize("body", [b"", b"--x", b"nonsense"])
def test_a_multipart_body_without_parts_is_400(form: services.Opened, body: bytes) -> None:
    answer = Knocker().generic("POST", "/in/contact/", body or b"\r\n", "multipart/form-data; boundary=x")
    assert answer.status_code == 400


def test_a_token_of_another_source_is_worth_nothing() -> None:
    now = clock.now()
    made = token.make(secret="s", slug="one", now=now - timedelta(seconds=10), nonce="n")
    assert token.read(made, secrets=["s"], slug="one", now=now) == token.Reading(nonce="n")
    assert token.read(made, secrets=["s"], slug="two", now=now).odd
    assert token.read(made, secrets=[""], slug="one", now=now).odd


@pytest.mark.parametrize("nonsense", ["a", "..", "1.2", "1..", ".".join("é" * 9), "\ud800.x.y"])
def test_no_token_raises(nonsense: str) -> None:
    assert token.read(nonsense, secrets=["s"], slug="one", now=datetime.now(tz=clock.now().tzinfo)).odd
