"""Worker doors of capture."""

from celery import shared_task

from capture import services
from capture.log import STAGE
from leadhub.kernel import clock, wake, work
from leadhub.kernel.work import Batch


@shared_task(name="capture.tasks.normalise")
def normalise(*, size: int = 200, **_later: object) -> None:
    """Drain the first stage. The wake-up token goes first: what is committed from here on brings its own wake-up."""
    wake.drop_token()
    if work.drain(stage=STAGE, handle=_one_batch, size=size):
        wake.pipeline()


def _one_batch(batch: Batch) -> None:
    services.normalise(batch=batch, now=clock.now())
