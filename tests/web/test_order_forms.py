"""The forms of orders: the editor with its lines, the walk-up order, and the days that somebody is away."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from bureau.core.models import TaxCode
from bureau.kit.errors import Invalid
from bureau.purchasing.models import Delegation, PurchaseOrder
from bureau.purchasing.states import OrderStatus
from bureau.web.numbers import read_number
from tests.core.samples import pdf_bytes
from tests.factories.accounts import make_user
from tests.factories.orders import make_cost_code, make_order, make_project, make_site, make_vendor, submit

pytestmark = pytest.mark.django_db
FILLED = {
    "type": "standard",
    "project": "PRJ001",
    "cost_code": "CC-001",
    "vendor_name": "ABC Supply Co.",
    "vendor_email": "jane@abcsupply.com",
    "description": "Fence",
    "line_description": ["2x4 Lumber - 8ft", "", "Nails"],
    "line_quantity": ["50", "", "2.5"],
    "line_unit": ["pcs", "", "kg"],
    "line_unit_price": ["12.50", "", "1,004.10"],
    "line_category": ["MA", "MA", "EQ"],
    "line_tax_code": ["GP", "GP", "XMPT"],
}
BOUGHT = {
    "vendor_name": "Hardware Haus",
    "what": "Pump",
    "amount": "112.00",
    "tax_code": "GP",
    "project": "PRJ001",
    "cost_code": "CC-001",
    "urgency_justification": "The trench ran full.",
}
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site):
    return deepcopy(first_site)


def edit_page(order):
    return reverse("web:order-edit", args=[order.pk])


def a_photo():
    return SimpleUploadedFile("IMG_2210.pdf", pdf_bytes("Receipt"), "application/pdf")


# --- The editor


def test_editor_saves_what_was_typed(sign_in, site):
    answer = sign_in(site.foreman).post("/orders/new/", {**FILLED, "do": "save"})
    order = PurchaseOrder.objects.get()
    assert answer.headers["Location"] == reverse("web:order", args=[order.pk])
    assert (order.status, order.created_by, order.vendor) == (OrderStatus.DRAFT, site.foreman, site.vendor)
    lines = list(order.lines.values_list("description", "quantity", "unit", "unit_price", "category", "tax_code"))
    assert lines == [
        ("2x4 Lumber - 8ft", Decimal(50), "pcs", Decimal("12.50"), "MA", "GP"),
        ("Nails", Decimal("2.5"), "kg", Decimal("1004.10"), "EQ", "XMPT"),
    ]
    assert order.total_amount == Decimal("3210.25")


def test_editor_shows_and_changes_what_is_kept(sign_in, site):
    order = make_order(site)
    browser = sign_in(site.foreman)
    answer = browser.get(edit_page(order))
    assert [line.texts["unit_price"] for line in answer.context["lines"]] == ["12.50", ""]
    assert answer.context["lines"][0].total == Decimal("700.00")
    browser.post(edit_page(order), {**FILLED, "line_quantity": ["1", "", "1"], "do": "save"})
    order.refresh_from_db()
    assert order.total_amount == Decimal("1018.10")


def test_editor_submits_and_says_who_decides(sign_in, site):
    answer = sign_in(site.foreman).post("/orders/new/", {**FILLED, "do": "submit"}, follow=True)
    assert PurchaseOrder.objects.get().status == OrderStatus.SUBMITTED
    assert site.superintendent.name in str(next(iter(answer.context["messages"])))


def test_editor_saves_itself_and_tells_where_to_go_on(sign_in, site):
    browser = sign_in(site.foreman)
    first = browser.post("/orders/new/", FILLED, headers=JSON).json()
    order = PurchaseOrder.objects.get()
    assert first == {
        "page": edit_page(order),
        "autosave": edit_page(order),
        "upload": reverse("web:order-files", args=[order.pk]),
    }
    browser.post(first["autosave"], {**FILLED, "description": "Gate"}, headers=JSON)
    assert PurchaseOrder.objects.get().description == "Gate"
    kept = browser.post("/orders/new/", {**FILLED, "vendor_name": ""}, headers=JSON)
    assert kept.status_code == 422
    assert kept.json()["kept"]
    assert "Vendor" in kept.json()["message"]


def test_errors_stand_beside_their_cells(sign_in, site):
    wrong = {**FILLED, "line_quantity": ["many", "", "0"], "line_unit_price": ["12.50", "", "x"]}
    answer = sign_in(site.foreman).post("/orders/new/", {**wrong, "do": "save"})
    assert answer.status_code == 422
    first, second, _blank = answer.context["lines"]
    assert set(first.errors) == {"quantity"}
    assert set(second.errors) == {"unit_price"}
    assert first.texts["quantity"] == "many"
    answer = sign_in(site.foreman).post("/orders/new/", {**FILLED, "line_quantity": ["1", "", "0"], "do": "save"})
    assert set(answer.context["lines"][1].errors) == {"quantity"}
    assert 'aria-describedby="error-2-quantity"' in answer.content.decode()
    assert not PurchaseOrder.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"project": "PRJ999"}, "project"),
        ({"project": ""}, "project"),
        ({"cost_code": "CC-999"}, "cost_code"),
        ({"cost_code": "\x00"}, "cost_code"),
        ({"vendor_name": ""}, "vendor_name"),
        ({"vendor_email": "nobody"}, "vendor_email"),
        ({"type": "rolling"}, "ceiling_amount"),
        ({"type": "rolling", "ceiling_amount": "much"}, "ceiling_amount"),
        ({"type": "walkup"}, "urgency_justification"),
        ({"type": "gift"}, "type"),
    ],
    ids=str,
)
def test_errors_stand_beside_their_fields(sign_in, site, given, field):
    answer = sign_in(site.foreman).post("/orders/new/", {**FILLED, **given, "do": "save"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}


def test_order_is_charged_only_to_projects_of_ones_own(sign_in, site):
    make_cost_code(make_project(site.organization, "PRJ002"), "CC-001")
    make_cost_code(make_project(make_site().organization, "PRJ003"), "CC-001")
    browser = sign_in(site.foreman)
    assert [project.code for project in browser.get("/orders/new/").context["form"].projects] == ["PRJ001"]
    for code in ("PRJ002", "PRJ003"):
        answer = browser.post("/orders/new/", {**FILLED, "project": code, "do": "save"})
        assert answer.context["form"].errors["project"] == ["Choose a project."]


def test_rolling_order_takes_its_ceiling_and_another_kind_drops_it(sign_in, site):
    browser = sign_in(site.foreman)
    nothing = {name: [""] for name in FILLED if name.startswith("line_")}
    rolling = {**FILLED, **nothing, "type": "rolling", "ceiling_amount": "9 000.50", "do": "save"}
    browser.post("/orders/new/", rolling)
    order = PurchaseOrder.objects.get()
    assert order.ceiling_amount == Decimal("9000.50")
    browser.post(edit_page(order), {**FILLED, "ceiling_amount": "junk", "do": "save"})
    order.refresh_from_db()
    assert (order.type, order.ceiling_amount) == ("standard", None)


def test_picked_vendor_is_linked_while_the_name_is_theirs(sign_in, site):
    twin = make_vendor(site.organization, "VEN002")  # of the same name
    browser = sign_in(site.foreman)
    browser.post("/orders/new/", {**FILLED, "vendor": twin.pk, "do": "save"})
    assert PurchaseOrder.objects.get().vendor == twin
    browser.post("/orders/new/", {**FILLED, "vendor": twin.pk, "vendor_name": "Somebody else", "do": "save"})
    assert PurchaseOrder.objects.get(vendor_name="Somebody else").vendor is None
    foreign = make_vendor(make_site().organization, "VEN009", "Foreign")
    browser.post("/orders/new/", {**FILLED, "vendor": foreign.pk, "vendor_name": "Foreign", "do": "save"})
    assert PurchaseOrder.objects.get(vendor_name="Foreign").vendor is None


def test_new_order_begins_where_the_last_one_was_charged(sign_in, site):
    browser = sign_in(site.foreman)
    assert browser.get("/orders/new/").context["form"].chosen is None
    make_order(site)
    form = browser.get("/orders/new/").context["form"]
    assert (form["project"].value(), form["cost_code"].value()) == ("PRJ001", "CC-001")


def test_only_a_draft_and_only_ones_own_is_edited(sign_in, site):
    order = make_order(site)
    assert sign_in(site.superintendent).get(edit_page(order)).status_code == 403
    submit(order)
    answer = sign_in(site.foreman).get(edit_page(order))
    assert answer.headers["Location"] == reverse("web:order", args=[order.pk])


def test_who_may_not_order_is_told_so(sign_in, site):
    for path in ("/orders/new/", "/orders/walk-up/"):
        assert sign_in(site.staff).get(path).status_code == 403


def test_draft_is_submitted_from_its_page_and_deleted(sign_in, site):
    first, second = make_order(site), make_order(site)
    browser = sign_in(site.foreman)
    browser.post(reverse("web:order-submit", args=[first.pk]))
    assert PurchaseOrder.objects.get(pk=first.pk).status == OrderStatus.SUBMITTED
    browser.post(reverse("web:order-delete", args=[second.pk]))
    assert browser.get(reverse("web:order", args=[second.pk])).status_code == 404


def test_without_script_the_form_asks_for_codes_and_lines_and_keeps_what_was_typed(sign_in, site):
    browser = sign_in(site.foreman)
    answer = browser.post("/orders/new/", {**FILLED, "cost_code": "", "do": "codes"})
    assert [code.external_id for code in answer.context["form"].codes] == ["CC-001"]
    assert answer.context["form"]["description"].value() == "Fence"
    answer = browser.post("/orders/new/", {**FILLED, "do": "more"})
    assert [line.texts["description"] for line in answer.context["lines"]][:2] == ["2x4 Lumber - 8ft", "Nails"]
    assert len(answer.context["lines"]) == 7
    assert not PurchaseOrder.objects.exists()


# --- What the form asks for while it is filled


def test_codes_of_the_project_say_what_is_left(sign_in, site):
    html = sign_in(site.foreman).get("/orders/codes/", {"project": "PRJ001"}).content.decode()
    assert "150,000.00 left" in html
    assert (
        "CC-001"
        not in sign_in(make_user(site.organization)).get("/orders/codes/", {"project": "PRJ001"}).content.decode()
    )


def test_vendors_are_completed_with_their_contact(sign_in, site):
    make_vendor(site.organization, "VEN002", "Other", active=False)
    make_vendor(make_site().organization, "VEN003", "Foreign ABC")
    html = sign_in(site.foreman).get("/orders/vendors/", {"vendor_name": "abc"}).content.decode()
    assert 'value="ABC Supply Co."' in html
    assert 'data-vendor_email="orders@abcsupply.com"' in html
    assert html.count("<option") == 1
    assert sign_in(site.foreman).get("/orders/vendors/", {"vendor_name": "\x00"}).status_code == 200


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"amount": "700"}, "left after"),
        ({"amount": "160000"}, "This overdraws CC-001 by 10,000.00"),
        ({"amount": "160000"}, "no limit"),
        ({"type": "rolling", "ceiling_amount": "50,000.00"}, "limit 100,000.00 EUR"),
        ({"amount": "1e400"}, "Who decides follows from the amount"),
        ({"cost_code": "nothing"}, "Choose a project and a cost code"),
    ],
    ids=str,
)
def test_outlook_tells_budget_and_approver_before_it_is_sent(sign_in, site, given, said):
    data = {"project": "PRJ001", "cost_code": "CC-001", **given}
    assert said in sign_in(site.foreman).get("/orders/outlook/", data).content.decode()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.5", "1234.5"),
        ("1,234.50", "1234.50"),
        ("1 234.50", "1234.50"),
        ("1'234", "1234"),
        ("12,50", "12.50"),
        ("1.234,50", "1234.50"),
        ("0,125", "0.125"),
        ("1,2345", None),
        ("", None),
        ("ten", None),
    ],
)
def test_numbers_are_read_as_people_type_them(text, number):
    if number is None:
        with pytest.raises(Invalid):
            read_number(text)
    else:
        assert read_number(text) == Decimal(number)


# --- The walk-up order


def test_walkup_is_made_and_submitted_in_one_step_with_its_photo(sign_in, site):
    answer = sign_in(site.foreman).post("/orders/walk-up/", {**BOUGHT, "photo": a_photo()}, follow=True)
    order = PurchaseOrder.objects.get()
    assert (order.type, order.status, order.total_amount) == ("walkup", OrderStatus.SUBMITTED, Decimal("112.00"))
    assert (order.subtotal, order.tax_amount) == (Decimal("100.00"), Decimal("12.00"))
    assert [file.file.filename for file in order.files.all()] == ["IMG_2210.pdf"]
    assert site.superintendent.name in str(next(iter(answer.context["messages"])))


@pytest.mark.parametrize("amount", ["0.01", "0.05", "9.99", "10.00", "99.95", "1,234.56"])
def test_walkup_comes_to_the_amount_on_the_receipt_whatever_the_tax(sign_in, site, amount):
    browser = sign_in(site.foreman)
    for tax in ("GST2", "PST7", "GP", "GST_0"):
        browser.post("/orders/walk-up/", {**BOUGHT, "amount": amount, "tax_code": tax})
    totals = set(PurchaseOrder.objects.values_list("total_amount", flat=True))
    assert totals == {Decimal(amount.replace(",", ""))}
    assert PurchaseOrder.objects.count() == 4


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"amount": "-1"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"what": ""}, "what"),
        ({"tax_code": "NONE"}, "tax_code"),
        ({"urgency_justification": " "}, "urgency_justification"),
        ({"project": "PRJ999"}, "project"),
    ],
    ids=str,
)
def test_walkup_says_beside_the_field_what_is_wrong(sign_in, site, given, field):
    answer = sign_in(site.foreman).post("/orders/walk-up/", {**BOUGHT, **given})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert not PurchaseOrder.objects.exists()


def test_refused_photo_leaves_one_draft_that_the_next_try_sends(sign_in, site):
    browser = sign_in(site.foreman)
    wrong = SimpleUploadedFile("movie.mp4", b"\x00\x00\x00\x18ftypmp42", "video/mp4")
    answer = browser.post("/orders/walk-up/", {**BOUGHT, "photo": wrong})
    assert answer.status_code == 422
    assert "movie.mp4" in answer.content.decode()
    draft = PurchaseOrder.objects.get()
    assert f'name="order" value="{draft.pk}"' in answer.content.decode()
    browser.post("/orders/walk-up/", {**BOUGHT, "amount": "56.00", "order": draft.pk, "photo": a_photo()})
    order = PurchaseOrder.objects.get()
    assert (order.pk, order.status, order.total_amount) == (draft.pk, OrderStatus.SUBMITTED, Decimal("56.00"))


def test_walkup_says_when_its_photo_was_not_kept(sign_in, site):
    browser = sign_in(site.foreman)
    lost = browser.post("/orders/walk-up/", {**BOUGHT, "amount": "much", "photo": a_photo()}).content.decode()
    none = browser.post("/orders/walk-up/", {**BOUGHT, "amount": "much"}).content.decode()
    assert "take it again" in lost
    assert "take it again" not in none


def test_walkup_remembers_project_and_code_and_offers_the_taxes_in_use(sign_in, site):
    make_order(site)
    TaxCode.objects.filter(organization=site.organization, code="PST7").update(active=False)
    form = sign_in(site.foreman).get("/orders/walk-up/").context["form"]
    assert (form["project"].value(), form["cost_code"].value()) == ("PRJ001", "CC-001")
    codes = [code for code, _label in form.fields["tax_code"].widget.choices]
    assert "PST7" not in codes
    assert form["tax_code"].value() == site.organization.default_tax_code


# --- While one is away


def test_decisions_are_given_to_a_colleague_and_taken_back(sign_in, site):
    browser, today = sign_in(site.superintendent), timezone.localdate()
    data = {"do": "away", "delegate": site.pm.pk, "start_date": today, "end_date": today + timedelta(days=7)}
    browser.post("/account/", data)
    delegation = Delegation.objects.get()
    assert (delegation.delegator, delegation.delegate) == (site.superintendent, site.pm)
    assert site.pm.name in browser.get("/account/").content.decode()
    assert f"in place of {site.superintendent.name}" in sign_in(site.pm).get("/account/").content.decode()
    twice = browser.post("/account/", data)
    assert twice.status_code == 422
    assert "end it first" in twice.content.decode()
    assert sign_in(site.pm).post("/account/", {"do": "back", "delegation": delegation.uuid}).status_code == 404
    browser.post("/account/", {"do": "back", "delegation": delegation.uuid})
    delegation.refresh_from_db()
    assert delegation.ended_at is not None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"end_date": "2020-01-01"}, "end_date"),
        ({"end_date": "soon"}, "end_date"),
        ({"delegate": ""}, "delegate"),
        ({"delegate": "999999"}, "delegate"),
    ],
    ids=str,
)
def test_away_says_beside_the_field_what_is_wrong(sign_in, site, given, field):
    today = timezone.localdate()
    data = {"do": "away", "delegate": site.pm.pk, "start_date": today, "end_date": today, **given}
    answer = sign_in(site.superintendent).post("/account/", data)
    assert answer.status_code == 422
    assert set(answer.context["away"].errors) == {field}
    assert "form" in answer.context


def test_only_who_approves_orders_delegates_and_only_to_who_has_a_limit(sign_in, site):
    away = sign_in(site.superintendent).get("/account/").context["away"]
    assert {person.pk for person in away.colleagues.values()} == {site.foreman.pk, site.pm.pk, site.admin.pk}
    assert "away" not in sign_in(site.foreman).get("/account/").context
    answer = sign_in(site.foreman).post("/account/", {"do": "away", "delegate": site.pm.pk})
    assert not Delegation.objects.exists()
    assert answer.status_code == 422
