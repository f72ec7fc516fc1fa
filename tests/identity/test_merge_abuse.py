"""Merging as an attacker, or two people at once, would do it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection, connections
from django.test import override_settings

from identity import services
from identity.models import Lead, Merge, MergeReview
from leadhub.kernel import clock
from leadhub.kernel.errors import Retryable
from tests.identity.signals import Said, invariants, lead_of, tell

PHONES = [f"+1415555010{n}" for n in range(6)]


def three() -> list[UUID]:
    return [lead_of(signal).pk for signal in tell(*[Said({"phone": phone}) for phone in PHONES[:3]], size=1)]


def merge(keep: UUID, absorb: UUID) -> Merge:
    return services.merge(keep=keep, absorb=absorb, by="ann", because="test", now=clock.now())


@pytest.mark.django_db
def test_no_merge_makes_a_circle() -> None:
    one, two, three_ = three()
    merge(one, two)
    merge(three_, one)
    for keep, absorb in permutations([one, two, three_], 2):
        with pytest.raises(services.Refused):
            merge(keep, absorb)
    with pytest.raises(services.Refused):
        merge(one, one)
    assert list(invariants()) == []


@pytest.mark.django_db
@override_settings(LEADHUB_CLUSTER_CAP=4)
def test_a_chain_of_shared_numbers_does_not_swallow_everybody() -> None:
    mails = [f"p{n}@example.org" for n in range(7)]
    chain = [Said({"phone": PHONES[n // 2 % 6], "email": mails[(n + 1) // 2]}, minute=n) for n in range(12)]
    tell(*chain, size=1)
    assert Lead.objects.filter(state="active").count() > 1
    assert MergeReview.objects.filter(reason="cap").exists()
    assert list(invariants()) == []


@pytest.mark.django_db(transaction=True)
def test_merges_of_the_same_three_at_the_same_moment_leave_one_truth() -> None:
    pairs = list(permutations(three(), 2))
    start = Barrier(len(pairs))

    def attempt(pair: tuple[UUID, UUID]) -> str:
        try:
            start.wait(20)
            return _again(lambda: merge(*pair))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(pairs)) as pool:
        outcomes = list(pool.map(attempt, pairs))
    assert sorted(outcomes) == ["merged"] * 2 + ["refused"] * 4
    assert Lead.objects.filter(state="active").count() == 1
    assert Merge.objects.filter(undone_at=None).count() == 2
    assert list(invariants()) == []
    assert not connection.in_atomic_block


def _again(act: Callable[[], object]) -> str:
    for _ in range(20):
        try:
            act()
        except services.Refused:
            return "refused"
        except Retryable:
            continue
        return "merged"
    return "gave up"
