"""Who may be contacted. Deny unless granted; a withdrawal wins until the person later grants again by their own act."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from capture.contracts import Consent
from capture.models import InboundEvent
from capture.normalise.email import match_form
from identity import keys
from identity.blocking import profiles_with
from identity.evidence import Shown
from identity.models import ConsentEntry, IdentityKey
from leadhub.kernel import crypto

MARKETING = "marketing"
OWN_ACTS = frozenset({"sms_keyword", "web_box", "double_opt_in", "dtmf", "speech"})
"""Grounds on which a person's own act can lift their withdrawal. An import or a sync never can."""


def digest_of(*, point_kind: str, point: str) -> bytes:
    """Give the keyed digest a contact point is filed under; the same one identity keys use."""
    return crypto.digest(point_kind, match_form(point) if point_kind == keys.EMAIL else point)


def record(shown: Sequence[Shown], *, now: datetime) -> set[UUID]:
    """Append what signals say about consent to the ledger; give the leads whose contact points it concerns."""
    entries = [entry for one in shown for entry in _entries(one, now=now)]
    if not entries:
        return set()
    ConsentEntry.objects.bulk_create(entries, ignore_conflicts=True)
    found = profiles_with({bytes(entry.point) for entry in entries})
    return {lead for leads in found.values() for lead in leads}


def points_in(one: Shown) -> set[bytes]:
    """Give the digests of the contact points a signal says something about."""
    return {digest_of(point_kind=claim["point_kind"], point=claim["point"]) for claim in one.signal.consents}


def _entries(one: Shown, *, now: datetime) -> Iterable[ConsentEntry]:
    for part, claim in enumerate(one.signal.consents):
        yield ConsentEntry(
            point_kind=claim["point_kind"],
            point=digest_of(point_kind=claim["point_kind"], point=claim["point"]),
            purpose=claim["purpose"],
            channel=claim["channel"],
            state=claim["state"],
            basis=claim["basis"],
            text=claim.get("text", ""),
            text_version=one.signal.source.consent_text_version,
            jurisdiction=one.signal.source.region,
            signal=one.signal,
            part=part,
            occurred_at=one.signal.occurred_at,
            recorded_at=now,
        )


def may_contact(*, point_kind: str, point: str, channel: str, purpose: str) -> bool:
    """Tell whether this contact point may be used now: granted, and not withdrawn since. Reads the door's marks too."""
    digest = digest_of(point_kind=point_kind, point=point)
    entries = ConsentEntry.objects.filter(point=digest, channel=channel)
    told = [(e.occurred_at, e.state, e.basis, e.purpose) for e in entries]
    withdrawn = [at for at, state, _basis, _purpose in told if state == Consent.WITHDRAWN.value]
    withdrawn += [at for at, _digest in _door_stops({digest}, channel)]
    granted = [
        at
        for at, state, basis, about in told
        if state == Consent.GRANTED.value and about == purpose and (basis in OWN_ACTS or not withdrawn)
    ]
    return bool(granted) and (not withdrawn or max(granted) > max(withdrawn))


def opted_out(*, points: Mapping[bytes, str]) -> dict[bytes, set[str]]:
    """Give, per contact point digest, the channels on which it said stop and has not come back. Two queries.

    A CRM's mark knows no purposes, and people send advertising by it: so only a grant for that takes it away.
    """
    last_out: dict[tuple[bytes, str], datetime] = {}
    last_in: dict[tuple[bytes, str], datetime] = {}
    rows = ConsentEntry.objects.filter(point__in=list(points)).values_list(
        "point", "channel", "state", "basis", "purpose", "occurred_at"
    )
    for point, channel, state, basis, purpose, at in rows:
        if state == Consent.WITHDRAWN.value:
            _later(last_out, (bytes(point), channel), at)
        elif basis in OWN_ACTS and purpose == MARKETING:
            _later(last_in, (bytes(point), channel), at)
    for at, (digest, channel) in ((at, where) for at, where in _door_stops(set(points), "")):
        _later(last_out, (digest, channel), at)
    result: dict[bytes, set[str]] = {}
    for (point, channel), at in last_out.items():
        came_back = last_in.get((point, channel))
        if came_back is None or came_back <= at:
            result.setdefault(point, set()).add(channel)
    return result


def _later(into: dict[tuple[bytes, str], datetime], key: tuple[bytes, str], at: datetime) -> None:
    if key not in into or into[key] < at:
        into[key] = at


def _door_stops(digests: set[bytes], channel: str) -> Iterable[tuple[datetime, tuple[bytes, str]]]:
    """Give the STOP words the door saw, also those whose event was not worked yet or is quarantined."""
    rows = InboundEvent.objects.filter(opt_point__in=list(digests), opt=InboundEvent.Opt.OUT)
    if channel:
        rows = rows.filter(opt_channel=channel)
    for point, where, at in rows.values_list("opt_point", "opt_channel", "received_at"):
        yield at, (bytes(point or b""), where)


def points_of(lead_ids: Iterable[UUID]) -> dict[UUID, dict[bytes, str]]:
    """Give each lead's contact points: {lead: {digest: kind}}."""
    rows = IdentityKey.objects.filter(profile__root__in=list(lead_ids), kind__in=[keys.PHONE, keys.EMAIL]).values_list(
        "profile__root_id", "digest", "kind"
    )
    result: dict[UUID, dict[bytes, str]] = {}
    for lead_id, digest, kind in rows:
        result.setdefault(lead_id, {})[bytes(digest)] = kind
    return result
