"""The parts people play. Each writes its deliveries and what must come of them."""

from datetime import timedelta

from leadhub.sandbox.story.cast import Person
from leadhub.sandbox.story.script import Script

QUESTIONS = (
    "Hi, is the two-bedroom still free?",
    "What would solar panels cost for a flat roof?",
    "Could somebody call me back this afternoon?",
    "Do you deliver on Saturdays? 🙂",
    "I saw your advert. How do I get a quote?",
)
CHATTER = ("Any news?", "Thanks!", "Tomorrow at ten suits me.", "Sorry, wrong attachment.", "Ok 👍")


def texter(script: Script) -> None:
    """Texts twice; the second may overtake the first, and the provider repeats one."""
    person = script.somebody()
    first = script.text(1, person, script.rng.choice(QUESTIONS), name=script.rng.choice(["", person.name]))
    script.text(2, person, "Are you there?\0")
    script.again(first)


def caller(script: Script) -> None:
    """Calls and leaves a message: six callbacks of one call, in any order."""
    person = script.somebody()
    person.shown.add(person.phone)
    twilio, call = script.doors.twilio, script.doors.twilio.new_sid("CA")
    began = script.now - timedelta(minutes=script.rng.randrange(2, 40))
    steps = [
        twilio.call(
            call=call, caller=person.phone, status=status, at=began + timedelta(seconds=20 * step), sequence=step
        )
        for step, status in enumerate(("ringing", "in-progress", "completed"))
    ]
    lines = [script.add(1, step) for step in steps]
    script.again(lines[-1])
    script.add(1, twilio.recording(call=call, at=began + timedelta(seconds=9)))
    said = f"Hello, this is {person.name}. {script.rng.choice(QUESTIONS)}"
    script.add(script.rng.choice([1, 2]), twilio.transcript(call=call, caller=person.phone, text=said))


def visitor(script: Script) -> None:
    """Fills in the web form, sends it twice by a double click, and texts later."""
    person = script.somebody()
    line = script.form(1, person, phone=True, email=True, message=script.rng.choice(QUESTIONS), consent_sms="on")
    if script.rng.random() < 0.5:
        script.again(line)
    script.text(2, person, script.rng.choice(CHATTER))


def customer(script: Script) -> None:
    """Comes from a shop's system by API: first with an e-mail, then with a phone, under one customer number."""
    person, client = script.somebody(), script.doors.client
    number = f"shop:{script.rng.randrange(10**6, 10**7)}"
    person.shown |= {person.email, person.phone}
    told = {"external_id": number, "name": person.name.upper()}
    first = script.add(1, client.submit(told | {"email": f" {person.email.upper()} ", "company": "Acme"}))
    script.again(first)
    script.add(2, client.submit(told | {"phone": person.phone, "message": "Changed their number"}))


def two_in_one(script: Script) -> None:
    """Texts from a phone, writes by e-mail, and then fills in both: two leads become one."""
    person = script.somebody()
    script.text(1, person, script.rng.choice(QUESTIONS))
    script.form(1, person, phone=False, email=True, message="Please send me the brochure.")
    joint = script.form(2, person, phone=True, email=True, message="It is me again.")
    script.again(joint)
    script.truth.merges += 1


def household(script: Script) -> None:
    """Two people on one phone, with names that cannot be one person: two leads, and a review."""
    one, other = script.somebody(), script.somebody()
    while other.first[0] == one.first[0] or other.last == one.last:
        script.truth.people.remove(other)
        other = script.somebody()
    other.phone = one.phone
    for person in (one, other):
        script.form(1, person, phone=True, email=True, message=script.rng.choice(QUESTIONS))
    script.truth.reviews += 1


def leaver(script: Script) -> None:
    """Asks, agrees to texts, and then says STOP."""
    person = _asks_then_stops(script, "STOP")
    person.stopped = True
    script.truth.stops.add(person.phone)


def returner(script: Script) -> None:
    """Says stop, and comes back."""
    person = _asks_then_stops(script, "unsubscribe")
    script.text(3, person, "START")


def _asks_then_stops(script: Script, word: str) -> Person:
    person = script.somebody()
    script.form(1, person, phone=True, email=True, consent_sms="on", consent_text="Text me offers.")
    script.again(script.text(2, person, word, opt_out_type="STOP" if word == "STOP" else ""))
    return person


def stranger(script: Script) -> None:
    """Says STOP and nothing else: remembered, and no lead."""
    number = script.casting.person().phone
    script.add(1, script.doors.twilio.text(sender=number, body=" Stop. "))
    script.truth.stops.add(number)


def withheld(script: Script) -> None:
    """Calls with a hidden number: nobody can tell who it was, so there is no lead."""
    call = script.doors.twilio.new_sid("CA")
    step = script.doors.twilio.call(call=call, caller="anonymous", status="completed", at=script.now, sequence=2)
    script.add(1, step)


def our_own_calls(script: Script) -> None:
    """What we sent and whom we called: reports about us, not about a lead."""
    twilio, number = script.doors.twilio, script.casting.person().phone
    sid = twilio.new_sid("SM")
    for status in ("delivered", "sent"):  # in the wrong order, as it happens
        script.add(2, twilio.delivery_report(receiver=number, status=status, sid=sid))
    script.add(2, twilio.outbound_call(call=twilio.new_sid("CA"), customer=number, at=script.now))


def chatter(script: Script, *, deliveries: int) -> None:
    """Fill up to the number of deliveries with small talk. Last, when every number is known: earlier it would merge."""
    texting = [person for person in script.truth.people if person.phone in person.shown and not person.stopped]
    private = [one for one in texting if sum(one.phone == other.phone for other in script.truth.people) == 1]
    while len(script.lines) < deliveries:
        script.text(3, script.rng.choice(private), script.rng.choice(CHATTER))
