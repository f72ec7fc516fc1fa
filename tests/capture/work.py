"""Run the first stage and look at what it made."""

from capture import services
from capture.models import Signal
from leadhub.kernel import clock, work
from leadhub.kernel.models import Work


def drain() -> None:
    """Normalise everything that is due."""
    work.drain(stage="normalise", handle=lambda batch: services.normalise(batch=batch, now=clock.now()), size=200)


def the_signal() -> Signal:
    """Normalise everything and give the one signal there is."""
    drain()
    return Signal.objects.get()


def reasons() -> list[str]:
    """Normalise everything and list why rows were set aside."""
    drain()
    return list(Work.objects.filter(quarantined_at__isnull=False).order_by("id").values_list("reason", flat=True))
