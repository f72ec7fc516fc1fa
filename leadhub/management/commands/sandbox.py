"""`manage.py sandbox hubspot`: run a simulator of the outside world as its own process."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from leadhub.sandbox.hubspot.__main__ import add_arguments, serve


class Command(BaseCommand):
    """Run a simulator until interrupted."""

    help = "Run a simulator (loopback only). Faults: POST /__sandbox__/faults; what happened: GET /__sandbox__/stats."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the simulator's name and its options."""
        kinds = parser.add_subparsers(dest="kind", required=True)
        add_arguments(kinds.add_parser("hubspot", help="contacts of a HubSpot portal"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve."""
        serve(port=options["port"], token=options["token"], store=options["store"], rate=options["rate"])
