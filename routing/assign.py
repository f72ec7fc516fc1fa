"""Choose who takes a lead: the owners of its territory take turns, the least loaded first (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from routing.policy import ANYWHERE, Place


@dataclass(kw_only=True)
class Seat:
    """One owner at the desk while a batch is dealt out; `take` counts what the batch gave them."""

    owner_id: int
    name: str
    territories: frozenset[str]
    assigned: int
    last_assigned_at: datetime | None
    taken: int = 0

    def take(self, *, now: datetime) -> None:
        """Count one more lead."""
        self.assigned += 1
        self.taken += 1
        self.last_assigned_at = now

    @property
    def turn(self) -> tuple[int, float, int]:
        """Give the place in the queue: fewest leads, then longest without one, then the oldest owner."""
        waited_since = self.last_assigned_at.timestamp() if self.last_assigned_at else 0.0
        return self.assigned, waited_since, self.owner_id


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Who takes the lead, or nobody, with the reasons in sentences."""

    seat: Seat | None
    territory: str
    because: tuple[str, ...]


def choose(*, place: Place, territories: Sequence[str], desk: Sequence[Seat]) -> Choice:
    """Choose the seat whose turn it is in the nearest territory that anybody has."""
    where = _where(place)
    for territory in territories:
        entitled = [seat for seat in desk if territory in seat.territories]
        if entitled:
            seat = min(entitled, key=lambda one: one.turn)
            return Choice(seat=seat, territory=territory, because=(where, _why(territory, seat, entitled)))
    return Choice(seat=None, territory="", because=(where, _why_nobody(territories, desk)))


def _where(place: Place) -> str:
    if not place.country:
        return "Nothing says where the lead is."
    return f"The lead is in {place.name}; we know it by {place.known_by}."


def _why(territory: str, seat: Seat, entitled: Sequence[Seat]) -> str:
    owned = "every place without an owner of its own" if territory == ANYWHERE else territory
    if len(entitled) == 1:
        return f"{seat.name} alone takes {owned}."
    return f"{len(entitled)} owners share {owned}; it is {seat.name}'s turn with {seat.assigned} leads so far."


def _why_nobody(territories: Sequence[str], desk: Sequence[Seat]) -> str:
    if not desk:
        return "There is no enabled owner. Add one under Routing, Owners; this lead is then decided again."
    tried = ", ".join(territories) or "any territory"
    return f"No enabled owner has {tried}. Give somebody that territory, or `{ANYWHERE}` for all that is left over."
