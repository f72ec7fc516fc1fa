"""Set the stage: doors, owners, a CRM connection and a login, through the same services an operator uses."""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from capture import services as doors
from capture.models import Source
from crm_sync import connections
from crm_sync.models import Connection
from identity.models import Lead
from leadhub.sandbox.hubspot.app import DEFAULT_TOKEN
from leadhub.sandbox.story.playbook import FORMS
from leadhub.sandbox.story.script import Doors
from leadhub.sandbox.telephony.twilio import Account
from leadhub.sandbox.telephony.visitors import ApiClient, WebPage
from leadhub.sandbox.telephony.wire import Wire
from routing import services as desk
from routing.models import Owner

BY = "demo"
LOGIN = "demo"
OWNERS = (
    ("Ines Calloway", ["US-CA", "US-WA"]),
    ("Theo Marsh", ["US"]),
    ("Lena Brandt", ["US", "DE"]),
    ("Owen Price", ["GB"]),
    ("Front desk", ["*"]),
)
KINDS = ("sms", "voice", "api", "web")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What was set up: enough to send deliveries and to find again what became of them."""

    slugs: dict[str, str]
    connection: str
    urls: dict[str, str]
    twilio_token: str
    api_key: str

    def doors(self, *, rng: random.Random, wire: Wire) -> Doors:
        """Give the doors as the callers see them, with time tokens for the form."""
        page = WebPage(url=self.urls["web"])
        return Doors(
            twilio=Account(
                token=self.twilio_token,
                number="+12025550100",
                rng=rng,
                sms_url=self.urls["sms"],
                voice_url=self.urls["voice"],
            ),
            page=page,
            client=ApiClient(url=self.urls["api"], key=self.api_key, rng=rng),
            tokens=_tokens(wire, page),
        )


def build(*, crm_url: str, run: str, now: datetime) -> Stage:
    """Make everything that a story needs. `run` keeps runs on one database apart."""
    _close_earlier_runs(now=now)
    token = secrets.token_hex(16)
    slugs = {kind: f"demo-{kind}{run}" for kind in KINDS}
    made = {
        "sms": _door(slugs["sms"], "twilio_sms", "Texts", now, secret=token),
        "voice": _door(slugs["voice"], "twilio_voice", "Calls", now, secret=token),
        "api": _door(slugs["api"], "json_api", "The shop's system", now),
        "web": _door(slugs["web"], "web_form", "Contact form", now),
    }
    for name, territories in OWNERS:
        email = f"{name.lower().replace(' ', '.')}@desk.example"
        if not Owner.objects.filter(email=email).exists():
            desk.add_owner(name=name, email=email, territories=territories)
    connection = connections.add(
        kind="hubspot", slug=f"demo-hubspot{run}", base_url=crm_url, token=DEFAULT_TOKEN, now=now
    )
    return Stage(
        slugs=slugs,
        connection=connection.slug,
        urls={kind: opened.url for kind, opened in made.items()},
        twilio_token=token,
        api_key=made["api"].secret,
    )


def login() -> str:
    """Make the demo's account and give its new password."""
    password = secrets.token_urlsafe(12)
    user, _made = User.objects.get_or_create(username=LOGIN, defaults={"is_staff": True, "is_superuser": True})
    user.is_staff = user.is_superuser = True
    user.set_password(password)
    user.save()
    return password


def numbers_in_use() -> frozenset[str]:
    """List the phone numbers of earlier leads, so that a new story meets new people."""
    return frozenset(Lead.objects.exclude(phone="").values_list("phone", flat=True))


def _door(slug: str, adapter: str, name: str, now: datetime, *, secret: str = "") -> doors.Opened:
    return doors.add_source(slug=slug, adapter=adapter, name=name, by=BY, now=now, region="US", secret=secret)


def _close_earlier_runs(*, now: datetime) -> None:
    for connection in Connection.objects.filter(slug__startswith="demo-hubspot", enabled=True):
        connections.disable(connection=connection)
    for slug in Source.objects.filter(slug__startswith="demo-", enabled=True).values_list("slug", flat=True):
        doors.disable_source(slug=slug, by=BY, now=now)


def _tokens(wire: Wire, page: WebPage) -> Iterator[str]:
    return iter([wire.fetch(page.token_url)["token"] for _ in range(FORMS)])
