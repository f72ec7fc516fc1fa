"""What people decide about leads: the same, not the same, take it back. Each takes the resolver's locks and rules."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from identity import resolver
from identity.blocking import crowded_among, keys_of
from identity.models import CannotLink, Lead, Merge, MergeReview, Profile
from identity.rounds import Round
from leadhub.kernel import locks, work
from leadhub.kernel.errors import Permanent


class Refused(Permanent):
    """The request makes no sense for these leads; the sentence says why."""


@transaction.atomic
def merge(*, keep: UUID, absorb: UUID, by: str, because: str, now: datetime) -> Merge:
    """Say that two leads are one person: `absorb` becomes part of `keep`. A person's word; the resolver keeps it.

    Raises Refused for a lead and itself, an erased, unknown or already merged one.
    """
    if keep == absorb:
        raise Refused("A lead cannot be merged with itself.")
    profiles = _hold(keep, absorb)
    leads = _standing(keep, absorb)
    if leads[absorb].state == Lead.State.MERGED or leads[keep].state == Lead.State.MERGED:
        raise Refused("One of these leads is already merged into another; merge the survivors instead.")
    _lift_bars(profiles, now=now)
    merged = Merge.objects.create(
        survivor_id=keep, absorbed_id=absorb, by=by, confirmed=True, because=[{"note": because}], merged_at=now
    )
    _absorb(leads[absorb], leads[keep])
    _rearrange(profiles, by=by, because=because, now=now, also={keep, absorb})
    _close_reviews({keep, absorb}, MergeReview.State.MERGED, by=by, now=now)
    return merged


@transaction.atomic
def unmerge(*, merge_id: UUID, by: str, because: str, now: datetime) -> Merge:
    """Take a merge back: both leads are as if never merged, plus what came since, and stay apart from now on.

    Signals that came since are decided again; one that belongs to both goes to the heavier side and is flagged.
    Raises Refused when the merge is unknown or was undone before.
    """
    found = Merge.objects.filter(pk=merge_id).first()
    if found is None:
        raise Refused("There is no such merge.")
    profiles = _hold(found.survivor_id, found.absorbed_id)
    found = Merge.objects.select_for_update().get(pk=merge_id)
    if found.undone_at is not None:
        raise Refused("This merge was undone before.")
    found.undone_at, found.undone_by, found.undone_because = now, by, because[:300]
    found.save(update_fields=["undone_at", "undone_by", "undone_because"])
    _release(found)
    _bar(found.survivor_id, found.absorbed_id, by=by, because=because, now=now)
    resting = _resting_on(profiles, found)
    _rearrange(profiles, by=by, because=because, now=now, also={found.survivor_id, found.absorbed_id})
    _review_resting(resting, now=now)
    return found


@transaction.atomic
def cannot_link(*, left: UUID, right: UUID, by: str, because: str, now: datetime) -> CannotLink:
    """Say that two leads are different people; no key and no score joins them again.

    Raises Refused for a lead and itself, and while a person's merge of the two stands.
    """
    if left == right:
        raise Refused("A lead cannot differ from itself.")
    profiles = _hold(left, right)
    _standing(left, right)
    if Merge.objects.filter(undone_at=None, confirmed=True, survivor__in=[left, right], absorbed__in=[left, right]):
        raise Refused("A person merged these two; undo that merge first.")
    barred = _bar(left, right, by=by, because=because, now=now)
    _rearrange(profiles, by=by, because=because, now=now, also=set())
    _close_reviews({left, right}, MergeReview.State.APART, by=by, now=now)
    return barred


def _hold(*lead_ids: UUID) -> list[Profile]:
    """Lock the keys of both leads' whole clusters, then give their profiles."""
    roots = set(Lead.objects.filter(pk__in=lead_ids).values_list("own_profiles__root", flat=True)) - {None}
    profiles = list(Profile.objects.filter(root__in=roots).select_related("root"))
    digests = {d for p in profiles for _kind, d in keys_of(p)}
    locks.wait_for(digests - crowded_among(digests))
    return list(Profile.objects.filter(root__in=roots).select_related("root"))


def _standing(*lead_ids: UUID) -> dict[UUID, Lead]:
    leads = {lead.pk: lead for lead in Lead.objects.select_for_update().filter(pk__in=lead_ids).order_by("pk")}
    if len(leads) < len(set(lead_ids)):
        raise Refused("There is no such lead.")
    if any(lead.state == Lead.State.ERASED for lead in leads.values()):
        raise Refused("One of these leads was erased.")
    return leads


def _absorb(lead: Lead, survivor: Lead) -> None:
    lead.state, lead.merged_into = Lead.State.MERGED, survivor
    _restate(lead)


def _release(merge: Merge) -> None:
    lead = Lead.objects.select_for_update().get(pk=merge.absorbed_id)
    lead.state, lead.merged_into = Lead.State.ACTIVE, None
    _restate(lead)


def _restate(lead: Lead) -> None:
    """Store the lead's standing; its history row follows when the component is decided again."""
    lead.save_without_historical_record()  # type: ignore[attr-defined]


def _bar(one: UUID, other: UUID, *, by: str, because: str, now: datetime) -> CannotLink:
    left, right = sorted((one, other))
    barred, _made = CannotLink.objects.get_or_create(
        left_id=left, right_id=right, lifted_at=None, defaults={"by": by, "because": because[:300], "created_at": now}
    )
    return barred


def _lift_bars(profiles: Iterable[Profile], *, now: datetime) -> None:
    """A person says they are the same, so what kept the two clusters apart no longer holds."""
    homes = {p.home_id for p in profiles}
    CannotLink.objects.filter(lifted_at=None, left__in=homes, right__in=homes).update(lifted_at=now)


def _rearrange(profiles: list[Profile], *, by: str, because: str, now: datetime, also: set[UUID]) -> Round:
    done = resolver.rearrange(seeds=profiles, actor=by, reason=because, restated=also, now=now)
    work.put(stage="decide", subjects=done.changed | also, now=now)
    return done


def _resting_on(profiles: Iterable[Profile], undone: Merge) -> list[Merge]:
    """Find other merges by people inside the same cluster: they were decided while this one stood."""
    homes = {p.home_id for p in profiles}
    rows = Merge.objects.filter(undone_at=None, confirmed=True, merged_at__gte=undone.merged_at)
    return list(rows.filter(survivor__in=homes, absorbed__in=homes).exclude(pk=undone.pk))


def _review_resting(resting: Iterable[Merge], *, now: datetime) -> None:
    reviews = []
    for merge in resting:
        left, right = sorted((merge.survivor_id, merge.absorbed_id))
        note = {"note": "A merge this one rested on was undone. Do these two still belong together?"}
        reviews.append(MergeReview(left_id=left, right_id=right, reason="rested", because=[note], opened_at=now))
    MergeReview.objects.bulk_create(reviews, ignore_conflicts=True)


def _close_reviews(leads: set[UUID], state: str, *, by: str, now: datetime) -> None:
    MergeReview.objects.filter(state=MergeReview.State.OPEN, left__in=leads, right__in=leads).update(
        state=state, closed_at=now, closed_by=by
    )


def settle_review(*, review_id: UUID, same: bool, by: str, because: str, now: datetime) -> Mapping[str, UUID]:
    """Answer a review: the same person (the older lead survives), or not. Gives the merge's id, or the survivors'.

    Raises Refused when it was answered before.
    """
    review = MergeReview.objects.filter(pk=review_id, state=MergeReview.State.OPEN).first()
    if review is None:
        raise Refused("This review was settled before.")
    pair = {lead.pk: lead.merged_into_id for lead in Lead.objects.filter(pk__in=[review.left_id, review.right_id])}
    left, right = sorted(current or lead_id for lead_id, current in pair.items())
    if same and left != right:
        done = {"merge": merge(keep=left, absorb=right, by=by, because=because, now=now).pk}
    elif same:
        done = {"lead": left}
    else:
        cannot_link(left=review.left_id, right=review.right_id, by=by, because=because, now=now)
        done = {"left": review.left_id, "right": review.right_id}
    state = MergeReview.State.MERGED if same else MergeReview.State.APART
    MergeReview.objects.filter(pk=review_id, state=MergeReview.State.OPEN).update(
        state=state, closed_at=now, closed_by=by
    )
    return done
