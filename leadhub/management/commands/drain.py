"""Work until nothing is due: `manage.py drain`."""

from argparse import ArgumentParser
from datetime import timedelta
from time import sleep
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max

from leadhub import pipeline
from leadhub.kernel import backlog, clock
from leadhub.kernel.models import Breaker, Work

PAUSE = 0.2  # seconds


class Command(BaseCommand):
    """Run all stages in this process until nothing is due."""

    help = "Run all stages here until nothing is due. Safe beside running workers: rows are claimed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the command's options."""
        parser.add_argument(
            "--wait",
            type=float,
            default=0.0,
            metavar="SECONDS",
            help="also wait this long for retries and other workers",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Drain. Raises CommandError when what is left cannot be worked now."""
        enough = clock.now() + timedelta(seconds=options["wait"])
        while True:
            before = _mark()
            pipeline.run_here()
            due, later = _left()
            if due and _mark() != before:
                self.stdout.write(f"{due} still due")
                continue
            if not (due or later) or clock.now() >= enough:
                break
            sleep(PAUSE)
        if due:
            raise CommandError(f"{due} rows are due and cannot be worked now. {_why()}")
        aside = Work.objects.filter(backlog.quarantined()).count()
        self.stdout.write(f"Nothing is due. {later} planned for later, {aside} set aside for a person.")


def _left() -> tuple[int, int]:
    now = clock.now()
    due = Work.objects.filter(backlog.due(now)).count()
    return due, Work.objects.filter(due_at__gt=now).count()


def _mark() -> tuple[Any, ...]:
    """Give something that differs whenever any row was worked."""
    found = Work.objects.filter(due_at__isnull=False).aggregate(token=Max("token"), due=Max("due_at"), newest=Max("id"))
    return (*_left(), *found.values())


def _why() -> str:
    shut = Breaker.objects.exclude(state=Breaker.State.CLOSED).order_by("name")
    return " ".join(f"{one.name} is {one.get_state_display()} ({one.reason})." for one in shut) or (
        "Another process may hold them: look at `manage.py status`."
    )
