"""Every page of the admin, as a person opens it."""

from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from leadhub.kernel import clock, ids, work
from leadhub.kernel.models import Breaker
from leadhub.kernel.pages import ReadOnlyAdmin
from tests.api.world import ANN, Desk, drain, person

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def listing(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.fixture
def lived_in(desk: Desk) -> None:
    """Fill every table the pipeline fills: a lead, a merge, a review, a correction, something quarantined."""
    desk.lead(**ANN, message="Hello <script>alert(1)</script>")
    desk.lead(phone="+14155550177", first_name="Bob", last_name="Stone")
    desk.lead(phone="+14155550177", first_name="Zoltan", last_name="Kovacs")
    desk.lead(email="bob@example.com")
    desk.lead(email="bob@example.com", phone="+14155550188")
    desk.lead(phone="+14155550199")
    desk.lead(phone="+14155550199", email="bob@example.com")
    desk.says(email=["not", "text"])
    Breaker.objects.create(name="hubspot", state=Breaker.State.AUTH, reason="token refused", changed_at=clock.now())
    drain()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_an_empty_list_says_what_to_do(admin_pages: Client, model: type[Model]) -> None:
    answer = admin_pages.get(listing(model))
    assert answer.status_code == 200
    said = getattr(admin.site._registry[model], "empty", "")
    if not model.objects.exists() and said:  # type: ignore[attr-defined]
        assert said[:40] in answer.content.decode().replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.usefixtures("lived_in")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_list_and_every_record_opens(admin_pages: Client, model: type[Model]) -> None:
    assert admin_pages.get(listing(model)).status_code == 200
    for row in model.objects.all()[:3]:  # type: ignore[attr-defined]
        answer = admin_pages.get(page(row))
        assert answer.status_code == 200, page(row)
        assert b"<script>alert(1)" not in answer.content


@pytest.mark.usefixtures("lived_in")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_filter_of_every_list_answers(admin_pages: Client, model: type[Model]) -> None:
    shown = admin_pages.get(listing(model))
    for spec in shown.context["cl"].filter_specs:
        for choice in spec.choices(shown.context["cl"]):
            answer = admin_pages.get(listing(model) + choice["query_string"])
            assert answer.status_code == 200, choice["query_string"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
@pytest.mark.parametrize("hostile", ["%00", "'%20OR%201=1", "%F0%9F%98%80", "%25", "x" * 2000])
def test_no_search_breaks_a_list(admin_pages: Client, model: type[Model], hostile: str) -> None:
    answer = admin_pages.get(f"{listing(model)}?q={hostile}")
    assert answer.status_code == (400 if "%00" in hostile else 200)


@pytest.mark.parametrize(
    "query", ["?status__exact=%00", "?user__password__startswith=a", "?p=99999", "?o=99.x", "?e=1"]
)
def test_a_query_made_up_by_hand_is_no_fault_of_ours(admin_pages: Client, query: str) -> None:
    answer = admin_pages.get(f"/admin/identity/lead/{query}")
    assert answer.status_code in (200, 302, 400)


@pytest.mark.usefixtures("lived_in")
def test_every_number_on_the_first_page_leads_to_a_list(admin_pages: Client) -> None:
    start = admin_pages.get("/admin/")
    cards = start.context["cards"]
    assert {card.name: card.number for card in cards}["Quarantined"] == "1"
    for card in cards:
        answer = admin_pages.get(card.link)
        assert answer.status_code == 200, card.link
        if card.name in ("Quarantined", "Reviews open", "Leads in a day", "Events in a day"):
            assert answer.context["cl"].queryset.count() == int(card.number), card.name
    assert "token refused" in start.content.decode()


def test_the_first_page_of_a_fresh_house_says_how_to_begin(admin_pages: Client) -> None:
    assert b"source add" in admin_pages.get("/admin/").content


@pytest.mark.usefixtures("lived_in")
def test_the_way_through_the_pages_shows_only_what_one_may_see() -> None:
    client = Client()
    client.force_login(person("reader", "identity.view_lead"))
    start = client.get("/admin/")
    links = [item["link"] for group in start.context["sidebar_navigation"] for item in group["items"]]
    assert links == ["/admin/identity/lead/"]
    assert {urlsplit(card.link).path for card in start.context["cards"]} == {"/admin/identity/lead/"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_records_are_neither_added_nor_changed_nor_deleted_by_hand(admin_pages: Client, model: type[Model]) -> None:
    if not isinstance(admin.site._registry[model], ReadOnlyAdmin):
        return
    adding = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    assert admin_pages.get(adding).status_code == 403
    assert admin_pages.post(adding, {}).status_code == 403


def test_work_is_found_by_the_id_of_its_subject(admin_pages: Client) -> None:
    subject = ids.new()
    work.put(stage="push:crm", subjects=[subject, ids.new()], now=clock.now())
    for writing in (str(subject), subject.hex.upper()):
        found = admin_pages.get("/admin/kernel/work/", {"q": writing}).context["cl"].queryset
        assert [row.subject for row in found] == [subject]


def test_a_stranger_is_shown_the_way_in() -> None:
    answer = Client().get("/admin/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")
