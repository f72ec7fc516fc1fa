"""See when a key is used by a crowd: a switchboard, info@, an agent's line. It then stops identifying, for good.

Counted over what signals show, not over leads, and only ever upwards: so arrival order cannot matter.
"""

from collections.abc import Iterable, Mapping

from django.conf import settings

from identity import keys
from identity.blocking import keys_of
from identity.matching.people import Person
from identity.models import KeyUse, Profile
from identity.survivorship import short_digest

MOST_VARIANTS = 40
"""Distinct profiles on one contact point before it is a crowd whatever they say."""


def notice(*, fresh: Iterable[Profile]) -> set[bytes]:
    """Count new profiles on their keys; give the keys that became crowded just now. One read, at most one write."""
    seen: dict[bytes, dict[str, set[str]]] = {}
    kinds: dict[bytes, str] = {}
    for profile in fresh:
        for kind, digest in keys_of(profile):
            if kind == keys.LEAD:
                continue
            kinds[digest] = kind
            for aspect, value in _shown(profile, kind).items():
                seen.setdefault(digest, {}).setdefault(aspect, set()).add(value)
    if not seen:
        return set()
    known = {bytes(use.digest): use for use in KeyUse.objects.filter(digest__in=list(seen))}
    changed: list[KeyUse] = []
    for digest, people in sorted(seen.items()):
        use = known.get(digest) or KeyUse(digest=digest, kind=kinds[digest])
        if use.crowded or not _add(use, people):
            continue
        changed.append(use)
    crowded = {bytes(use.digest) for use in changed if use.crowded}
    KeyUse.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["digest"], update_fields=["people", "crowded"]
    )
    return crowded


def _shown(profile: Profile, kind: str) -> Mapping[str, str]:
    """Give what a profile shows of who uses a key of this kind; an address says nothing about its own crowd."""
    person = Person.of(profile.facts)
    shown = {"profile": bytes(profile.digest)[:8].hex()}
    if person.first:
        shown["name"] = short_digest(person.first.split()[0][:4]).hex()
    if person.born:
        shown["born"] = short_digest(person.born).hex()
    others = [digest for other, digest in keys_of(profile) if other == keys.EMAIL]
    if kind != keys.EMAIL and others:
        shown["email"] = others[0][:8].hex()
    return shown


def _add(use: KeyUse, people: Mapping[str, set[str]]) -> bool:
    changed = False
    for aspect, values in people.items():
        known = set(use.people.get(aspect, []))
        if values <= known:
            continue
        use.people[aspect] = sorted(known | values)
        changed = True
        limit = MOST_VARIANTS if aspect == "profile" else settings.LEADHUB_CROWDED_AFTER
        if use.kind != keys.EXTERNAL or aspect == "name":
            use.crowded = use.crowded or len(use.people[aspect]) > limit
    return changed
