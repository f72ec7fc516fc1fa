"""The four tasks: normalise | match | route | push."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.shape_a.settings"

import django

django.setup()

import httpx2  # noqa: E402
import phonenumbers  # noqa: E402
from celery import Celery, chain  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import transaction  # noqa: E402

from tests.benchmarks.shape_a.models import Lead, LeadHistory, Signal  # noqa: E402

app = Celery("shape_a", broker=settings.REDIS_URL)
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=4,  # faster than 1 for tasks this short
    task_default_queue="shape_a",
    broker_connection_retry_on_startup=True,
)
OWNERS = ("ann", "bob", "cyd")
crm = httpx2.Client(
    base_url=settings.CRM_URL, headers={"Authorization": f"Bearer {settings.CRM_TOKEN}"}, trust_env=False
)


@app.task(name="a.normalise")
def normalise(signal_id: int) -> int:
    """Clean the values."""
    signal = Signal.objects.get(pk=signal_id)
    raw = signal.raw
    number = phonenumbers.parse(raw["phone"], "US")
    signal.facts = {
        "phone": phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        "email": raw["email"].strip().lower(),
        "name": f"{raw['first_name'].strip()} {raw['last_name'].strip()}",
    }
    signal.save(update_fields=["facts"])
    return signal_id


@app.task(name="a.match")
def match(signal_id: int) -> int:
    """Find or make the lead, under its lock, with a history row."""
    with transaction.atomic():
        signal = Signal.objects.get(pk=signal_id)
        facts = signal.facts
        lead, made = Lead.objects.select_for_update().get_or_create(
            phone=facts["phone"], defaults={"name": facts["name"], "email": facts["email"]}
        )
        if not made:
            lead.name, lead.email, lead.version = facts["name"], facts["email"], lead.version + 1
            lead.save(update_fields=["name", "email", "version"])
        LeadHistory.objects.create(lead=lead, version=lead.version, values=facts)
        signal.lead = lead
        signal.save(update_fields=["lead"])
    return signal_id


@app.task(name="a.route")
def route(signal_id: int) -> int:
    """Give the lead an owner."""
    lead = Lead.objects.get(signal__pk=signal_id)
    if not lead.owner:
        lead.owner = OWNERS[lead.pk % len(OWNERS)]
        lead.save(update_fields=["owner"])
    return signal_id


@app.task(name="a.push")
def push(signal_id: int) -> None:
    """Upsert the CRM record."""
    lead = Lead.objects.get(signal__pk=signal_id)
    key = f"a-{lead.pk}"
    first, _, last = lead.name.partition(" ")
    properties = {"email": lead.email, "phone": lead.phone, "firstname": first, "lastname": last}
    crm.post(
        "/crm/v3/objects/contacts/batch/upsert",
        json={"inputs": [{"idProperty": "leadhub_id", "id": key, "objectWriteTraceId": key, "properties": properties}]},
    ).raise_for_status()
    Signal.objects.filter(pk=signal_id).update(pushed=True)


def publish(signal_id: int) -> None:
    """Send the chain of one signal."""
    chain(normalise.s(signal_id), match.s(), route.s(), push.s()).apply_async()
