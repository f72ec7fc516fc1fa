"""The people of the story: invented, on numbers that regulators keep for fiction (pure)."""

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

AREAS = ("212", "305", "312", "415", "512", "617", "702", "206", "303", "404")  # with 555-01xx
FIRST = (
    "Amara", "Bjorn", "Camille", "Dmitri", "Esperanza", "Farid", "Greta", "Hideo", "Imogen", "Jabari", "Katarina",
    "Leopold", "Mireille", "Nkechi", "Oswald", "Priya", "Quentin", "Rosalind", "Svetlana", "Thaddeus", "Ulrike",
    "Vikram", "Wilhelmina", "Xiomara", "Yusuf", "Zoë", "Alasdair", "Beatriz", "Cornelius", "Deepika",
)  # fmt: skip
LAST = (
    "Abernathy", "Bellweather", "Castellanos", "Drummond", "Eriksson", "Featherstone", "Grimaldi", "Hawthorne",
    "Iwasaki", "Jankowski", "Kirkpatrick", "Lindqvist", "Montague", "Núñez", "Okonkwo", "Pemberton", "Quigley",
    "Rosenthal", "Szymanski", "Tremblay", "Underhill", "Vasquez", "Wetherby", "Xanthopoulos", "Youngblood",
    "Zimmermann",
)  # fmt: skip
PLAIN = str.maketrans("ëúñ", "eun")


@dataclass(kw_only=True)
class Person:
    """One person as the story knows them. `shown` is what they have told of themselves so far: the truth to check."""

    first: str
    last: str
    phone: str
    email: str
    shown: set[str] = field(default_factory=set)
    stopped: bool = False

    @property
    def name(self) -> str:
        """Give the full name."""
        return f"{self.first} {self.last}"

    @property
    def typed_phone(self) -> str:
        """Give the phone as a person types it into a form: Americans leave out the country."""
        digits = self.phone
        return f"({digits[2:5]}) {digits[5:8]}-{digits[8:]}" if digits.startswith("+1") else digits


class Casting:
    """Deals out people, none twice, and no phone number that is taken already."""

    def __init__(self, *, rng: random.Random, taken: Collection[str] = (), tag: str = "") -> None:
        self._tag = f".{tag}" if tag else ""
        self._names = self._all_names(rng)
        self._phones = (phone for phone in self._all_phones(rng) if phone not in taken)

    def person(self) -> Person:
        """Give somebody new."""
        first, last = next(self._names)
        local = f"{first}.{last}".lower().translate(PLAIN)
        return Person(first=first, last=last, phone=next(self._phones), email=f"{local}{self._tag}@example.com")

    def _all_names(self, rng: random.Random) -> Iterator[tuple[str, str]]:
        names = [(first, last) for first in FIRST for last in LAST]
        rng.shuffle(names)
        return iter(names)

    def _all_phones(self, rng: random.Random) -> Iterator[str]:
        phones = [f"+1{area}55501{number:02}" for area in AREAS for number in range(100)]
        phones += [f"+4420794600{number:02}" for number in range(100)]  # London
        phones += [f"+493023125{number:03}" for number in range(100)]  # Berlin
        rng.shuffle(phones)
        return iter(phones)
