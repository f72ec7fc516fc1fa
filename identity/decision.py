"""Decide which profiles are one person: a pure function of profiles and human decisions.

Links are taken in one fixed order: weight, then the event times of both ends, then their digests. A link that would
join a barred or contradicting pair, or grow a cluster past the cap, is skipped and reported. So arrival order,
duplicates and delays cannot change the result.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from identity.keys import WEIGHT
from identity.matching.people import Agreement, Person, compare

NAMES_AGREE = 2
"""What agreeing names add to a link's weight; less than any key."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A profile as the decision sees it. `keys` are the strong keys that still identify: crowded ones left out."""

    id: bytes
    order: str
    person: Person
    keys: Mapping[bytes, str]  # digest -> kind


@dataclass(frozen=True, kw_only=True)
class Link:
    """Two profiles that share strong keys."""

    left: bytes
    right: bytes
    weight: int
    kinds: tuple[str, ...]
    names: Agreement


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A link that was not followed, and why: contradiction, barred or cap."""

    link: Link
    reason: str


@dataclass(frozen=True, kw_only=True)
class Partition:
    """The clusters, each in order of its profiles' first signals; the links that joined them, and those refused."""

    clusters: tuple[tuple[bytes, ...], ...]
    skipped: tuple[Skipped, ...]
    followed: tuple[Link, ...] = ()

    def joining(self, profiles: Collection[bytes]) -> list[dict[str, object]]:
        """Give as evidence the links by which some of these profiles were joined."""
        found = {id(link): link for profile in profiles for link in self._by_end.get(profile, ())}
        return [evidence(link) for link in found.values()]

    @cached_property
    def _by_end(self) -> Mapping[bytes, list[Link]]:
        ends: dict[bytes, list[Link]] = defaultdict(list)
        for link in self.followed:
            ends[link.left].append(link)
            ends[link.right].append(link)
        return ends


def evidence(link: Link) -> dict[str, object]:
    """Write a link down for people: the kinds of keys shared, how the names stand, and the weight."""
    return {"keys": list(link.kinds), "names": link.names.value, "weight": link.weight}


def links(nodes: Iterable[Node]) -> list[Link]:
    """List all links in the order they are taken."""
    by_key: dict[bytes, list[Node]] = defaultdict(list)
    for node in nodes:
        for digest in node.keys:
            by_key[digest].append(node)
    pairs: dict[tuple[bytes, bytes], tuple[Node, Node]] = {}
    for sharers in by_key.values():
        for one, other in combinations(sorted(sharers, key=_place), 2):
            pairs[one.id, other.id] = (one, other)
    ordered = sorted(((_link(*pair), pair) for pair in pairs.values()), key=_turn)
    return [link for link, _pair in ordered]


def _place(node: Node) -> tuple[str, bytes]:
    return node.order, node.id


def _turn(item: tuple[Link, tuple[Node, Node]]) -> tuple[int, str, str, bytes, bytes]:
    link, (one, other) = item
    return -link.weight, one.order, other.order, one.id, other.id


def _link(one: Node, other: Node) -> Link:
    kinds = tuple(sorted(one.keys[digest] for digest in one.keys.keys() & other.keys.keys()))
    names = compare(one.person, other.person)
    weight = sum(WEIGHT[kind] for kind in kinds) + (NAMES_AGREE if names is Agreement.AGREE else 0)
    return Link(left=one.id, right=other.id, weight=weight, kinds=kinds, names=names)


class _Clusters:
    """Union-find that remembers who is in each cluster, to see contradictions before they are joined."""

    def __init__(self, nodes: Sequence[Node], barred: Collection[frozenset[bytes]], cap: int) -> None:
        self.of = {node.id: node.id for node in nodes}
        self.members = {node.id: [node] for node in nodes}
        self.people = {node.id: {node.person} for node in nodes}
        self.cap = cap
        self.foes: dict[bytes, set[bytes]] = defaultdict(set)
        for pair in barred:
            one, other = tuple(pair)
            self.foes[one].add(other)
            self.foes[other].add(one)

    def find(self, node: bytes) -> bytes:
        while self.of[node] != node:
            self.of[node] = self.of[self.of[node]]
            node = self.of[node]
        return node

    def refusal(self, one: bytes, other: bytes) -> str:
        """Say why two clusters must not be joined, or nothing."""
        mine, theirs = self.members[one], self.members[other]
        theirs_ids = {node.id for node in theirs}
        if any(self.foes[node.id] & theirs_ids for node in mine if node.id in self.foes):
            return "barred"
        if any(compare(a, b) is Agreement.CONTRADICT for a in self.people[one] for b in self.people[other]):
            return "contradiction"
        return "cap" if len(mine) + len(theirs) > self.cap else ""

    def join(self, one: bytes, other: bytes) -> None:
        keep, gone = sorted((one, other), key=lambda root: (-len(self.members[root]), root))
        self.of[gone] = keep
        self.members[keep] += self.members.pop(gone)
        self.people[keep] |= self.people.pop(gone)


def partition(
    nodes: Sequence[Node],
    *,
    barred: Collection[frozenset[bytes]] = (),
    confirmed: Collection[frozenset[bytes]] = (),
    cap: int,
) -> Partition:
    """Cluster the profiles.

    In: profiles with their identifying keys; pairs a person barred; pairs a person confirmed (joined first,
    whatever their names say); the most profiles a cluster may reach without a person.
    """
    clusters = _Clusters(nodes, barred, cap)
    for one, other in sorted(tuple(sorted(pair)) for pair in confirmed):
        left, right = clusters.find(one), clusters.find(other)
        if left != right:
            clusters.join(left, right)
    skipped, followed = [], []
    for link in links(nodes):
        left, right = clusters.find(link.left), clusters.find(link.right)
        if left == right:
            continue
        reason = clusters.refusal(left, right)
        if reason:
            skipped.append(Skipped(link=link, reason=reason))
        else:
            followed.append(link)
            clusters.join(left, right)
    found = sorted((sorted(members, key=_place) for members in clusters.members.values()), key=lambda c: _place(c[0]))
    return Partition(
        clusters=tuple(tuple(node.id for node in cluster) for cluster in found),
        skipped=tuple(s for s in skipped if clusters.find(s.link.left) != clusters.find(s.link.right)),
        followed=tuple(followed),
    )
