"""Write what a round decided: profiles, keys, values, leads with history, merges, reviews. Bulk statements only."""

from collections.abc import Iterable
from uuid import UUID

from identity import projection, survivorship
from identity.blocking import keys_of
from identity.decision import evidence
from identity.models import IdentityKey, Lead, Merge, MergeReview, Profile
from identity.rounds import Round
from leadhub.kernel import history

ROWS = 500


def write(this: Round) -> None:
    """Store the round in the caller's transaction. Foreign keys are checked at its end, so the order is free."""
    _profiles(this)
    projection.store(this.values_by_profile())
    _leads(this)
    # Undone before made: a lead may leave one survivor for another, and has one live merge at any time.
    Merge.objects.bulk_update(this.settled.undone, ["undone_at", "undone_by", "undone_because"])
    Merge.objects.bulk_create(this.settled.merged, batch_size=ROWS)
    _reviews(this)


def _profiles(this: Round) -> None:
    fresh = [t.profile for t in this.touched.values() if t.fresh]
    Profile.objects.bulk_create(fresh, batch_size=ROWS)
    IdentityKey.objects.bulk_create(
        [IdentityKey(kind=kind, digest=digest, profile=p) for p in fresh for kind, digest in keys_of(p)],
        batch_size=ROWS,
    )
    changed = {bytes(t.profile.digest): t.profile for t in this.touched.values() if not t.fresh}
    made = {bytes(profile.digest) for profile in fresh}
    changed |= {d: this.component.profiles[d] for d in this.settled.moved - made - changed.keys()}
    rows = sorted(changed.values(), key=lambda profile: profile.pk)
    Profile.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["home", "root", "anchor", "order", "first_touch", "last_touch"],
        batch_size=ROWS,
    )


def _leads(this: Round) -> None:
    full = projection.in_full([lead_id for lead_id, target in this.settled.targets.items() if target.full])
    structural, restructured = this.structural, this.settled.restructured | this.restated
    rows: list[Lead] = []
    causes: dict[UUID, history.Cause] = {}
    for lead_id in sorted({*this.settled.targets, *structural}):
        lead = this.component.leads[lead_id]
        fields, founded, touched = _project(this, lead, full.get(lead_id))
        if fields or lead_id in restructured:
            lead.version += 1
            causes[lead_id] = this.causes[lead_id]
        if fields or touched or lead_id in structural:
            lead.membership += lead_id in structural
            lead.updated_at = this.now
            this.changed.add(lead_id)
        if founded or lead_id in this.changed:
            rows.append(lead)
    history.write(rows, causes=causes, new=frozenset(this.settled.founded), now=this.now)


def _project(this: Round, lead: Lead, full: dict[str, dict[str, str]] | None) -> tuple[bool, bool, bool]:
    """Project one lead; tell whether fields changed, whether any was better founded, whether its touches changed."""
    target = this.settled.targets.get(lead.pk)
    if target is None:
        return False, False, False
    provenance = full
    if provenance is None:
        known = survivorship.unite(this.component.leads[source].provenance for source in sorted(target.sources))
        provenance = survivorship.fold(known, this.deltas(lead.pk))
    return *projection.apply(lead, provenance), _touch(this, lead)


def _touch(this: Round, lead: Lead) -> bool:
    target = this.settled.targets[lead.pk]
    if target.full:
        first, last = projection.touches(p for p in this.component.profiles.values() if p.root_id == lead.pk)
    else:
        mine = [item.profile for item in this.by_lead.get(lead.pk, ())]
        known = [this.component.leads[source] for source in target.sources]
        first = survivorship.earliest([*(p.first_touch for p in mine), *(k.first_touch for k in known)])
        last = survivorship.latest([*(p.last_touch for p in mine), *(k.last_touch for k in known)])
    if (lead.first_touch, lead.last_touch) == (first, last):
        return False
    lead.first_touch, lead.last_touch = first, last
    return True


def _reviews(this: Round) -> None:
    fresh = {digest for digest, item in this.touched.items() if item.fresh}
    wanted: dict[tuple[UUID, UUID], MergeReview] = {}
    for left, right, skipped in this.settled.reviews:
        link = skipped.link
        # A pair that a person keeps apart is asked about again only when a new signal bridges it.
        if skipped.reason == "barred" and not fresh & {link.left, link.right}:
            continue
        wanted.setdefault(
            (left, right),
            MergeReview(
                left_id=left, right_id=right, reason=skipped.reason, because=[evidence(link)], opened_at=this.now
            ),
        )
    MergeReview.objects.bulk_create([wanted[pair] for pair in sorted(wanted)], ignore_conflicts=True, batch_size=ROWS)
    if this.settled.merged:
        _settle_reviews(
            this, {lead_id for merge in this.settled.merged for lead_id in (merge.survivor_id, merge.absorbed_id)}
        )


def _settle_reviews(this: Round, leads: Iterable[UUID]) -> None:
    """Close the open reviews between leads that are one now."""
    MergeReview.objects.filter(state=MergeReview.State.OPEN, left__in=leads, right__in=leads).update(
        state=MergeReview.State.MOOT, closed_at=this.now, closed_by=this.actor
    )
