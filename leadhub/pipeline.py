"""THE MAP: what happens to a signal, in order. Everything between the door and the CRM is one of these four stages.

    door ── InboundEvent ──▶ normalise ── Signal ──▶ resolve ── Lead ──▶ decide ── Assignment ──▶ push ── CRM

Each stage claims rows of `Work` (kernel), does them as a batch, and puts work for the next stage in the same commit.
A wake-up runs all four once; each drains until a claim comes back short.
"""

from dataclasses import dataclass

from celery import Celery, Signature, chain, signature
from django.conf import settings

from leadhub.celery import app
from leadhub.kernel import wake


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage: what its rows are about, the task that drains them, the queue, and how many rows one claim takes.

    `embedded` is the claim's size where one process does everything on SQLite: a batch holds the only writer's place
    while it is worked, about 50 ms, and the door waits behind it.
    """

    name: str
    subject: str
    task: str
    queue: str
    size: int
    embedded: int


STAGES = (
    Stage(
        name="normalise",
        subject="InboundEvent",
        task="capture.tasks.normalise",
        queue="pipeline",
        size=200,
        embedded=80,
    ),
    Stage(name="resolve", subject="Signal", task="identity.tasks.resolve", queue="pipeline", size=200, embedded=20),
    Stage(name="decide", subject="Lead", task="routing.tasks.decide", queue="pipeline", size=200, embedded=80),
    Stage(
        name="push",
        subject="Lead, once per CRM connection",
        task="crm_sync.tasks.push",
        queue="pipeline",
        size=100,
        embedded=80,
    ),
)


def steps() -> chain:
    """Make the Celery chain of one wake-up."""
    return chain(*(_step(stage) for stage in STAGES), app=app)


def _step(stage: Stage) -> Signature:
    size = stage.embedded if settings.EMBEDDED else stage.size
    return signature(stage.task, kwargs={"size": size}, immutable=True, queue=stage.queue, app=app)


def run_here() -> None:
    """Run the chain in this thread: embedded mode, `manage.py drain`, and tests."""
    steps().apply(throw=True)


def publish() -> None:
    """Send the chain to the workers unless one is already on its way."""
    if wake.take_token():
        steps().apply_async(expires=10)


def connect(*, broker: bool, celery: Celery = app) -> None:
    """Tell the waker how a wake-up is sent in this process."""
    celery.finalize(auto=True)
    # Only a Celery worker finds the tasks by itself; the web process of one node and `manage.py drain` run them too.
    celery.autodiscover_tasks([stage.task.partition(".")[0] for stage in STAGES], force=True)
    wake.configure(publish if broker else run_here)
