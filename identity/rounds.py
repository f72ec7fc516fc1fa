"""What one round of resolving works on and what it found out (shared by deciding and writing)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from identity.blocking import Component
from identity.decision import Partition
from identity.evidence import Shown
from identity.models import Profile
from identity.projection import values_of
from identity.settling import Settled
from identity.survivorship import Held
from leadhub.kernel.history import Cause


@dataclass
class Touched:
    """One profile and what this batch says of it."""

    profile: Profile
    fresh: bool
    shown: list[Shown]
    reordered: bool = False

    @cached_property
    def values(self) -> list[tuple[str, Held]]:
        """Give the ranked values its signals bring."""
        return [value for one in self.shown for value in values_of(one)]


@dataclass
class Round:
    """Everything one call to the resolver, or one decision of a person, works on."""

    now: datetime
    actor: str = "resolver"
    reason: str = ""
    restated: set[UUID] = field(default_factory=set)  # leads whose standing a person's decision changed
    component: Component = field(default_factory=Component)
    parted: Partition | None = None
    settled: Settled = field(default_factory=Settled)
    touched: dict[bytes, Touched] = field(default_factory=dict)
    crowded_now: set[bytes] | None = None
    causes: dict[UUID, Cause] = field(default_factory=dict)
    changed: set[UUID] = field(default_factory=set)  # leads that later stages should look at again

    @property
    def structural(self) -> set[UUID]:
        """Give the leads whose members changed."""
        changed = self.settled.restructured | self.restated
        for lead_id, target in self.settled.targets.items():
            if target.profiles:
                changed |= {lead_id, *target.sources}
        return changed

    @cached_property
    def by_lead(self) -> Mapping[UUID, list[Touched]]:
        """Group what was touched by the lead it belongs to; ask only when that is decided."""
        groups: dict[UUID, list[Touched]] = defaultdict(list)
        for item in self.touched.values():
            groups[item.profile.root_id].append(item)
        return groups

    def deltas(self, lead_id: UUID) -> list[tuple[str, Held]]:
        """Give the values this batch brings to one lead."""
        return [value for item in self.by_lead.get(lead_id, ()) for value in item.values]

    def values_by_profile(self) -> Mapping[int, list[tuple[str, Held]]]:
        """Give the values this batch brings, by stored profile."""
        return {item.profile.pk: item.values for item in self.touched.values()}
