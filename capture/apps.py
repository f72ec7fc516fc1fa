from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from capture.guards import EVENT, SIGNAL
from leadhub.kernel import triggers


class CaptureConfig(AppConfig):
    name = "capture"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Ask for the triggers that keep the log, and put them back after migrations that rebuilt a table."""
        triggers.expect(EVENT)
        triggers.expect(SIGNAL)
        post_migrate.connect(_ensure_triggers, sender=self)


def _ensure_triggers(*, using: str, **_signal: Any) -> None:
    triggers.ensure(connections[using])
