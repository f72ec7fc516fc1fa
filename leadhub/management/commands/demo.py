"""Show LeadHub at work: `manage.py demo [--once]`."""

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leadhub.kernel.errors import LeadHubError
from leadhub.sandbox.story import home
from leadhub.sandbox.story.crew import Broken
from leadhub.sandbox.story.report import Screen
from leadhub.sandbox.story.show import Wish, run

DELIVERIES = 300


class Command(BaseCommand):
    """Set everything up, send a story through the doors, and check what became of it."""

    help = "Start LeadHub with a simulated CRM, send signed deliveries through the doors, and check every outcome."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the demo's options."""
        parser.add_argument("--once", action="store_true", help="leave after the check, with exit code 0 or 1")
        parser.add_argument("--port", type=int, default=home.PORT, help="another one is taken if it is not free")
        parser.add_argument("--deliveries", type=int, default=DELIVERIES, help="how many to send, at least")

    def handle(self, *args: Any, **options: Any) -> None:
        """Give the demo. Exit code 1 when something did not come out as the script says."""
        if home.HOME not in os.environ:
            raise CommandError("The demo chooses its own folder before Django starts: run `python manage.py demo`.")
        wish = Wish(once=options["once"], deliveries=options["deliveries"])
        try:
            right = run(wish, screen=Screen())
        except (Broken, LeadHubError) as broken:
            raise CommandError(str(broken)) from broken
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        if not right:
            raise SystemExit(1)
        home.leave()
