"""Find out whose signals these are. One transaction works a whole batch; the statements do not grow with it.

signals → profiles → the component they touch, under lock → partition (pure) → leads, merges, reviews
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings

from identity import blocking, crowding, survivorship, writing
from identity.decision import partition
from identity.evidence import Shown
from identity.models import Lead, Profile
from identity.rounds import Round, Touched
from identity.settling import Target, settle
from leadhub.kernel.errors import Retryable
from leadhub.kernel.history import Cause

TRIES = 5


def resolve(shown: Sequence[Shown], *, now: datetime) -> Round:
    """Attach, create or merge for signals that show something of a person. Locks on their keys must be held."""
    crowded_now: set[bytes] | None = None
    for _attempt in range(TRIES):
        this = Round(now=now, touched=_profiles(shown), crowded_now=crowded_now)
        if _load_and_lock(this):
            break
        crowded_now = this.crowded_now
    else:
        raise Retryable("These leads are changing too fast; a moment later it will fit.", after=0.2)
    _decide(this)
    writing.write(this)
    return this


def rearrange(
    *, seeds: Sequence[Profile], actor: str, reason: str, restated: frozenset[UUID] | set[UUID], now: datetime
) -> Round:
    """Decide a component again after a person's decision, under the same locks and rules as for signals.

    `restated` are leads whose standing the caller changed already; their history gets a row as well.
    """
    for _attempt in range(TRIES):
        this = Round(now=now, actor=actor, reason=reason, restated=set(restated))
        this.component = blocking.walk(seeds=seeds)
        if _lock(this):
            break
    else:
        raise Retryable("These leads are changing too fast; please try again.", after=0.2)
    _decide(this)
    writing.write(this)
    return this


def _profiles(shown: Iterable[Shown]) -> dict[bytes, Touched]:
    """Group signals by the profile they belong to; note those that move a profile's first moment earlier."""
    by_digest: dict[bytes, list[Shown]] = defaultdict(list)
    for one in shown:
        by_digest[one.profile].append(one)
    stored = {bytes(p.digest): p for p in Profile.objects.filter(digest__in=list(by_digest)).select_related("root")}
    touched = {}
    for digest, signals in by_digest.items():
        profile = stored.get(digest)
        item = Touched(profile=profile or _new(digest, signals[0]), fresh=profile is None, shown=list(signals))
        item.reordered = _take_in(item.profile, signals)
        touched[digest] = item
    return touched


def _new(digest: bytes, shown: Shown) -> Profile:
    return Profile(
        digest=digest,
        facts=shown.person.facts(),
        keys=[[kind, key.hex()] for kind, key in shown.keys],
        order=shown.order,
    )


def _take_in(profile: Profile, signals: Sequence[Shown]) -> bool:
    """Fold the signals' times into the profile; tell whether its place in the order changed."""
    touches = [one.touch() for one in signals]
    profile.first_touch = survivorship.earliest([profile.first_touch, *touches])
    profile.last_touch = survivorship.latest([profile.last_touch, *touches])
    earliest = min(one.order for one in signals)
    if earliest < profile.order:
        profile.order = earliest
        return True
    return False


def _load_and_lock(this: Round) -> bool:
    """Load the component every structural change can touch, then lock its leads and see that nothing moved."""
    if this.crowded_now is None:
        this.crowded_now = crowding.notice(fresh=[t.profile for t in this.touched.values() if t.fresh])
    seeds = [t.profile for t in this.touched.values() if t.fresh or t.reordered]
    if seeds or this.crowded_now:
        this.component = blocking.walk(seeds=seeds, also=this.crowded_now)
    for digest, item in this.touched.items():
        walked = this.component.profiles.get(digest)
        if walked is not None and walked is not item.profile:
            _take_in(walked, item.shown)
            item.profile = walked
        elif walked is None:
            this.component.leads.setdefault(item.profile.root_id, item.profile.root)
    return _lock(this)


def _lock(this: Round) -> bool:
    """Lock all leads concerned in id order; False when one changed its members since it was read."""
    read = {p.root_id: p.root.membership for p in this.component.profiles.values() if p.pk}
    read |= {t.profile.root_id: t.profile.root.membership for t in this.touched.values() if t.profile.pk}
    wanted = set(read) | {p.home_id for p in this.component.profiles.values() if p.pk}
    if not wanted:
        this.component.leads = {}
        return True
    rows = Lead.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    this.component.leads = {lead.pk: lead for lead in rows}
    return all(this.component.leads[lead_id].membership == seen for lead_id, seen in read.items())


def _decide(this: Round) -> None:
    component = this.component
    if component.profiles:
        parted = partition(
            component.nodes(),
            barred=component.barred(),
            confirmed=component.confirmed(),
            cap=settings.LEADHUB_CLUSTER_CAP,
        )
        this.settled = settle(component, parted, now=this.now)
        this.parted = parted
    for item in this.touched.values():
        root = item.profile.root_id
        this.settled.targets.setdefault(root, Target(sources={root}))
    _name_causes(this)


def _name_causes(this: Round) -> None:
    """Say for each lead which signal (the latest of the batch) or which person changed it."""
    for item in this.touched.values():
        last = max(item.shown, key=lambda one: one.order).signal
        this.causes[item.profile.root_id] = Cause(
            actor=f"{last.channel}:{last.source.slug}",
            reason=f"{last.kind} signal",
            signal_id=last.pk,
            trace=str(getattr(last, "trace", "")),
        )
    for lead_id in (*this.settled.targets, *this.settled.restructured, *this.restated):
        this.causes.setdefault(lead_id, Cause(actor=this.actor, reason=this.reason or "the resolver decided again"))
