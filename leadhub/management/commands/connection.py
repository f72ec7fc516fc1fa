"""`manage.py connection add|list|check|enable|disable|token`: the CRM accounts LeadHub keeps true."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm_sync import connections
from crm_sync.connectors.registry import CONNECTORS
from crm_sync.models import Connection
from leadhub.kernel import clock
from leadhub.kernel.errors import LeadHubError
from leadhub.kernel.models import Breaker, Work


class Command(BaseCommand):
    help = "Add, list, check, enable and disable CRM connections."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="add a CRM account and switch it on")
        add.add_argument("kind", choices=sorted(CONNECTORS))
        add.add_argument("--slug", required=True)
        add.add_argument("--url", required=True, help="such as https://api.hubapi.com")
        add.add_argument("--token", required=True, help="the access token of the CRM's private app")
        verbs.add_parser("list", help="show all connections and how they are")
        for verb, does in (
            ("check", "look whether the account can be worked with"),
            ("enable", "push every lead from now on"),
            ("disable", "send nothing any more"),
        ):
            verbs.add_parser(verb, help=does).add_argument("slug")
        token = verbs.add_parser("token", help="replace the access token")
        token.add_argument("slug")
        token.add_argument("--token", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except LeadHubError as refused:
            raise CommandError(str(refused)) from refused

    def _add(self, options: dict[str, Any]) -> None:
        made = connections.add(
            kind=options["kind"],
            slug=options["slug"],
            base_url=options["url"],
            token=options["token"],
            now=clock.now(),
        )
        self.stdout.write(f"{made.slug} is on: every lead is pushed to {made.base_url}")

    def _list(self, _options: dict[str, Any]) -> None:
        breakers = {row.name: row for row in Breaker.objects.all()}
        for one in Connection.objects.order_by("slug"):
            state = breakers.get(one.service)
            how = f"{state.get_state_display()} {state.reason}".strip() if state else "closed: calls flow"
            waiting = Work.objects.filter(stage=one.stage).count()
            on = "on" if one.enabled else "off"
            self.stdout.write(f"{one.slug}  {one.kind}  {one.base_url}  {on}  {how}  {waiting} waiting")

    def _check(self, options: dict[str, Any]) -> None:
        problems = connections.preflight(connection=_named(options["slug"]))
        if problems:
            raise CommandError("\n".join(connections.in_words(problem) for problem in problems))
        self.stdout.write(f"{options['slug']} is well")

    def _enable(self, options: dict[str, Any]) -> None:
        self._check(options)
        connections.enable(connection=_named(options["slug"]), now=clock.now())
        self.stdout.write(f"{options['slug']} is on")

    def _disable(self, options: dict[str, Any]) -> None:
        connections.disable(connection=_named(options["slug"]))
        self.stdout.write(f"{options['slug']} is off")

    def _token(self, options: dict[str, Any]) -> None:
        connections.set_token(connection=_named(options["slug"]), token=options["token"], now=clock.now())
        self.stdout.write(f"{options['slug']} has a new token")


def _named(slug: str) -> Connection:
    found = Connection.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"there is no connection {slug}: `manage.py connection list` shows them")
    return found
