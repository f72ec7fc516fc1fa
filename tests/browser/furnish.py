"""Fill a fresh house with people, so that every page has something to show. Run in a process of its own."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadhub.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - needs the apps
from django.core.management import call_command  # noqa: E402

from leadhub.kernel import clock  # noqa: E402
from leadhub.kernel.models import Breaker  # noqa: E402
from routing.models import Owner  # noqa: E402
from tests.api.world import ANN, Desk, drain, open_desk  # noqa: E402


def main() -> None:
    """Make the account, the door and the people."""
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("boss", password=os.environ["BROWSER_PASSWORD"])
    Owner.objects.create(name="Olga Owner", email="olga@example.com", territories=["US"])
    people(open_desk())
    Breaker.objects.create(name="hubspot", state=Breaker.State.OPEN, reason="HubSpot is slow", changed_at=clock.now())


def people(desk: Desk) -> None:
    """Deliver some signals: a lead, two pairs to review, a merge, and one that cannot be read."""
    desk.lead(**ANN, company="Lee & Sons", city="San Francisco", message="Hello <b>there</b>, please call me")
    for number in ("+14155550177", "+14155550166"):
        desk.lead(phone=number, first_name="Bob", last_name="Stone")
        desk.lead(phone=number, first_name="Zoltan", last_name="Kovacs")
    desk.lead(phone="+14155550199")
    desk.lead(email="cora@example.com", first_name="Cora")
    desk.lead(phone="+14155550199", email="cora@example.com")
    desk.lead(email="dora@example.com", first_name="Dora", last_name="First")
    desk.lead(phone="+14155550144", last_name="First")
    desk.says(email=["not", "text"])
    drain()


if __name__ == "__main__":
    main()
