"""Purchase orders in the pages: the list, one order, deciding on it, and what is added later."""

import json
import re
from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.services import budgets, delegations, orders
from bureau.purchasing.states import OrderStatus
from tests.core.samples import pdf_bytes
from tests.factories.accounts import make_user
from tests.factories.bills import enter
from tests.factories.orders import (
    NOW,
    approve,
    attach,
    line,
    make_cost_code,
    make_order,
    make_project,
    make_site,
    order_in,
    submit,
)
from tests.factories.purchasing import make_draft, make_office
from tests.factories.purchasing import submit as submit_request

pytestmark = pytest.mark.django_db
O = OrderStatus  # noqa: E741
SIDE = {"HX-Request": "true", "HX-Target": "side"}


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site):
    return deepcopy(first_site)


def page_of(order, name="order"):
    return reverse(f"web:{name}", args=[order.pk])


def fresh(order):
    return PurchaseOrder.objects.get(pk=order.pk)


def an_upload(name="receipt.pdf"):
    return SimpleUploadedFile(name, pdf_bytes("Receipt"), "application/pdf")


def queries(browser, path):
    browser.get(path)  # what is read once per process
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


def listed(browser, **query):
    return [row.pk for row in browser.get("/orders/", query).context["page"]]


# --- The list


def test_list_has_what_waits_what_is_mine_and_what_i_may_see(sign_in, site):
    draft, waiting = make_order(site), submit(make_order(site))
    own = make_order(site, actor=site.superintendent)
    browser = sign_in(site.superintendent)
    assert listed(browser, scope="waiting") == [waiting.pk]
    assert listed(browser, scope="mine") == listed(browser) == [own.pk]
    assert set(listed(browser, scope="all")) == {draft.pk, waiting.pk, own.pk}
    assert listed(sign_in(make_user(site.organization)), scope="all") == []
    assert listed(sign_in(make_site().admin), scope="all") == []


def test_what_waits_is_listed_with_the_oldest_first(sign_in, site):
    first, second = submit(make_order(site)), submit(make_order(site, now=NOW + timedelta(hours=1)))
    browser = sign_in(site.superintendent)
    assert listed(browser, scope="waiting") == [first.pk, second.pk]
    assert listed(browser, scope="waiting", sort="-created") == listed(browser, scope="all") == [second.pk, first.pk]


def test_list_begins_with_all_for_those_who_see_the_organization(sign_in, site):
    order = make_order(site)
    assert listed(sign_in(site.staff)) == [order.pk]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "submitted"}, {"Fence"}),
        ({"status": "nonsense"}, {"Fence", "Scaffolding", "Pump"}),
        ({"type": "rolling"}, {"Scaffolding"}),
        ({"q": "lumber"}, {"Fence"}),
        ({"q": "northside scaff"}, {"Scaffolding"}),
        ({"q": "\x00"}, {"Fence", "Scaffolding", "Pump"}),
        ({"project": "PRJ002"}, {"Pump"}),
        ({"project": "\x00"}, {"Fence", "Scaffolding", "Pump"}),
        ({"creator": "pm"}, {"Pump"}),
        ({"creator": "9" * 30}, {"Fence", "Scaffolding", "Pump"}),
        ({"from": "2026-03-11"}, {"Pump"}),
        ({"to": "2026-03-10"}, {"Fence", "Scaffolding"}),
        ({"from": "2026-03-11", "to": "2026-03-11"}, {"Pump"}),
        ({"from": "2026-13-77", "page": "x"}, {"Fence", "Scaffolding", "Pump"}),
        ({"q": "nothing like it"}, set()),
    ],
    ids=lambda given: str(sorted(given)),
)
def test_list_filters(sign_in, site, query, found):
    other = make_project(site.organization, "PRJ002")
    code = other.cost_codes.create(external_id="CC-9")
    submit(make_order(site, description="Fence"))
    make_order(
        site,
        type="rolling",
        lines=[],
        ceiling_amount=Decimal(9000),
        vendor_name="Northside Rentals",
        description="Scaffolding",
    )
    make_order(
        site, actor=site.pm, project=other, cost_code=code, amount=5, description="Pump", now=NOW + timedelta(days=1)
    )
    if "creator" in query:
        query = {"creator": query["creator"].replace("pm", str(site.pm.pk))}
    answer = sign_in(site.admin).get("/orders/", query)
    assert {row.description for row in answer.context["page"]} == found
    assert answer.status_code == 200


def test_list_sums_what_is_filtered_beyond_the_page(sign_in, site):
    for _n in range(27):
        make_order(site, amount="10.00")
    make_order(site, type="rolling", lines=[], ceiling_amount=Decimal("1000.00"))
    make_order(site, amount="5.00", vendor_name="Other")
    answer = sign_in(site.admin).get("/orders/", {"q": "ABC"})
    assert answer.context["worth"] == Decimal("1270.00")
    assert len(answer.context["page"].object_list) == 25
    assert "1,270.00" in answer.content.decode()


@pytest.mark.parametrize(
    ("sort", "first"),
    [("vendor", "Acme"), ("-vendor", "Zeta"), ("total", "Mid"), ("-total", "Zeta"), ("number", "Zeta"), ("x", "Mid")],
)
def test_list_sorts_by_a_column(sign_in, site, sort, first):
    for name, amount, hour in (("Zeta", 300, 0), ("Acme", 200, 1), ("Mid", 100, 2)):
        make_order(site, vendor_name=name, amount=amount, now=NOW + timedelta(hours=hour))
    answer = sign_in(site.admin).get("/orders/", {"sort": sort})
    assert answer.context["page"].object_list[0].vendor_name == first


@pytest.mark.parametrize("path", ["/orders/?scope=all", "/orders/?scope=waiting", "/", "/search/?q=lumber"])
def test_list_costs_the_same_number_of_queries_for_more_rows(sign_in, site, path):
    browser = sign_in(site.superintendent)
    submit(make_order(site))
    one = queries(browser, path)
    submit(make_order(site))
    submit(make_order(site))
    assert queries(browser, path) == one


@pytest.mark.parametrize(
    "path", ["/orders/?scope=all", "/", "/search/?q=fence", "/projects/PRJ001/", "/vendors/VEN001/"]
)
def test_lists_say_what_is_ordered(sign_in, site, path):
    two = [line(1, description="Fence panel"), line(1, description="Post of the fence")]
    submit(make_order(site, lines=two))
    submit(make_order(site, lines=[line(1, description="Fence gate")], description="Fence of the yard"))
    text = re.sub(r"<[^>]+>|\s+", " ", sign_in(site.superintendent).get(path).content.decode())
    assert re.search(r"Fence panel +\+1 more", text)
    assert "Fence of the yard" in text
    assert "Fence gate" not in text


# --- One order


def shown(browser, order):
    answer = browser.get(page_of(order))
    assert answer.status_code == 200
    return answer, answer.content.decode()


def decisions_shown(html):
    return set(re.findall(r'data-dialog="(approve|reject|cancel|close)-dialog"', html))


@pytest.mark.parametrize(
    ("status", "who", "decisions"),
    [
        (O.DRAFT, "foreman", {"cancel"}),
        (O.DRAFT, "superintendent", set()),
        (O.SUBMITTED, "foreman", {"cancel"}),
        (O.SUBMITTED, "superintendent", {"approve", "reject"}),
        (O.SUBMITTED, "pm", {"approve", "reject", "cancel"}),
        (O.SUBMITTED, "staff", set()),
        (O.APPROVED, "foreman", {"close"}),
        (O.REJECTED, "foreman", set()),
        (O.CANCELLED, "pm", set()),
        (O.CLOSED, "pm", set()),
    ],
)
def test_page_shows_the_decisions_of_state_and_person(sign_in, site, status, who, decisions):
    _answer, html = shown(sign_in(getattr(site, who)), order_in(status, site))
    assert decisions_shown(html) == decisions


@pytest.mark.parametrize("type_", ["standard", "rolling", "walkup"])
@pytest.mark.parametrize("status", list(O))
def test_page_and_panel_open_in_every_state(sign_in, site, status, type_):
    options = {"rolling": {"ceiling_amount": Decimal(900)}, "walkup": {"urgency_justification": "Rain"}}.get(type_, {})
    order = order_in(status, site, type=type_, **options)
    for person in (site.foreman, site.superintendent, site.staff):
        browser = sign_in(person)
        shown(browser, order)
        assert order.po_number in browser.get(page_of(order), headers=SIDE).content.decode()


def test_page_says_why_it_is_mine(sign_in, site):
    order = submit(make_order(site))
    _answer, html = shown(sign_in(site.superintendent), order)
    assert "of those who can approve this on PRJ001, your limit is the smallest: up to 25,000.00 EUR." in html
    _answer, html = shown(sign_in(site.pm), order)
    assert f"{site.superintendent.name} is asked; you may decide as well, up to 100,000.00 EUR." in html
    _answer, html = shown(sign_in(site.foreman), order)
    assert "Why you" not in html
    assert f"Next: {site.superintendent.name} decides (limit 25,000.00 EUR)." in html


def test_page_says_in_whose_place_one_decides(sign_in, site):
    now, today = timezone.now(), timezone.localdate()
    stand_in = make_user(site.organization, role="super")
    delegations.create_delegation(
        actor=site.pm, delegator=site.pm, delegate=stand_in, start_date=today, end_date=today, now=now
    )
    order = submit(make_order(site, actor=site.superintendent))
    assert listed(sign_in(stand_in), scope="waiting") == [order.pk]
    answer, html = shown(sign_in(stand_in), order)
    assert answer.context["story"].your_turn
    assert f"you decide in place of {site.pm.name}; you may approve up to 25,000.00 EUR." in html
    answer, _html = shown(sign_in(site.admin), order)
    assert not answer.context["story"].your_turn


def test_page_shows_the_budget_before_and_after(sign_in, site):
    approve(site.superintendent, submit(make_order(site, amount="1000.00")))
    order = submit(make_order(site, amount="2500.00"))
    story = sign_in(site.superintendent).get(page_of(order)).context["story"]
    assert (story.effect.before, story.effect.after) == (Decimal("149000.00"), Decimal("146500.00"))
    approve(site.superintendent, order)
    story = sign_in(site.superintendent).get(page_of(order)).context["story"]
    assert (story.effect.before, story.effect.after) == (Decimal("149000.00"), Decimal("146500.00"))


def test_page_says_who_would_decide_or_why_nobody_can(sign_in, site):
    _answer, html = shown(sign_in(site.foreman), make_order(site))
    assert f"{site.superintendent.name} would decide (limit 25,000.00 EUR)." in html
    for person in (site.admin, site.pm):
        person.is_active = False
        person.save()
    _answer, html = shown(sign_in(site.foreman), make_order(site, amount="30000.00"))
    assert "Nobody else may approve 30,000.00 EUR" in html


@pytest.mark.parametrize(
    "name", ["order", "order-edit", "order-decide", "order-submit", "order-notes", "order-releases"]
)
def test_foreign_and_unknown_orders_are_not_there(sign_in, site, name):
    foreign = sign_in(make_site().admin)
    order = make_order(site)
    for path in (page_of(order, name), reverse(f"web:{name}", args=[10**30])):
        for answer in (foreign.get(path), foreign.post(path, {"decision": "approve"})):
            assert answer.status_code in (404, 405)
            assert order.po_number not in answer.content.decode()
    assert fresh(order).status == O.DRAFT


def test_page_costs_the_same_for_more_lines_files_and_notes(sign_in, site):
    small = make_order(site)
    big = make_order(site, lines=[line(1), line(2), line(3)])
    for order, count in ((small, 1), (big, 3)):
        for _n in range(count):
            attach(order)
            orders.add_note(actor=site.foreman, order=order, text="Note", now=NOW)
        submit(order)
    browser = sign_in(site.superintendent)
    assert queries(browser, page_of(big)) == queries(browser, page_of(small))


# --- Deciding


def test_panel_decides_and_tells_the_counts(sign_in, site):
    order = submit(make_order(site))
    browser = sign_in(site.superintendent)
    answer = browser.post(page_of(order, "order-decide"), {"decision": "approve"}, headers=SIDE)
    assert answer.status_code == 204
    told = json.loads(answer.headers["HX-Trigger"])
    assert told["decided"] == {"id": f"order-{order.pk}", "counts": {"home": 0, "orders": 0}}
    assert fresh(order).approved_by == site.superintendent


def test_rejecting_takes_a_reason_and_keeps_what_was_typed(sign_in, site):
    order = submit(make_order(site))
    browser = sign_in(site.superintendent)
    answer = browser.post(page_of(order, "order-decide"), {"decision": "reject", "comment": " "}, headers=SIDE)
    assert answer.status_code == 422
    assert "Say why the order is rejected." in answer.content.decode()
    answer = browser.post(page_of(order, "order-decide"), {"decision": "reject", "comment": "Too dear."}, follow=True)
    assert "Too dear." in answer.content.decode()
    assert fresh(order).status == O.REJECTED


def test_overdrawn_budget_asks_for_the_override_and_its_reason(sign_in, site):
    order = submit(make_order(site, amount="20000.00"))
    budgets.set_budget(cost_code=site.cost_code, budget=Decimal("15000"), reason="cut", actor=None, now=NOW)
    browser = sign_in(site.superintendent)
    _answer, html = shown(browser, order)
    assert "This overdraws CC-001 by 5,000.00." in html
    for given, said in (
        ({}, "override the budget and say why"),
        ({"override_budget": "on"}, "Say why the budget may be overdrawn."),
    ):
        answer = browser.post(page_of(order, "order-decide"), {"decision": "approve", **given}, headers=SIDE)
        assert answer.status_code == 422
        assert said in answer.content.decode()
    data = {"decision": "approve", "override_budget": "on", "comment": "Agreed with the client."}
    assert (
        "Approved over the budget" in browser.post(page_of(order, "order-decide"), data, follow=True).content.decode()
    )
    assert fresh(order).budget_overridden


def test_closing_a_walkup_without_its_receipt_says_what_is_missing(sign_in, site):
    order = make_order(site, type="walkup", urgency_justification="Rain")
    approve(site.superintendent, submit(order))
    browser = sign_in(site.foreman)
    answer = browser.post(page_of(order, "order-decide"), {"decision": "close"})
    assert answer.status_code == 422
    assert "Attach a photo of the receipt first" in answer.content.decode()
    browser.post(page_of(order, "order-files"), {"files": [an_upload()]})
    browser.post(page_of(order, "order-decide"), {"decision": "close"})
    assert fresh(order).status == O.CLOSED


def test_decision_page_works_without_script(sign_in, site):
    order = submit(make_order(site))
    for person, decision in (
        (site.superintendent, "approve"),
        (site.superintendent, "reject"),
        (site.foreman, "cancel"),
    ):
        html = sign_in(person).get(page_of(order, "order-decide"), {"decision": decision}).content.decode()
        assert f'action="{page_of(order, "order-decide")}"' in html
    browser = sign_in(site.superintendent)
    for decision in ("cancel", "close"):
        assert browser.get(page_of(order, "order-decide"), {"decision": decision}).status_code == 403
    assert browser.get(page_of(order, "order-decide"), {"decision": "sell"}).status_code == 404


def test_deciding_without_the_right_is_refused(sign_in, site):
    order = submit(make_order(site))
    for person in (site.foreman, site.staff):
        answer = sign_in(person).post(page_of(order, "order-decide"), {"decision": "approve"}, headers=SIDE)
        assert answer.status_code == 403
    assert fresh(order).status == O.SUBMITTED


def test_several_are_decided_at_once_and_each_is_told(sign_in, site):
    first, second = submit(make_order(site)), submit(make_order(site))
    done, draft = order_in(O.APPROVED, site), make_order(site)
    foreign = submit(make_order(make_site()))
    chosen = [str(order.pk) for order in (first, second, done, draft, foreign)] + ["nonsense", "9" * 30]
    answer = sign_in(site.superintendent).post("/orders/decide/", {"decision": "approve", "order": chosen})
    outcomes = {one.url: one.refusal for one in answer.context["outcomes"]}
    assert set(outcomes) == {page_of(order) for order in (first, second, done, draft)}
    assert outcomes[page_of(first)] == outcomes[page_of(second)] == ""
    assert "this one is “Approved”" in outcomes[page_of(done)]
    assert "this one is “Draft”" in outcomes[page_of(draft)]
    assert "Approved: 2 of 4" in answer.content.decode()
    assert fresh(foreign).status == O.SUBMITTED


def test_several_are_cancelled_at_once(sign_in, site):
    mine = [make_order(site), submit(make_order(site))]
    data = {"decision": "cancel", "order": [order.pk for order in mine], "next": "/orders/?scope=mine"}
    answer = sign_in(site.foreman).post("/orders/decide/", data, follow=True)
    [message] = answer.context["messages"]
    assert str(message).startswith("Cancelled: 2. ")
    assert {fresh(order).status for order in mine} == {O.CANCELLED}


def test_bulk_never_overrides_a_budget(sign_in, site):
    order = submit(make_order(site, amount="20000.00"))
    budgets.set_budget(cost_code=site.cost_code, budget=Decimal(1), reason="cut", actor=None, now=NOW)
    data = {"decision": "approve", "order": [order.pk], "comment": "Fine"}
    browser = sign_in(site.superintendent)
    assert browser.post("/orders/decide/", {**data, "override_budget": "on"}).status_code == 404
    assert "overdraw" in browser.post("/orders/decide/", data).content.decode()
    assert fresh(order).status == O.SUBMITTED


# --- What is added later


def test_note_is_added_and_an_empty_one_is_not(sign_in, site):
    order = order_in(O.APPROVED, site)
    browser = sign_in(site.superintendent)
    answer = browser.post(page_of(order, "order-notes"), {"text": "Comes on Monday."}, follow=True)
    assert "Comes on Monday." in answer.content.decode()
    assert browser.post(page_of(order, "order-notes"), {"text": " "}).status_code == 422


def test_releases_draw_a_rolling_order_down_to_its_ceiling(sign_in, site):
    order = order_in(O.APPROVED, site, type="rolling", lines=[], ceiling_amount=Decimal("1000.00"))
    browser = sign_in(site.foreman)
    answer = browser.post(page_of(order, "order-releases"), {"amount": "1,000.00", "note": "All of it"}, follow=True)
    assert "All of it" in answer.content.decode()
    assert answer.context["story"].left_to_release == 0
    refused = browser.post(page_of(order, "order-releases"), {"amount": "0.01", "note": "More"})
    assert refused.status_code == 422
    assert "Only 0.00 is left" in refused.content.decode()
    assert 'value="More"' in refused.content.decode()
    unread = browser.post(page_of(order, "order-releases"), {"amount": "lots"})
    assert "Give a number" in unread.content.decode()


def test_file_is_attached_shown_downloaded_and_removed(sign_in, site):
    order = make_order(site)
    browser = sign_in(site.foreman)
    line_html = browser.post(
        page_of(order, "order-files"), {"file": an_upload()}, headers={"HX-Request": "true"}
    ).content.decode()
    assert "receipt.pdf" in line_html
    [file] = order.files.all()
    got = browser.get(reverse("web:order-file", args=[file.pk]))
    assert b"".join(got.streaming_content) == pdf_bytes("Receipt")
    assert "attachment" in got.headers["Content-Disposition"]
    assert browser.get(reverse("web:order-file-preview", args=[file.pk])).headers["X-Frame-Options"] == "SAMEORIGIN"
    assert sign_in(make_site().admin).get(reverse("web:order-file", args=[file.pk])).status_code == 404
    browser.post(reverse("web:order-file-remove", args=[file.pk]))
    assert order.files.count() == 0


def test_wrong_file_is_refused_by_its_name(sign_in, site):
    order = make_order(site)
    upload = SimpleUploadedFile("run.exe", b"MZ", "application/octet-stream")
    answer = sign_in(site.foreman).post(page_of(order, "order-files"), {"files": [upload]}, follow=True)
    assert "run.exe" in str(next(iter(answer.context["messages"])))


# --- Home, search, shell


def test_home_lists_requests_and_orders_together(sign_in, site):
    office = make_office()
    office.manager.role, office.manager.authorization_limit = "super", Decimal(25000)
    office.manager.save()
    project = make_project(office.organization, "PRJ001", members=[office.manager])
    code = make_cost_code(project, "CC-1", budget="1000.00")
    foreman = make_user(office.organization, role="foreman")
    place = {"actor": foreman, "project": project, "cost_code": code}
    requests = {
        amount: submit_request(office, make_draft(office, field_values={"budget_amount": amount}))
        for amount in ("10", "900")
    }
    old = submit(make_order(site, amount=5, **place), now=NOW - timedelta(days=2))
    same_day = submit(make_order(site, amount=100, **place), now=NOW)
    answer = sign_in(office.manager).get("/")
    assert answer.context["waiting"] == [old, requests["900"], same_day, requests["10"]]
    counts = answer.context["shell"].counts
    assert counts["home"] == 4
    assert counts["orders"] == 2
    chosen = {"order": [old.pk], "request": [str(requests["10"].uuid)]}
    told = sign_in(office.manager).post("/decide/", {"decision": "approve", **chosen}, follow=True)
    assert str(next(iter(told.context["messages"]))).startswith("Approved: 2.")
    assert fresh(old).status == O.APPROVED
    assert sign_in(office.manager).post("/decide/", {"decision": "cancel", **chosen}).status_code == 404


def test_home_shows_where_my_orders_stand(sign_in, site):
    draft, waiting = make_order(site), submit(make_order(site))
    walkup = order_in(O.APPROVED, site, type="walkup", urgency_justification="Rain")
    order_in(O.APPROVED, site)
    order_in(O.CANCELLED, site)
    refused = order_in(O.REJECTED, site)
    assert set(sign_in(site.foreman).get("/").context["mine"]) == {draft, waiting, walkup}
    PurchaseOrder.objects.filter(pk=refused.pk).update(rejected_at=timezone.now())
    assert refused in sign_in(site.foreman).get("/").context["mine"]


def test_search_finds_orders_by_number_vendor_and_line(sign_in, site):
    order = make_order(site)
    for words in (order.po_number, "abc supply", "LUMBER"):
        assert sign_in(site.foreman).get("/search/", {"q": words}).context["orders"] == [order]
    headers = {"HX-Request": "true", "HX-Target": "palette-list"}
    assert page_of(order) in sign_in(site.pm).get("/search/", {"q": "lumber"}, headers=headers).content.decode()
    assert sign_in(make_site().admin).get("/search/", {"q": "lumber"}).context["orders"] == []


def test_search_leads_to_projects_vendors_and_bills_that_one_may_see(sign_in, site):
    bill = enter(site, order_in("approved", site))

    def found(person, words):
        return [place.url for place in sign_in(person).get("/search/", {"q": words}).context["places"]]

    assert found(site.pm, "prj001") == ["/projects/PRJ001/"]
    assert found(site.pm, "abc supply") == ["/vendors/VEN001/", f"/bills/{bill.pk}/"]
    assert found(site.finance, "A-100") == [f"/bills/{bill.pk}/"]
    assert found(site.foreman, "A-100") == []
    assert found(make_site().admin, "A-100") == []


def test_new_things_are_those_that_the_person_may_start(sign_in, site):
    def offered(person):
        return [thing.url for thing in sign_in(person).get("/").context["shell"].new_things]

    assert offered(site.foreman) == ["/requests/new/", "/orders/new/", "/orders/walk-up/"]
    sales = ["/invoices/new/", "/quotes/new/"]
    assert offered(site.staff) == ["/requests/new/", *sales, "/cases/new/", "/customers/new/"]


def test_rail_and_bar_hold_the_areas_of_the_person(sign_in, site):
    def areas(person):
        return {area.name for area in sign_in(person).get("/").context["shell"].areas}

    assert {"orders", "projects"} <= areas(site.foreman)
    assert "orders" not in areas(make_user(site.organization))
    assert "audit" not in areas(site.pm)
    shell = sign_in(site.admin).get("/").context["shell"]
    assert len(shell.bar) <= 5
    assert [*shell.bar, *shell.beyond_bar] == shell.areas
