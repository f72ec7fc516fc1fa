"""A small world made through the real door and the real pipeline."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import Permission, User
from django.test import Client

from capture import doors, services
from identity.models import Lead
from leadhub import pipeline
from leadhub.celery import app
from leadhub.kernel import clock, tokens


def person(name: str, *permissions: str, staff: bool = True) -> User:
    """Make an account with the named permissions, such as `identity.view_lead`."""
    user = User.objects.create_user(name, is_staff=staff)  # no password: hashing one costs a third of a second
    for permission in permissions:
        label, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))
    return user


def boss(name: str = "boss") -> User:
    """Make an account that may do everything."""
    return User.objects.create_superuser(name)


def caller(user: User) -> Client:
    """Give a client that speaks with a token of this user."""
    _, plain = tokens.issue(user=user, name="test")
    return Client(headers={"Authorization": f"Bearer {plain}"})


def drain() -> None:
    """Run the stages between the door and the CRM."""
    app.finalize(auto=True)
    app.autodiscover_tasks(force=True)
    for stage in pipeline.STAGES[:3]:
        app.tasks[stage.task].apply(throw=True)


@dataclass(frozen=True)
class Desk:
    """One JSON door and the key to it."""

    slug: str
    key: str

    def says(self, **facts: Any) -> UUID:
        """Deliver one signal through the door; give the event's id."""
        answer = Client(SERVER_NAME="127.0.0.1").post(
            f"/in/{self.slug}/",
            json.dumps(facts),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.key}", "Idempotency-Key": str(uuid4())},
        )
        assert answer.status_code == 202, answer.content
        return UUID(json.loads(answer.content)["id"])

    def lead(self, **facts: Any) -> Lead:
        """Deliver one signal, work it, and give the lead it went to."""
        event_id = self.says(**facts)
        drain()
        return Lead.objects.get(own_profiles__resolutions__signal__event_id=event_id)


def open_desk(slug: str = "partner") -> Desk:
    """Open a JSON door."""
    doors.forget()
    opened = services.add_source(slug=slug, adapter="json_api", by="test", now=clock.now())
    return Desk(slug, opened.secret)


ANN = {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com", "phone": "+14155550132"}
"""Somebody with everything."""
