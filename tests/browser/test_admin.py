"""The admin in a real browser: pages work under the content security policy, and decisions work by clicking."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit

RECORD = re.compile(r"/admin/\w+/\w+/.+/change/$")


def addresses(visit: Visit, selector: str) -> list[str]:
    found = visit.page.eval_on_selector_all(selector, "links => links.map(link => link.getAttribute('href'))")
    return list(dict.fromkeys(str(address) for address in found if address))


def test_every_page_opens_and_nothing_goes_wrong(visit: Visit) -> None:
    visit.open("/admin/", name="start")
    lists = [link for link in addresses(visit, "#nav-sidebar a, nav a") if re.fullmatch(r"/admin/\w+/\w+/", link)]
    assert len(lists) >= 15
    for address in lists:
        visit.open(address)
        records = [link for link in addresses(visit, "#result_list tbody a") if RECORD.search(link.partition("?")[0])]
        for record in records[:1]:
            visit.open(record, name=f"{address}record")


def test_a_lead_is_found_read_and_its_history_told(visit: Visit) -> None:
    visit.open("/admin/identity/lead/?q=ann@example.com", name="lead-search")
    visit.page.click("#result_list tbody a")
    expect(visit.page.get_by_text("Hello <b>there</b>, please call me").first).to_be_visible()
    expect(visit.page.get_by_text("olga@example.com has this lead.")).to_be_visible()
    visit.picture("lead")
    visit.page.goto(visit.page.url.replace("/change/", "/history/"), wait_until="networkidle")
    expect(visit.page.get_by_text("San Francisco").first).to_be_visible()
    visit.picture("lead-history")


def test_a_review_is_settled_by_clicking(visit: Visit) -> None:
    visit.open("/admin/identity/mergereview/?state__exact=open", name="reviews")
    visit.page.click("#result_list tbody a")
    visit.picture("review")
    visit.page.get_by_role("link", name="Not the same").click()
    visit.picture("review-question")
    visit.page.fill("input[name=because]", "I called both")
    visit.page.get_by_role("button", name="Not the same person").click()
    expect(visit.page.get_by_text("They stay apart, whatever comes in.")).to_be_visible()


def test_two_leads_are_merged_and_the_merge_is_undone_by_clicking(visit: Visit) -> None:
    visit.open("/admin/identity/lead/?q=first", name="pair")
    for box in visit.page.locator("#result_list input.action-select[name=_selected_action]").all():
        box.check()
    visit.page.select_option("select[name=action]", "merge_chosen")
    visit.page.get_by_role("button", name="Run").click()
    visit.picture("merge-question")
    visit.page.fill("input[name=because]", "same voice")
    visit.page.get_by_role("button", name="Merge").click()
    expect(visit.page.get_by_text("It can be undone from the lead's page.")).to_be_visible()
    visit.picture("merged")
    visit.page.get_by_role("link", name="Undo").first.click()
    visit.page.fill("input[name=because]", "it was the sister")
    visit.page.get_by_role("button", name="Undo the merge").click()
    expect(visit.page.get_by_text("The merge is undone.")).to_be_visible()
    visit.picture("unmerged")


def test_the_page_of_the_api_loads(visit: Visit) -> None:
    visit.open("/api/docs/", name="api-docs")
    expect(visit.page.get_by_text("/api/v1/leads/").first).to_be_visible()
