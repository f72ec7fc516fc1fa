"""manage.py token: make, list and revoke tokens for the API."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from leadhub.kernel import tokens
from leadhub.kernel.models import ApiToken


class Command(BaseCommand):
    """Make, list and revoke tokens for the API."""

    help = "Make, list and revoke tokens for the API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the three verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="make a token for a person and print it, once")
        add.add_argument("user")
        add.add_argument("--name", required=True, help="what it is for")
        verbs.add_parser("list", help="show which tokens there are")
        revoke = verbs.add_parser("revoke", help="delete the token with this readable start")
        revoke.add_argument("prefix", help="the first 12 characters, as `token list` shows them")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the verb says."""
        {"add": self._add, "list": self._list, "revoke": self._revoke}[options["verb"]](options)

    def _add(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}: make one with `manage.py createsuperuser`.")
        _, plain = tokens.issue(user=user, name=options["name"])
        self.stdout.write(plain)
        self.stderr.write("This is the only time the token is shown. Send it as: Authorization: Bearer <token>")
        if not user.is_staff:
            self.stderr.write(f"{user.username} is not staff, so the API will refuse the token until that changes.")

    def _list(self, options: dict[str, Any]) -> None:
        rows = ApiToken.objects.select_related("user").order_by("user__username", "name")
        for row in rows:
            used = f"{row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never used"
            self.stdout.write(f"{row.prefix:<14}{row.user.username:<20}{row.name:<30}{used}")
        if not rows:
            self.stdout.write("No tokens yet. `manage.py token add <user> --name <what for>` makes one.")

    def _revoke(self, options: dict[str, Any]) -> None:
        if not tokens.revoke(prefix=options["prefix"]):
            raise CommandError(f"No token starts with {options['prefix']!r}: `manage.py token list` shows them.")
        self.stdout.write("Revoked. It opens nothing from now on.")
