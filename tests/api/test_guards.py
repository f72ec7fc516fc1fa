"""Who may ask what of the API, and what hostile input is told."""

import logging
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from django.urls import URLPattern

from leadhub.kernel import clock, tokens
from leadhub.kernel.models import ApiToken
from leadhub.urls import v1
from tests.api.world import ANN, Desk, boss, caller, person

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"


def address(route: URLPattern) -> str:
    path = str(route.pattern)
    for name in ("lead_id", "event_id", "review_id", "merge_id"):
        path = path.replace(f"<uuid:{name}>", str(uuid4()))
    return f"/api/v1/{path}"


def methods(route: URLPattern) -> list[str]:
    view = getattr(route.callback, "view_class")  # noqa: B009 - Django sets it, the stubs do not know
    return [method for method in ("get", "post", "patch") if hasattr(view, method)]


PAIRS = [(route, method) for route in v1 for method in methods(route)]
EVERY = [pytest.param(*pair, id=f"{pair[1]} {pair[0].pattern}") for pair in PAIRS]
WITH_ID = [pytest.param(*pair, id=f"{pair[1]} {pair[0].pattern}") for pair in PAIRS if "<uuid:" in str(pair[0].pattern)]


@pytest.mark.parametrize(("route", "method"), EVERY)
def test_nobody_gets_in_without_a_token(route: URLPattern, method: str) -> None:
    answer = Client().generic(method.upper(), address(route), b"{}", content_type="application/json")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize(("route", "method"), EVERY)
def test_staff_without_the_permission_gets_nothing(route: URLPattern, method: str) -> None:
    client = caller(person("clerk"))
    answer = client.generic(method.upper(), address(route), b"{}", content_type="application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, PROBLEM)


@pytest.mark.parametrize(("route", "method"), EVERY)
def test_who_is_not_staff_gets_nothing_whatever_the_permissions(route: URLPattern, method: str) -> None:
    user = boss()
    user.is_staff = False
    user.save()
    answer = caller(user).generic(method.upper(), address(route), b"{}", content_type="application/json")
    assert answer.status_code == 403


@pytest.mark.parametrize(("route", "method"), WITH_ID)
def test_an_id_that_never_was_is_not_found(api: Client, route: URLPattern, method: str) -> None:
    body = b'{"because": "x", "decision": "apart", "first_name": "Ann"}'
    if method == "post":
        body = b'{"because": "x", "decision": "apart"}'
    query = "?field=email" if "lineage" in str(route.pattern) else ""
    answer = api.generic(method.upper(), address(route) + query, body, content_type="application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)


@pytest.mark.parametrize(("route", "method"), EVERY)
def test_an_undeclared_parameter_is_named_not_ignored(api: Client, route: URLPattern, method: str) -> None:
    where = f"{address(route)}?user__password__startswith=a"
    answer = api.generic(method.upper(), where, b"{}", content_type="application/json")
    assert answer.status_code == 400
    assert "user__password__startswith" in [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    "query", ["?limit=0", "?limit=201", "?limit=x", "?after=zzz", "?state=none", "?limit=1&limit=2"]
)
def test_a_parameter_that_makes_no_sense_is_refused(api: Client, query: str) -> None:
    assert api.get(f"/api/v1/leads/{query}").status_code == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[" * 100_000, "json_too_deep"),
        (b'{"keep": 1, "keep": 2}', "duplicate_key"),
        (b'{"keep": NaN}', "not_json"),
        (b'{"because": "\\u0000"}', "nul"),
        (b'{"because": "\\ud800"}', "lone_surrogate"),
        (b'{"because": "\xff"}', "not_utf8"),
        (b'{"because": ' + b"9" * 5000 + b"}", "number_too_large"),
        (b"{", "not_json"),
    ],
)
def test_json_that_could_mean_two_things_is_refused(api: Client, body: bytes, code: str) -> None:
    answer = api.generic("POST", "/api/v1/merges/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/xml", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json; charset=utf-16", 415),
        ("application/json; charset=utf-8", 400),
    ],
)
def test_only_json_in_utf_8_is_read(api: Client, content_type: str, status: int) -> None:
    assert api.generic("POST", "/api/v1/merges/", b"{}", content_type=content_type).status_code == status


def test_a_body_too_large_is_refused_before_it_is_read(api: Client) -> None:
    answer = api.generic("POST", "/api/v1/merges/", b" " * 1_000_001, content_type="application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, PROBLEM)


def test_a_body_without_a_length_is_refused(api: Client) -> None:
    answer = api.generic(
        "POST", "/api/v1/merges/", b"", content_type="application/json", HTTP_TRANSFER_ENCODING="chunked"
    )
    assert answer.status_code == 411


@pytest.mark.parametrize("query", ["?q=%00", "?q=a%00b", "?%00=a", "?after=%00"])
def test_a_nul_character_is_refused(api: Client, query: str) -> None:
    answer = api.get(f"/api/v1/leads/{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, PROBLEM)


@pytest.mark.parametrize("hostile", ["' OR 1=1 --", "{0.__class__}", "${jndi:ldap://x}", "%", "_", "\\", "a" * 120])
def test_a_search_is_only_ever_text(api: Client, desk: Desk, hostile: str) -> None:
    desk.lead(**ANN)
    assert api.get("/api/v1/leads/", {"q": hostile}).json()["results"] == []


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer lh_wrong", "Bearer lh_" + "x" * 5000, "Bearer é", "Basic Ym9zczpib3Nz", "bearer\tx"],
)
def test_a_token_that_is_not_one_opens_nothing(header: str) -> None:
    answer = Client(headers={"Authorization": header}).get("/api/v1/leads/")
    assert answer.status_code == 401


def test_a_token_in_the_address_opens_nothing() -> None:
    _, plain = tokens.issue(user=boss(), name="test")
    assert Client().get(f"/api/v1/leads/?token={plain}").status_code == 401


def test_a_revoked_token_opens_nothing() -> None:
    row, plain = tokens.issue(user=boss(), name="test")
    client = Client(headers={"Authorization": f"Bearer {plain}"})
    assert client.get("/api/v1/leads/").status_code == 200
    assert tokens.revoke(prefix=row.prefix) == 1
    assert client.get("/api/v1/leads/").status_code == 401


def test_the_token_of_somebody_who_left_opens_nothing() -> None:
    user = boss()
    client = caller(user)
    user.is_active = False
    user.save()
    assert client.get("/api/v1/leads/").status_code == 401


def test_the_database_does_not_hold_the_token() -> None:
    row, plain = tokens.issue(user=boss(), name="test")
    kept = ApiToken.objects.filter(pk=row.pk).values_list("name", "prefix", "digest").get()
    assert plain not in str(kept)
    assert plain.startswith(row.prefix)


def test_a_token_notes_its_use_once_a_minute() -> None:
    row, plain = tokens.issue(user=boss(), name="test")
    start = clock.now()
    with time_machine.travel(start, tick=False) as traveller:
        tokens.find(plain=plain, now=clock.now())
        traveller.shift(timedelta(seconds=50))
        tokens.find(plain=plain, now=clock.now())
        row.refresh_from_db()
        assert row.last_used_at == start
        traveller.shift(timedelta(seconds=20))
        tokens.find(plain=plain, now=clock.now())
        row.refresh_from_db()
        assert row.last_used_at == start + timedelta(seconds=70)


def test_a_change_from_a_browser_session_needs_the_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(boss())
    assert client.get("/api/v1/leads/").status_code == 200
    assert client.post("/api/v1/merges/", {}, content_type="application/json").status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "a b"])
@pytest.mark.parametrize("path", ["/api/v1/leads/", "/admin/login/"])
def test_a_host_that_is_not_ours_is_refused(api: Client, path: str, host: str) -> None:
    answer = api.get(path, headers={"host": host})
    assert answer.status_code == 400
    assert host.encode() not in answer.content


def test_an_address_that_is_not_there_is_a_problem_document() -> None:
    answer = Client().get("/api/v1/nothing/here/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)
    assert answer.json()["status"] == 404


def test_a_fault_of_ours_shows_no_internals(
    api: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**_asked: object) -> None:
        raise RuntimeError("SELECT secret FROM table")

    monkeypatch.setattr("identity.search.leads", broken)
    api.raise_request_exception = False
    with caplog.at_level(logging.CRITICAL):
        answer = api.get("/api/v1/leads/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, PROBLEM)
    assert b"secret" not in answer.content


def test_a_database_that_is_away_is_said_to_be_away(
    api: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(**_asked: object) -> None:
        raise OperationalError("could not connect to 10.0.0.7")

    monkeypatch.setattr("identity.search.leads", away)
    answer = api.get("/api/v1/leads/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert b"10.0.0.7" not in answer.content
