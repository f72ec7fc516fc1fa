"""The worker's door to routing."""

from celery import shared_task

from leadhub.kernel import clock, wake, work
from routing import services


@shared_task(name="routing.tasks.decide")
def decide(*, size: int = 200, **_later: object) -> None:
    """Decide about leads until nothing is due."""
    if work.drain(stage=services.STAGE, handle=_decide, size=size):
        wake.pipeline()


def _decide(batch: work.Batch) -> None:
    services.decide(batch=batch, now=clock.now())
