"""The Celery application. It carries wake-ups, never leads."""

import os
from typing import Any

from celery import Celery, signals
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadhub.settings")

app = Celery("leadhub")
app.add_defaults(lambda: settings.CELERY)  # read when first needed: Django is configured by then
app.autodiscover_tasks()


@signals.worker_init.connect
def _insist(**_ignored: Any) -> None:
    """Refuse to start a worker on settings that cannot be used."""
    from leadhub import checks  # noqa: PLC0415 - Django is set up only now

    checks.insist()


@signals.worker_ready.connect
def _sweep(**_ignored: Any) -> None:
    """Let the worker's parent sweep each second, so that a wiped broker delays nothing for long."""
    from leadhub.kernel import wake  # noqa: PLC0415 - Django is set up only now

    wake.start()


@signals.setup_logging.connect
def _keep_our_logging(**_ignored: Any) -> None:
    """Stop Celery from replacing the logging that the settings describe."""
