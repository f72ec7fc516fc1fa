"""Real processes at once: web, eight pool workers, a CRM, PostgreSQL and Redis."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from leadhub.sandbox.telephony.parcel import Parcel
from leadhub.sandbox.telephony.twilio import Account
from leadhub.sandbox.telephony.visitors import ApiClient
from leadhub.sandbox.telephony.wire import Answered, Wire
from tests.rig import Rig, until

TOKEN = "flow-auth-token"
PHONE, EMAIL = "+14152345678", "grace@example.org"


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """Give a running system with three doors and eight workers."""
    with Rig(durable=False) as running:
        running.manage("migrate", "--verbosity", "0")
        running.start_crm()
        running.connect_crm()
        for adapter, slug in (("twilio_sms", "sms"), ("twilio_voice", "voice")):
            running.manage("source", "add", adapter, "--slug", slug, "--secret", TOKEN)
        running.start_web()
        for number in range(4):
            running.start_worker(f"worker{number}", processes=2)
        yield running


def rows(rig: Rig, query: str) -> list[tuple[object, ...]]:
    """Ask the database directly: this process's Django is on another one."""
    with psycopg.connect(rig.database_url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def quiet(rig: Rig) -> bool:
    """Tell whether nothing is left to do."""
    return rows(rig, "SELECT count(*) FROM kernel_work WHERE due_at IS NOT NULL") == [(0,)]


def at_once(parcels: list[Parcel]) -> list[Answered]:
    """Post all parcels at the same moment."""
    start = threading.Barrier(len(parcels))

    def send(parcel: Parcel) -> Answered:
        with Wire(repeats=0) as wire:
            start.wait()
            return wire.send(parcel)

    with ThreadPoolExecutor(len(parcels)) as pool:
        return list(pool.map(send, parcels))


def account(rig: Rig) -> Account:
    """Give the simulated telephone account."""
    return Account(
        token=TOKEN, number="+14155550199", rng=random.Random(7), sms_url=f"{rig.web_url}/in/sms/",
        voice_url=f"{rig.web_url}/in/voice/",
    )  # fmt: skip


def test_fifty_identical_deliveries_at_once_are_one_event(rig: Rig) -> None:
    parcel = account(rig).text(sender="+14152340000", body="Hello")
    answers = at_once([parcel] * 50)
    assert {answered.status for answered in answers} == {200}
    assert len({answered.event_id for answered in answers}) == 1
    until(lambda: quiet(rig), what="the pipeline")
    assert rows(rig, "SELECT count(*) FROM capture_inboundevent") == [(1,)]
    assert rows(rig, "SELECT count(*) FROM identity_lead") == [(1,)]


def test_forty_signals_of_one_new_person_over_three_channels_are_one_lead_and_one_record(rig: Rig) -> None:
    twilio = account(rig)
    printed = rig.manage("source", "add", "json_api", "--slug", "api")
    key = next(word for word in printed.split() if word.startswith("lhk_"))
    api = ApiClient(url=f"{rig.web_url}/in/api/", key=key, rng=random.Random(8))
    parcels = [twilio.text(sender=PHONE, body=f"Question {n}") for n in range(14)]
    parcels += [
        twilio.call(call=f"CA{n:032x}", caller=PHONE, status="ringing", at=datetime.now(UTC), sequence=1)
        for n in range(13)
    ]
    parcels += [api.submit({"phone": PHONE, "email": EMAIL, "first_name": "Grace", "city": f"C{n}"}) for n in range(13)]
    answers = at_once(parcels)
    assert all(answered.accepted for answered in answers)
    until(lambda: quiet(rig), what="the pipeline")
    assert rows(rig, f"SELECT count(*) FROM identity_lead WHERE phone = '{PHONE}' AND state = 'active'") == [(1,)]
    assert rows(rig, "SELECT count(DISTINCT root_id) FROM identity_profile WHERE keys::text <> '[]'") == [(2,)]
    assert rows(rig, "SELECT count(*) FROM kernel_work") == [(0,)]
    records = rig.crm_stats(records=True)["records"]
    assert isinstance(records, list)
    graces = [record for record in records if EMAIL in str(record)]
    assert len(graces) == 1
    assert rig.crm_stats()["duplicates"] == {}
