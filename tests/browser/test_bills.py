"""Money pages in Chromium: a bill from entering to payment, goods received on a phone, and every page accessible."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from bureau.parties.services.vendors import confirm_account, propose_account
from bureau.purchasing.models import Bill
from bureau.purchasing.services.budgets import set_project_budget
from tests.factories.bills import bill_in, enter, match, receive
from tests.factories.orders import NOW, make_site, order_in
from tests.factories.purchasing import pdf

IBANS = ("DE89370400440532013000", "GB29NWBK60161331926819")


@pytest.fixture
def site(live_server):
    site = make_site()
    set_project_budget(project=site.project, budget=Decimal(400000), reason="start", actor=None, now=NOW)
    return site


@pytest.fixture
def order(site):
    return order_in("approved", site, vendor=site.vendor)


def test_bill_is_entered_found_to_differ_approved_with_a_comment_and_paid(visit, site, order):
    receive(order, "40")
    visitor = visit(site.finance.username)
    page = visitor.open("/bills/new/")
    page.get_by_label("Order", exact=True).fill(order.po_number)
    page.get_by_role("button", name="Take its lines").click()
    expect(page.get_by_label("Vendor")).to_have_value("VEN001 ABC Supply Co.")
    lines = page.locator("[data-lines] tbody tr")
    expect(lines.nth(0).get_by_label("Quantity")).to_have_value("40")
    page.get_by_label("Number on the bill").fill("A-100")
    page.get_by_label("Date of the bill").fill("2026-03-09")
    lines.nth(0).get_by_label("Quantity").fill("50")
    lines.nth(0).get_by_label("Unit price").fill("13.00")
    expect(page.locator("[data-sum=total]")).to_have_text("728.00")
    page.get_by_label("The bill itself").set_input_files(
        {"name": "invoice.pdf", "mimeType": "application/pdf", "buffer": pdf().read()}
    )
    expect(page.locator("[data-preview-pane]")).to_be_visible()
    visitor.check_accessibility()
    page.get_by_role("button", name="Enter the bill").click()
    page.get_by_role("button", name="Match").click()
    expect(page.get_by_role("heading", name="3 things differ")).to_be_visible()
    expect(page.locator("td.lit").first).to_contain_text("50")
    expect(page.get_by_text("Line 1: 50 is billed in all, 40 was received.").first).to_be_visible()
    visitor.check_accessibility()
    page.keyboard.press("a")
    dialog = page.get_by_role("dialog", name="Approve this bill")
    dialog.get_by_label("Why is it approved all the same?").fill("Ten more came this morning, the receipt follows")
    visitor.check_accessibility()
    dialog.get_by_role("button", name="Approve to be paid").click()
    expect(page.locator("#toasts")).to_contain_text("Approved")
    page.get_by_role("link", name="Paid…").click()
    dialog = page.get_by_role("dialog", name="Note the payment")
    visitor.check_accessibility()
    dialog.get_by_role("button", name="It is paid").click()
    expect(page.locator(".page-title")).to_contain_text("Paid")
    bill = Bill.objects.get()
    assert (bill.status, bill.total_amount, bill.payment_method) == ("paid", Decimal("728.00"), "bank_transfer")


def test_goods_are_received_on_a_phone(visit, site, order):
    visitor = visit(site.foreman.username, phone=True)
    page = visitor.open(f"/orders/{order.pk}/receive/")
    page.get_by_role("link", name="All outstanding").click()
    expect(page.get_by_label("Quantity of 2x4 Lumber - 8ft")).to_have_value("50")
    page.get_by_label("Note", exact=True).fill("Delivery note 118")
    visitor.check_accessibility()
    page.get_by_role("button", name="Note the receipt").click()
    expect(page.get_by_text("Delivery note 118")).to_be_visible()
    assert order.receipts.get().lines.get().quantity == Decimal(50)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_pages_are_accessible_and_fit_their_width(visit, site, order, phone):
    receive(order, "40")
    for iban in IBANS:
        account = propose_account(actor=site.staff, vendor=site.vendor, iban=iban, reason="Called back", now=NOW)
        confirm_account(actor=site.admin, account=account, now=NOW)
    propose_account(actor=site.staff, vendor=site.vendor, iban="DE02120300000000202051", reason="Letter", now=NOW)
    bill = match(enter(site, order))
    paid = bill_in("paid", site, bill_number="B-1")
    bill_in("approved", site, bill_number="C-1")
    visitor = visit(site.admin.username, phone=phone)
    for path in (
        "/projects/", "/projects/PRJ001/", "/projects/PRJ001/?as_of=2026-03-31", "/projects/PRJ001/codes/CC-001/",
        "/projects/new/", "/projects/PRJ001/budget/", "/projects/PRJ001/codes/CC-001/edit/", "/projects/?q=nothing",
        "/vendors/", "/vendors/VEN001/", "/vendors/VEN001/edit/", "/vendors/VEN001/account/", "/bills/",
        "/bills/?tab=pay", "/bills/?tab=all", f"/bills/{bill.pk}/", f"/bills/{bill.pk}/edit/",
        f"/bills/{bill.pk}/approve/", f"/bills/{paid.pk}/", "/bills/new/", f"/orders/{order.pk}/receive/",
        "/audit/", "/audit/?kind=nothing",
    ):  # fmt: skip
        page = visitor.open(path)
        visitor.check_accessibility()
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], path


def test_pages_work_without_script(visit, site, order):
    receive(order, "50")
    bill = enter(site, order)
    page = visit(site.finance.username, script=False).open(f"/bills/{bill.pk}/")
    page.get_by_role("button", name="Match").click()
    page.get_by_role("link", name="Approve").click()
    page.get_by_role("button", name="Approve to be paid").click()
    page.get_by_role("link", name="Paid…").click()
    page.get_by_role("button", name="It is paid").click()
    expect(page.locator(".page-title")).to_contain_text("Paid")
