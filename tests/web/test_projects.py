"""Projects in the pages: budgets as bars, any earlier day, members, cost codes; and what they cost in queries."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bureau.purchasing.models import CostCode, Project
from bureau.purchasing.services.budgets import differences, set_project_budget
from bureau.web.templatetags.figures import bar_of
from tests.factories.accounts import make_user
from tests.factories.bills import bill_in
from tests.factories.orders import NOW, approve, make_cost_code, make_order, make_project, make_site, order_in, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    site = make_site()
    set_project_budget(project=site.project, budget=Decimal(400000), reason="start", actor=None, now=NOW)
    return site


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def test_list_shows_what_each_budget_has_left(site, sign_in):
    order_in("approved", site)
    text = text_of(sign_in(site.foreman).get("/projects/"))
    assert "Downtown Office Building" in text
    assert "399,300.00" in text
    assert "0 % spent" in text


def test_members_see_their_projects_only(site, sign_in):
    make_project(site.organization, "PRJ009", name="Secret tower")
    assert "Secret tower" not in text_of(sign_in(site.foreman).get("/projects/"))
    assert sign_in(site.foreman).get("/projects/PRJ009/").status_code == 404
    assert "Secret tower" in text_of(sign_in(site.admin).get("/projects/"))


def test_overdrawn_budget_says_so_in_words(site, sign_in):
    small = make_cost_code(site.project, "CC-009", budget="100.00")
    order = submit(make_order(site, cost_code=small))
    approve(site.pm, order, override_budget=True, comments="Needed")
    text = text_of(sign_in(site.pm).get("/projects/PRJ001/codes/CC-009/"))
    assert "Over budget" in text
    assert '<span class="money negative">(600.00)' in text


def test_bar_shows_how_far_the_money_has_come():
    code = CostCode(budget=Decimal(100), spent=Decimal(80), committed=Decimal(70), billed=Decimal(30), paid=Decimal(10))
    bar = bar_of(code)
    assert [(part.name, part.amount, part.width) for part in bar.parts] == [
        ("outside", Decimal(10), "10.00%"),
        ("paid", Decimal(10), "10.00%"),
        ("billed", Decimal(20), "20.00%"),
        ("committed", Decimal(40), "40.00%"),
    ]
    assert (bar.share, bar.remaining, bar.over) == (80, Decimal(20), 0)
    code.spent = code.committed = Decimal(400)
    assert (bar_of(code).over, bar_of(code).limit, bar_of(code).beyond) == (Decimal(300), "25.00%", "75.00%")


def test_page_tells_any_earlier_day(site, sign_in):
    order = submit(make_order(site, amount="1000.00"))
    approve(site.pm, order, now=datetime(2026, 3, 20, tzinfo=UTC))
    browser = sign_in(site.pm)
    now, then = (text_of(browser.get(f"/projects/PRJ001/{query}")) for query in ("", "?as_of=2026-03-15"))
    assert "399,000.00" in now
    assert "Figures as of the end of" in then
    assert "399,000.00" not in then.split("Cost codes")[0]
    assert "400,000.00" in then
    assert browser.get("/projects/PRJ001/?as_of=yesterday").status_code == 400


def test_statement_leads_to_bills_those_who_see_them(site, sign_in):
    bill = bill_in("approved", site)
    link = f'href="/bills/{bill.pk}/"'
    assert link in text_of(sign_in(site.pm).get("/projects/PRJ001/"))
    assert link not in text_of(sign_in(site.foreman).get("/projects/PRJ001/"))


def test_statement_leads_to_the_order(site, sign_in):
    order = order_in("approved", site)
    text = text_of(sign_in(site.foreman).get("/projects/PRJ001/"))
    assert f'href="/orders/{order.pk}/"' in text
    assert "+" in text.split('id="statement"')[1]


def test_budget_changes_with_its_reason(site, sign_in):
    browser = sign_in(site.pm)
    refused = browser.post("/projects/PRJ001/budget/", {"budget": "500000", "reason": ""})
    assert refused.status_code == 422
    assert "required" in refused.content.decode()
    assert browser.post("/projects/PRJ001/budget/", {"budget": "500000", "reason": "Phase 2"}).status_code == 302
    assert Project.objects.get(pk=site.project.pk).budget == Decimal(500000)
    assert "Phase 2" in text_of(browser.get("/projects/PRJ001/"))
    assert list(differences()) == []


def test_project_is_made_with_code_and_budget(site, sign_in):
    browser = sign_in(site.admin)
    given = {"code": "PRJ002", "name": "Quay", "status": "active", "budget": "1000.00", "start_date": "2026-04-01"}
    assert browser.post("/projects/new/", given)["Location"] == "/projects/PRJ002/"
    again = browser.post("/projects/new/", given)
    assert again.status_code == 422
    assert "already" in again.content.decode()
    edited = browser.post("/projects/PRJ002/edit/", {"name": "Quay wall", "status": "on_hold"})
    assert edited.status_code == 302
    assert Project.objects.get(code="PRJ002").status == "on_hold"


def test_cost_code_is_added_and_its_budget_changed(site, sign_in):
    browser = sign_in(site.pm)
    given = {"external_id": "CC-002", "code": "02-100", "description": "Piling", "budget": "9000"}
    assert browser.post("/projects/PRJ001/codes/new/", given).status_code == 302
    path = "/projects/PRJ001/codes/CC-002/edit/"
    changed = {"code": "02-100", "description": "Piling", "budget": "8000", "active": "on"}
    assert "Say why" in browser.post(path, changed).content.decode()
    assert browser.post(path, {**changed, "reason": "Moved"}).status_code == 302
    assert CostCode.objects.get(external_id="CC-002").budget == Decimal(8000)


def test_members_are_added_and_removed(site, sign_in):
    browser, person = sign_in(site.pm), make_user(site.organization, role="foreman")
    browser.post("/projects/PRJ001/members/", {"do": "add", "user": person.uuid})
    assert site.project.memberships.filter(user=person).exists()
    browser.post("/projects/PRJ001/members/", {"do": "remove", "user": person.uuid})
    assert not site.project.memberships.filter(user=person).exists()


def test_others_change_nothing(site, sign_in):
    browser = sign_in(site.foreman)
    for path in ("new/", "PRJ001/edit/", "PRJ001/budget/", "PRJ001/codes/new/", "PRJ001/codes/CC-001/edit/"):
        assert browser.get(f"/projects/{path}").status_code == 403
    assert browser.post("/projects/PRJ001/members/", {"user": site.foreman.uuid}).status_code == 403
    assert "Change the budget" not in text_of(browser.get("/projects/PRJ001/"))


def test_what_a_connector_keeps_says_where_to_change_it(site, sign_in):
    Project.objects.update(synced_at=NOW)
    text = text_of(sign_in(site.pm).get("/projects/PRJ001/"))
    assert "The accounting system keeps this project" in text
    assert "Change the budget" not in text


def test_pages_cost_the_same_however_much_is_on_them(site, sign_in, django_assert_max_num_queries):
    browser = sign_in(site.admin)
    paths = ("/projects/", "/projects/PRJ001/", "/projects/PRJ001/codes/CC-001/")

    def costs() -> list[int]:
        counted = []
        for path in paths:
            browser.get(path)
            with django_assert_max_num_queries(60) as queries:
                text_of(browser.get(path))
            counted.append(len(queries))
        return counted

    order_in("approved", site)
    before = costs()
    for number in range(3):
        make_project(site.organization, f"PRJ10{number}")
        make_cost_code(site.project, f"CC-10{number}", budget="10.00")
        order_in("approved", site)
    assert costs() == before
