"""Turn a decided partition into leads: found, merge, undo merges, move profiles; ids stay as stable as they can be.

Works in memory on locked rows; `identity.writing` stores the result. A lead is founded on one profile, its anchor,
and never loses it. So whatever the partition says, every lead knows which cluster it stands for.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from identity.blocking import Component
from identity.decision import Partition, Skipped
from identity.models import Lead, Merge, Profile
from leadhub.kernel import ids

RESOLVER = "resolver"
MOST_EVIDENCE = 10


@dataclass
class Target:
    """A lead that must be projected again: from which leads' provenance, or in full when profiles left."""

    sources: set[UUID] = field(default_factory=set)
    profiles: set[bytes] = field(default_factory=set)
    full: bool = False


@dataclass
class Settled:
    """What changed. Leads and profiles are changed in place in the component."""

    founded: set[UUID] = field(default_factory=set)
    merged: list[Merge] = field(default_factory=list)
    undone: list[Merge] = field(default_factory=list)
    moved: set[bytes] = field(default_factory=set)
    targets: dict[UUID, Target] = field(default_factory=dict)
    reviews: list[tuple[UUID, UUID, Skipped]] = field(default_factory=list)

    @property
    def restructured(self) -> set[UUID]:
        """Give the leads whose standing changed, not only their values."""
        changed = set(self.founded)
        for merge in (*self.merged, *self.undone):
            changed |= {merge.absorbed_id, merge.survivor_id}
        return changed


def settle(component: Component, parted: Partition, *, now: datetime) -> Settled:
    """Make the leads of a component follow its partition."""
    settled = Settled()
    before = {digest: p.root_id for digest, p in component.profiles.items() if p.pk}
    _cut(component, parted, settled, now=now)
    survivors: dict[bytes, UUID] = {}
    for cluster in parted.clusters:
        survivor = _one_lead(component, cluster, settled, because=parted.joining(cluster)[:MOST_EVIDENCE], now=now)
        survivors |= dict.fromkeys(cluster, survivor)
        _gather(component, cluster, survivor, settled)
    _note_targets(before, survivors, settled)
    for skipped in parted.skipped:
        left, right = sorted((survivors[skipped.link.left], survivors[skipped.link.right]))
        settled.reviews.append((left, right, skipped))
    return settled


def _cut(component: Component, parted: Partition, settled: Settled, *, now: datetime) -> None:
    """Undo the resolver's merges whose two leads are no longer one person."""
    place = {digest: number for number, cluster in enumerate(parted.clusters) for digest in cluster}
    anchors = component.anchors()
    for merge in list(component.merges):
        absorbed, survivor = anchors.get(merge.absorbed_id), anchors.get(merge.survivor_id)
        if absorbed is None or survivor is None or place[absorbed] == place[survivor]:
            continue
        merge.undone_at, merge.undone_by = now, RESOLVER
        merge.undone_because = "What came in since decides otherwise."
        component.merges.remove(merge)
        settled.undone.append(merge)
        revive(component.leads[merge.absorbed_id])


def revive(lead: Lead) -> None:
    """Let an absorbed lead stand for itself again."""
    lead.state, lead.merged_into_id = Lead.State.ACTIVE, None


def _one_lead(
    component: Component,
    cluster: tuple[bytes, ...],
    settled: Settled,
    *,
    because: list[dict[str, object]],
    now: datetime,
) -> UUID:
    """Give the lead a cluster is known by; found one or merge several. The oldest id survives."""
    absorbed = {merge.absorbed_id for merge in component.merges}
    homes = {p.home_id for d in cluster if (p := component.profiles[d]).anchor}
    roots = sorted(home for home in homes if home not in absorbed)
    if not roots:
        return _found(component, component.profiles[cluster[0]], settled, now=now)
    for younger in roots[1:]:
        merge = Merge(survivor_id=roots[0], absorbed_id=younger, by=RESOLVER, because=because, merged_at=now)
        component.merges.append(merge)
        settled.merged.append(merge)
        lead = component.leads[younger]
        lead.state, lead.merged_into_id = Lead.State.MERGED, roots[0]
    return roots[0]


def _found(component: Component, profile: Profile, settled: Settled, *, now: datetime) -> UUID:
    lead = Lead(id=ids.new(), created_at=now, updated_at=now, version=0, membership=0)
    component.leads[lead.pk] = lead
    profile.home_id, profile.anchor = lead.pk, True
    settled.founded.add(lead.pk)
    settled.moved.add(bytes(profile.digest))
    return lead.pk


def _gather(component: Component, cluster: tuple[bytes, ...], survivor: UUID, settled: Settled) -> None:
    homes = {component.profiles[d].home_id for d in cluster if component.profiles[d].anchor}
    for digest in cluster:
        profile = component.profiles[digest]
        if not profile.anchor and profile.home_id not in homes:
            profile.home_id = survivor
            settled.moved.add(digest)
        if profile.root_id != survivor:
            profile.root_id = survivor
            settled.moved.add(digest)


def _note_targets(before: dict[bytes, UUID], survivors: dict[bytes, UUID], settled: Settled) -> None:
    """Say which leads gained or lost profiles. One that took over whole leads unites what they knew; else in full."""
    members: dict[UUID, set[bytes]] = {}
    for digest, root in before.items():
        members.setdefault(root, set()).add(digest)
    clusters: dict[UUID, set[bytes]] = {}
    for digest, lead in survivors.items():
        clusters.setdefault(lead, set()).add(digest)
    for lead, cluster in clusters.items():
        sources = {before[d] for d in cluster if d in before}
        if cluster == members.get(lead):
            continue
        whole = all(members[source] <= cluster for source in sources)
        settled.targets[lead] = Target(sources=sources, profiles=cluster, full=not whole)
