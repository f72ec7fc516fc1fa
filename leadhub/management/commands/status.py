"""Say how far the pipeline is: `manage.py status [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count

from leadhub.kernel import backlog, clock
from leadhub.kernel.backlog import StageBacklog
from leadhub.kernel.models import Breaker, Work

COLUMNS = ("due", "in_flight", "waiting", "quarantined")
MOST_REASONS = 20


class Command(BaseCommand):
    """Print what is due, in flight, waiting and set aside, per stage, and what stops calls."""

    help = "Show what is due, in flight, waiting and quarantined per stage, the oldest age, and open breakers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the command's options."""
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the status."""
        stages = backlog.stages(now=clock.now())
        reasons = _reasons()
        breakers = [
            {"name": one.name, "state": one.state, "reason": one.reason, "blocked_until": one.blocked_until}
            for one in Breaker.objects.order_by("name")
        ]
        if options["json"]:
            said = {"stages": [asdict(stage) for stage in stages], "quarantine": reasons, "breakers": breakers}
            self.stdout.write(json.dumps(said, default=str))
            return
        self._table(stages)
        for row in reasons:
            self.stdout.write(f"  {row['count']:>6} × {row['stage']}: {row['reason']}")
        for one in breakers:
            until = f" until {one['blocked_until']:%H:%M:%S}" if one["blocked_until"] else ""
            self.stdout.write(f"  {one['name']}: {one['state']}{until} {one['reason']}".rstrip())

    def _table(self, stages: list[StageBacklog]) -> None:
        if not stages:
            self.stdout.write("Nothing to do: every accepted delivery is worked to its end.")
            return
        self.stdout.write(
            "stage".ljust(28) + "".join(name.replace("_", " ").rjust(13) for name in (*COLUMNS, "oldest"))
        )
        for stage in stages:
            counts = "".join(f"{getattr(stage, name):>13}" for name in COLUMNS)
            self.stdout.write(f"{stage.stage:28}{counts}{stage.oldest_seconds:>11.1f} s")


def _reasons() -> list[dict[str, Any]]:
    rows = Work.objects.filter(backlog.quarantined()).values("stage", "reason").annotate(count=Count("id"))
    return [dict(row) for row in rows.order_by("-count", "stage", "reason")[:MOST_REASONS]]
