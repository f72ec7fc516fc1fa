"""Read stored deliveries again: `manage.py replay --source … --since …`."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from capture.log import STAGE
from capture.models import InboundEvent, Source
from leadhub.kernel import clock, work

AT_ONCE = 1000  # events put in one commit: short enough that the door is not held up


class Command(BaseCommand):
    """Put the work of normalising stored events again, behind everything live."""

    help = "Read stored deliveries again, such as after a fix. Harmless, even for the whole log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to choose the events by."""
        parser.add_argument("ids", nargs="*", type=UUID, help="ids of events")
        parser.add_argument("--source", help="only events of this source")
        parser.add_argument("--since", type=_moment, help="only events received since this time (ISO 8601)")
        parser.add_argument("--all", action="store_true", help="the whole log")

    def handle(self, *args: Any, **options: Any) -> None:
        """Put the work; the sweep of every worker finds it within a second."""
        if not any(options[name] for name in ("ids", "source", "since", "all")):
            raise CommandError("Say which events: ids, --source, --since, or --all for the whole log.")
        if options["source"] and not Source.objects.filter(slug=options["source"]).exists():
            raise CommandError(f"There is no source {options['source']!r}: `manage.py source list` shows them.")
        chosen = _chosen(options).order_by("id").values_list("id", flat=True).iterator(chunk_size=AT_ONCE)
        count = 0
        while subjects := list(islice(chosen, AT_ONCE)):
            work.put(stage=STAGE, subjects=subjects, now=clock.now(), lane=work.BACKFILL)
            count += len(subjects)
        self.stdout.write(f"{count} events will be read again. `manage.py status` shows how far it is.")


def _chosen(options: dict[str, Any]) -> QuerySet[InboundEvent]:
    events = InboundEvent.objects.all()
    if options["ids"]:
        events = events.filter(pk__in=options["ids"])
    if options["source"]:
        events = events.filter(source__slug=options["source"])
    if options["since"]:
        events = events.filter(received_at__gte=options["since"])
    return events


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
