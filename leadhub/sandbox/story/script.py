"""What is sent, in which act, and the truth that must come of it (pure)."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from leadhub.sandbox.story.cast import Casting, Person
from leadhub.sandbox.telephony.parcel import Parcel
from leadhub.sandbox.telephony.twilio import Account
from leadhub.sandbox.telephony.visitors import ApiClient, WebPage

ACTS = {1: "strangers get in touch", 2: "they come back, and turn out to be the same", 3: "last words"}
ACCEPTED = 0  # instead of one status: a door may answer 200, 202 or 303


@dataclass(frozen=True, kw_only=True)
class Line:
    """One delivery: the request, and the status the door must answer with."""

    act: int
    parcel: Parcel
    status: int = ACCEPTED


@dataclass(kw_only=True)
class Truth:
    """What must be true when the story is over."""

    people: list[Person] = field(default_factory=list)
    nobodies: int = 0  # leads without any way to reach them: they stay out of the CRM
    repeats: int = 0
    merges: int = 0
    reviews: int = 0
    quarantined: int = 0
    stops: set[str] = field(default_factory=set)  # numbers that said STOP and did not come back
    refused: Counter[int] = field(default_factory=Counter)

    @property
    def leads(self) -> list[tuple[str, ...]]:
        """Give the contact points of every lead there must be."""
        return sorted([*(tuple(sorted(person.shown)) for person in self.people), *[()] * self.nobodies])


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Where the story happens: the doors' addresses and proofs, and time tokens for the web form."""

    twilio: Account
    page: WebPage
    client: ApiClient
    tokens: Iterator[str]


class Script:
    """Collects lines and truth as the roles are played."""

    def __init__(self, *, doors: Doors, casting: Casting, rng: random.Random, now: datetime) -> None:
        self.doors, self.casting, self.rng, self.now = doors, casting, rng, now
        self.lines: list[Line] = []
        self.truth = Truth()

    def somebody(self) -> Person:
        """Bring a new person on stage."""
        person = self.casting.person()
        self.truth.people.append(person)
        return person

    def add(self, act: int, parcel: Parcel, *, status: int = ACCEPTED) -> Line:
        """Write down one delivery."""
        line = Line(act=act, parcel=parcel, status=status)
        self.lines.append(line)
        if status:
            self.truth.refused[status] += 1
        return line

    def again(self, line: Line) -> None:
        """Send the very same thing twice, as providers do when they are not sure."""
        self.lines.append(line)
        self.truth.repeats += 1

    def text(self, act: int, person: Person, body: str, *, name: str = "", opt_out_type: str = "") -> Line:
        """Have a person send a text."""
        person.shown.add(person.phone)
        parcel = self.doors.twilio.text(sender=person.phone, body=body, name=name, opt_out_type=opt_out_type)
        return self.add(act, parcel)

    def form(self, act: int, person: Person, *, phone: bool, email: bool, **more: str) -> Line:
        """Have a person fill in the web form with what they choose to tell."""
        told = {"name": person.name} | more
        if phone:
            told["phone"] = person.typed_phone
            person.shown.add(person.phone)
        if email:
            told["email"] = person.email
            person.shown.add(person.email)
        return self.add(act, self.doors.page.submit(told, token=next(self.doors.tokens)))

    def act(self, number: int) -> list[Line]:
        """Give the lines of an act, in no good order."""
        lines = [line for line in self.lines if line.act == number]
        self.rng.shuffle(lines)
        return lines


Role = Callable[[Script], None]
