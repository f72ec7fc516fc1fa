"""Invented people for drills and benchmarks, and what they send: signed, through every kind of door."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from capture import services as capture
from leadhub.kernel import clock
from leadhub.sandbox.telephony.parcel import Parcel
from leadhub.sandbox.telephony.twilio import Account
from leadhub.sandbox.telephony.visitors import ApiClient

AUTH_TOKEN = "tests-auth-token"
FIRST = ("Ada", "Bruno", "Chloe", "Dmitri", "Esther", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Keiko", "Liam")
LAST = ("Abel", "Brandt", "Costa", "Dubois", "Eriksen", "Fontana", "Grant", "Horvat", "Ivanov", "Jansen")


@dataclass(frozen=True)
class Somebody:
    """A person with one phone and one address; the number makes them unlike everybody else."""

    number: int

    @property
    def phone(self) -> str:
        """Give a valid number of the San Francisco area."""
        return f"+1415{2_000_000 + self.number:07d}"

    @property
    def email(self) -> str:
        """Give an address of their own."""
        return f"{self.first.lower()}.{self.number}@example.org"

    @property
    def first(self) -> str:
        """Give the first name."""
        return FIRST[self.number % len(FIRST)]

    @property
    def last(self) -> str:
        """Give the last name."""
        return LAST[self.number // len(FIRST) % len(LAST)]


@dataclass
class Doors:
    """The doors of a drill, and who posts to them."""

    twilio: Account
    api: ApiClient

    @classmethod
    def open(cls, *, seed: int, web_url: str) -> "Doors":
        """Make an SMS, a voice and an API door."""
        rng, now = random.Random(seed), clock.now()
        sms = capture.add_source(slug="sms", adapter="twilio_sms", secret=AUTH_TOKEN, by="drill", now=now)
        voice = capture.add_source(slug="voice", adapter="twilio_voice", secret=AUTH_TOKEN, by="drill", now=now)
        api = capture.add_source(slug="api", adapter="json_api", by="drill", now=now)
        del sms, voice
        return cls(
            twilio=Account(
                token=AUTH_TOKEN, number="+14155550199", rng=rng, sms_url=f"{web_url}/in/sms/",
                voice_url=f"{web_url}/in/voice/",
            ),
            api=ApiClient(url=f"{web_url}/in/api/", key=api.secret, rng=rng),
        )  # fmt: skip

    def everything(self, person: Somebody, *, rounds: int) -> Iterator[Parcel]:
        """Give what one person sends: texts, submissions that name phone and e-mail, in turn."""
        for turn in range(rounds):
            if turn % 3 == 1:
                yield self.submission(person, city=f"City {turn}")
            else:
                yield self.twilio.text(sender=person.phone, body=f"Hello, question {turn}")

    def submission(self, person: Somebody, **more: str) -> Parcel:
        """Give an API submission with everything that identifies a person."""
        return self.api.submit(
            {
                "first_name": person.first, "last_name": person.last, "email": person.email, "phone": person.phone,
                **more,
            }
        )  # fmt: skip
