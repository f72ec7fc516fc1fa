"""Open, list, rotate and close doors."""

import getpass
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from capture import doors, selectors, services
from capture.channels import registry
from capture.channels.base import Secret
from leadhub.kernel import clock
from leadhub.kernel.errors import Permanent


class Command(BaseCommand):
    help = "Open a door for a provider (add), list the doors, give one a new secret (rotate), close it (disable)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="open a door; prints its address and, once, its secret")
        add.add_argument("adapter", choices=sorted(registry.ADAPTERS.keys() - {"manual"}))
        add.add_argument("--slug", required=True, help="the last part of the door's address")
        add.add_argument("--name", default="")
        add.add_argument("--region", default="US", help="country of phone numbers without a country code")
        add.add_argument("--trust", type=int, default=50, help="0 to 100; breaks ties between equal moments")
        add.add_argument("--consent-text-version", default="")
        add.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
        add.add_argument("--secret", default="", help="what the provider signs with, such as Twilio's auth token")
        actions.add_parser("list", help="show all doors")
        rotate = actions.add_parser("rotate", help="give a door a new secret; the one before stays good")
        rotate.add_argument("slug")
        rotate.add_argument("--secret", default="")
        rotate.add_argument("--drop-old", action="store_true", help="refuse the secret before at once")
        for action in ("disable", "enable"):
            actions.add_parser(action).add_argument("slug")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(Namespace(**options))
        except Permanent as refused:
            raise CommandError(str(refused)) from refused
        except ValidationError as invalid:
            complaints = (f"{name}: {' '.join(said)}" for name, said in invalid.message_dict.items())
            raise CommandError(" ".join(complaints)) from invalid
        except IntegrityError as taken:
            raise CommandError(f"a source {options['slug']!r} exists already") from taken

    def _add(self, given: Namespace) -> None:
        made = services.add_source(
            slug=given.slug,
            adapter=given.adapter,
            by=_me(),
            now=clock.now(),
            name=given.name,
            region=given.region,
            secret=_secret(given.adapter, given.secret),
            options=dict(_option(text) for text in given.option),
            trust=given.trust,
            consent_text_version=given.consent_text_version,
        )
        self._show(made)

    def _rotate(self, given: Namespace) -> None:
        adapter = next((s.adapter for s in selectors.sources() if s.slug == given.slug), "")
        secret = _secret(adapter, given.secret) if adapter else given.secret
        self._show(
            services.rotate_secret(
                slug=given.slug, by=_me(), now=clock.now(), secret=secret, keep_old=not given.drop_old
            )
        )

    def _disable(self, given: Namespace) -> None:
        services.disable_source(slug=given.slug, by=_me(), now=clock.now())
        self.stdout.write(f"{given.slug} is closed; it answers 404 within two seconds.")

    def _enable(self, given: Namespace) -> None:
        services.enable_source(slug=given.slug, by=_me(), now=clock.now())
        self.stdout.write(f"{given.slug} is open.")

    def _list(self, given: Namespace) -> None:
        found = selectors.sources()
        for source in found:
            state = "open" if source.enabled else "closed"
            self.stdout.write(f"{source.slug:<24} {source.adapter:<14} {state:<7} {doors.url_of(source.slug)}")
        if not found:
            self.stdout.write("No doors yet: `manage.py source add <adapter> --slug <name>` opens one.")

    def _show(self, made: services.Opened) -> None:
        self.stdout.write(f"address: {made.url}")
        if made.secret:
            self.stdout.write(f"secret:  {made.secret}")
            self.stdout.write("The secret is shown this once; only a digest of it is kept.")


def _me() -> str:
    return f"{getpass.getuser()} (command)"


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise CommandError(f"--option takes NAME=VALUE, not {text!r}")
    return name, value


def _secret(adapter: str, given: str) -> str:
    """Ask for the provider's secret where it is needed and there is somebody to ask."""
    if given or registry.adapter(adapter).secret is not Secret.PASTED or not sys.stdin.isatty():
        return given
    return getpass.getpass("The provider's secret (for Twilio the auth token): ")
