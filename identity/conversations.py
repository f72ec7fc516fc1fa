"""Parts of one call that carry no contact point: a recording belongs to whoever made the call, whichever came first."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from capture.models import Signal
from identity.evidence import Shown
from identity.models import Profile, Resolution
from identity.rounds import Round
from leadhub.kernel import crypto


def key(conversation: str) -> bytes:
    """Give the digest under which the parts of a conversation are locked."""
    return crypto.digest("conversation", conversation)


def follow(shown: Sequence[Shown], done: Round, *, now: datetime) -> list[Resolution]:
    """Point every part without a contact point to the first part that has one; hold it while there is none.

    The first is by event time, so it is the same in whatever order the parts came. One query for all.
    """
    named = {one.signal.conversation for one in shown if one.personal and one.signal.conversation}
    if not named:
        return []
    here = {one.signal.pk: one for one in shown if one.personal}
    parts: dict[str, list[Shown]] = defaultdict(list)
    decided: dict[UUID, Resolution] = {}
    stored = Signal.objects.filter(conversation__in=named).select_related("source", "resolution__profile")
    for signal in stored:
        if hasattr(signal, "resolution"):
            decided[signal.pk] = signal.resolution
        one = here.get(signal.pk) or Shown(signal)
        if one.personal:
            parts[signal.conversation].append(one)
    rows = []
    for members in parts.values():
        leader = min((one for one in members if one.keys), key=lambda one: one.order, default=None)
        profile = _profile(leader, done) if leader else None
        for orphan in (one for one in members if one.orphan):
            if _new_for(profile, decided.get(orphan.signal.pk)):
                rows.append(_resolution(orphan, profile, now=now))
    return rows


def _profile(leader: Shown, done: Round) -> Profile | None:
    item = done.touched.get(leader.profile)
    if item is not None:
        return item.profile
    resolution = getattr(leader.signal, "resolution", None)
    return resolution.profile if resolution else None


def _new_for(profile: Profile | None, decided: Resolution | None) -> bool:
    """Tell whether this is news: a part that is still held, read again by a replay, is none."""
    if decided is None:
        return True
    return profile is not None and decided.profile_id != profile.pk


def _resolution(orphan: Shown, profile: Profile | None, *, now: datetime) -> Resolution:
    if profile is None:
        because = [{"note": "no part of this call has named a caller yet"}]
        return Resolution(signal=orphan.signal, outcome=Resolution.Outcome.HELD, because=because, decided_at=now)
    return Resolution(
        signal=orphan.signal,
        profile=profile,
        lead_id=profile.root_id,
        outcome=Resolution.Outcome.ATTACHED,
        because=[{"key": "conversation", "note": "part of a call whose caller is known"}],
        decided_at=now,
    )
