"""Load the part of the identity graph a change can touch: profiles, joined by strong keys, merges and decisions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q

from identity.decision import Node
from identity.keys import LEAD
from identity.matching.people import Person
from identity.models import CannotLink, IdentityKey, KeyUse, Lead, Merge, Profile

MOST_PROFILES = 600
"""Where a walk stops. Crowding keeps real components far below; a walk that gets here was made to."""


@dataclass
class Component:
    """Profiles by digest, with everything the decision needs to know of them. May hold several components at once."""

    profiles: dict[bytes, Profile] = field(default_factory=dict)
    leads: dict[UUID, Lead] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)  # live ones
    cannot: list[CannotLink] = field(default_factory=list)
    crowded: set[bytes] = field(default_factory=set)

    def add(self, profile: Profile) -> None:
        """Take in a profile, new or stored."""
        self.profiles[bytes(profile.digest)] = profile

    def nodes(self) -> list[Node]:
        """Give the profiles as the decision sees them."""
        return [
            Node(
                id=digest,
                order=profile.order,
                person=Person.of(profile.facts),
                keys={d: kind for kind, d in keys_of(profile) if d not in self.crowded},
            )
            for digest, profile in self.profiles.items()
        ]

    def anchors(self) -> dict[UUID, bytes]:
        """Give the founding profile of each lead."""
        return {profile.home_id: digest for digest, profile in self.profiles.items() if profile.anchor}

    def barred(self) -> set[frozenset[bytes]]:
        """Give the pairs of founding profiles that a person said are not the same."""
        return self._pairs((c.left_id, c.right_id) for c in self.cannot)

    def confirmed(self) -> set[frozenset[bytes]]:
        """Give the pairs of founding profiles that a person said are the same."""
        return self._pairs((m.survivor_id, m.absorbed_id) for m in self.merges if m.confirmed)

    def _pairs(self, leads: Iterable[tuple[UUID, UUID]]) -> set[frozenset[bytes]]:
        anchors = self.anchors()
        return {frozenset((anchors[a], anchors[b])) for a, b in leads if a in anchors and b in anchors}


def keys_of(profile: Profile) -> list[tuple[str, bytes]]:
    """Read a profile's strong keys."""
    return [(kind, bytes.fromhex(digest)) for kind, digest in profile.keys]


def crowded_among(digests: Iterable[bytes]) -> set[bytes]:
    """Give those of the keys that stopped identifying."""
    wanted = list(digests)
    if not wanted:
        return set()
    return {bytes(d) for d in KeyUse.objects.filter(digest__in=wanted, crowded=True).values_list("digest", flat=True)}


def walk(*, seeds: Sequence[Profile], also: Iterable[bytes] = ()) -> Component:
    """Load every profile reachable from the seeds over identifying keys, common leads and live merges.

    `also` are keys whose profiles belong to the seeds as well, such as a key that has just become crowded.
    Three queries a round, two rounds for real people, however many signals they sent.
    """
    found = Component()
    asked: set[bytes] = set()
    for seed in seeds:
        found.add(seed)
    extra, roots = set(also), {seed.root_id for seed in seeds if seed.pk}
    while len(found.profiles) < MOST_PROFILES:
        digests = {d for p in found.profiles.values() for _kind, d in keys_of(p)} - asked
        found.crowded |= crowded_among(digests)
        asked |= digests
        fresh = _load(found, (digests - found.crowded) | extra, roots)
        extra, roots = set(), set()
        if not fresh:
            break
    _load_decisions(found)
    return found


def _load(found: Component, digests: set[bytes], roots: set[UUID]) -> bool:
    """Take in the whole lead of every profile that shows one of the keys."""
    near = (
        set(IdentityKey.objects.filter(digest__in=digests).values_list("profile_id", flat=True)) if digests else set()
    )
    known = {p.pk for p in found.profiles.values() if p.pk}
    if not (near - known) and not roots:
        return False
    leads = set(roots) | set(Profile.objects.filter(pk__in=near - known).values_list("root_id", flat=True))
    rows = Profile.objects.filter(root_id__in=leads).select_related("root")[: MOST_PROFILES + 1]
    fresh = [p for p in rows if p.pk not in known]
    for profile in fresh:
        found.add(profile)
    return bool(fresh)


def _load_decisions(found: Component) -> None:
    homes = {p.home_id for p in found.profiles.values() if p.pk}
    if not homes:
        return
    found.merges = list(Merge.objects.filter(undone_at=None).filter(Q(survivor__in=homes) | Q(absorbed__in=homes)))
    found.cannot = list(CannotLink.objects.filter(lifted_at=None, left__in=homes, right__in=homes))


def profiles_with(digests: Iterable[bytes]) -> Mapping[bytes, set[UUID]]:
    """Give, per contact point, the leads that have it today."""
    rows = IdentityKey.objects.filter(digest__in=list(digests)).exclude(kind=LEAD)
    result: dict[bytes, set[UUID]] = {}
    for digest, root in rows.values_list("digest", "profile__root_id"):
        result.setdefault(bytes(digest), set()).add(root)
    return result
