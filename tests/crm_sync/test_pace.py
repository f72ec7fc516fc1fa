"""A batch costs a handful of statements, whatever its size."""

from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from crm_sync import services
from crm_sync.models import Connection
from tests.crm_sync.conftest import MakeLead, Sandbox, want, write


def statements(hubspot: Connection) -> list[str]:
    with CaptureQueriesContext(database) as seen:
        services.drain(connection=hubspot, size=100)
    return [one["sql"] for one in seen.captured_queries if "SAVEPOINT" not in one["sql"]]


def test_ninety_leads_cost_hardly_more_statements_than_ten(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    leads = [lead(email=f"p{n}@example.org") for n in range(90)]
    want(hubspot, *leads[:10])
    for_ten = statements(hubspot)
    for one in leads:
        write(one, city="Paris")
    want(hubspot, *leads)
    for_ninety = statements(hubspot)
    assert len(for_ten) <= 12
    assert len(for_ninety) <= 15, "\n".join(for_ninety)  # SQLite splits bulk statements at 999 parameters
