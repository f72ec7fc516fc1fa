"""The OpenAPI document."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from leadhub.urls import v1


def test_the_document_is_made_without_a_warning() -> None:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert "openapi: 3" in out.getvalue()


@pytest.mark.django_db
def test_every_address_is_described_with_its_errors_and_token() -> None:
    document = Client().get("/api/schema/?format=json").json()
    assert len(document["paths"]) == len(v1)
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    page = document["paths"]["/api/v1/leads/"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert "Paginated" in page["$ref"]


@pytest.mark.django_db
def test_the_page_of_the_document_loads_nothing_from_elsewhere() -> None:
    answer = Client().get("/api/docs/")
    assert answer.status_code == 200
    assert b"https://" not in answer.content
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
