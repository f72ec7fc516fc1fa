"""What goes wrong on purpose: each is refused with the right status, or kept aside with a reason."""

from dataclasses import replace

from leadhub.sandbox.story.script import Script
from leadhub.sandbox.telephony.parcel import cut_short, mislabelled, tampered, unsigned
from leadhub.sandbox.telephony.visitors import ApiClient


def play(script: Script) -> None:
    """Let all of it go wrong."""
    _forgers(script)
    _clumsy_clients(script)
    _bots(script)
    _odd_but_fine(script)


def _forgers(script: Script) -> None:
    twilio, number = script.doors.twilio, script.casting.person().phone
    script.add(1, tampered(twilio.text(sender=number, body="Sell me everything")), status=401)
    script.add(2, unsigned(twilio.text(sender=number, body="Sell me everything")), status=401)
    called = twilio.call(call=twilio.new_sid("CA"), caller=number, status="completed", at=script.now, sequence=2)
    script.add(1, tampered(called), status=401)
    guesser = ApiClient(url=script.doors.client.url, key="guessed", rng=script.rng)
    script.add(1, guesser.submit({"email": "nobody@example.com"}), status=401)
    script.add(2, mislabelled(script.doors.client.submit({"email": "nobody@example.com"})), status=415)


def _clumsy_clients(script: Script) -> None:
    """Authenticated, so all of it is kept; unreadable, so a person must look."""
    client, nobody = script.doors.client, "nobody@example.com"
    aside = [
        cut_short(client.submit({"email": nobody, "message": "half of this is missing"})),
        client.raw(b'{"name": "Nul\\u0000Byte", "email": "nobody@example.com"}'),
        client.raw(b'{"email": "\xff\xfe"}'),
        client.submit([nobody]),
        client.submit({"email": {"address": nobody}}),
        client.submit({"email": nobody, "occurred_at": "yesterday-ish"}),
    ]
    for parcel in aside:
        script.add(1, parcel)
    script.truth.quarantined += len(aside)
    person = script.somebody()
    person.shown.add(person.email)
    script.add(1, client.submit({"email": person.email, "name": person.name}, idempotency_key=f"reused-{person.email}"))
    reused = client.submit({"email": nobody}, idempotency_key=f"reused-{person.email}")
    script.add(2, reused, status=422)


def _bots(script: Script) -> None:
    page, spam = script.doors.page, {"name": "Best Offers", "email": "win@example.net"}
    links = "http://a.example http://b.example http://c.example"
    held = [
        page.submit(spam | {"website_url": "http://casino.example"}, token=next(script.doors.tokens)),
        page.submit(spam | {"message": links}, token=next(script.doors.tokens)),
        page.submit(spam, token="1700000000.forged.forged"),  # noqa: S106 - not a secret
    ]
    for parcel in held:
        script.add(1, parcel)
    script.truth.quarantined += len(held)
    torn = page.submit({"name": "Nul\0", "email": "nul@example.net"}, token=next(script.doors.tokens))
    script.add(1, torn, status=400)
    script.add(2, replace(torn, body=b""), status=400)


def _odd_but_fine(script: Script) -> None:
    """Odd values that must not stop a lead, nor make two people one."""
    client = script.doors.client
    person = script.somebody()
    person.shown.add(person.email)
    script.add(1, client.submit({"name": person.name, "email": person.email, "phone": "call me maybe"}))
    script.add(1, client.submit({"name": "Nobody Reachable", "message": "no way to answer"}))
    script.truth.nobodies += 1
