"""The worker's door to identity."""

from celery import shared_task

from identity import services
from leadhub.kernel import clock, wake, work
from leadhub.kernel.work import Batch


def _resolve(batch: Batch) -> None:
    services.resolve(batch=batch, now=clock.now())


@shared_task(name="identity.tasks.resolve")
def resolve(*, size: int = 200, **_later: object) -> None:
    """Drain the signals that wait to be resolved."""
    if work.drain(stage="resolve", handle=_resolve, size=size):
        wake.pipeline()
