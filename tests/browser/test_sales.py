"""Selling in Chromium: a quote that is typed, accepted by the customer on a phone, billed, and paid in two parts; and
a case that ends with the payment of its invoice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from bureau.cases.services.cases import create_case
from bureau.sales.models import Invoice, Quote
from bureau.sales.services.links import create_link, link_url
from bureau.sales.services.payments import record_payment
from bureau.sales.services.quotes import mark_quote_sent
from tests.factories.products import make_product
from tests.factories.sales import line, make_invoice, make_quote, make_shop


@pytest.fixture
def shop(live_server, settings):
    settings.PUBLIC_URL = live_server.url
    return make_shop(iban="DE89370400440532013000", bic="COBADEFFXXX", bank_name="Commerzbank")


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def choose_customer(page) -> None:
    page.get_by_role("combobox", name="Customer").press_sequentially("fjord")
    page.get_by_role("option", name="Fjord Trading").click()


def pay(visitor, amount: str | None) -> None:
    """Records a payment in the dialog of the invoice's page: of this amount, or of what is left."""
    page = visitor.page
    page.get_by_role("link", name="Record payment").first.click()
    dialog = page.get_by_role("dialog", name="Record a payment")
    if amount is not None:
        dialog.get_by_label("Amount").fill(amount)
    dialog.get_by_label("How").select_option("bank_transfer")
    visitor.check_accessibility()
    dialog.get_by_role("button", name="Record the payment").click()
    expect(page.locator("#toasts")).to_contain_text("is recorded")


def test_quote_is_typed_accepted_by_link_billed_and_paid(visit, shop):
    visitor = visit(shop.member.username)
    page = visitor.open(reverse("web:quote-new"))
    choose_customer(page)
    row = page.locator("[data-lines] tbody tr").first
    for label, text in (("Description", "Roof survey"), ("Quantity", "2"), ("Unit price", "450.00")):
        row.get_by_label(label, exact=True).fill(text)
    row.get_by_label("Tax", exact=True).select_option("GP")
    expect(page.locator(".lines-foot [data-sum=total]")).to_have_text("1,008.00")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/quotes/*/")
    quote = Quote.objects.get()
    expect(page.locator(".page-title")).to_contain_text("Draft")
    page.locator("summary[aria-label=More]").click()
    page.get_by_role("button", name="Mark as sent").click()
    expect(page.locator(".page-title")).to_contain_text("Sent")
    page.get_by_role("button", name="Make a link").click()
    address = page.get_by_label("The customer's own page. It is shown only now:").input_value()

    customer = visit(phone=True)
    theirs = customer.page
    theirs.goto(address)
    expect(theirs.get_by_role("heading", name=f"Quote {quote.number}")).to_be_visible()
    expect(theirs.locator(".sheet-sums")).to_contain_text("1,008.00")
    customer.check_accessibility()
    assert fits(theirs)
    theirs.get_by_label("Your name").fill("Kari Nordmann")
    theirs.get_by_label("A word to us").fill("Please start in May.")
    theirs.get_by_role("button", name="Accept").click()
    expect(theirs.get_by_text("Accepted by Kari Nordmann.")).to_be_visible()
    expect(theirs.get_by_role("button", name="Accept")).to_have_count(0)
    customer.check_accessibility()

    page = visitor.open(reverse("web:quote", args=[quote.pk]))
    expect(page.locator(".page-title")).to_contain_text("Accepted")
    expect(page.locator("main")).to_contain_text("Please start in May.")
    page.get_by_role("button", name="Make the invoice").click()
    page.wait_for_url("**/invoices/*/")
    expect(page.locator(".page-title")).to_contain_text("Draft")
    page.get_by_role("button", name="Issue", exact=True).click()
    expect(page.locator(".page-title")).to_contain_text("Issued")
    pay(visitor, "400.00")
    expect(page.locator(".page-title")).to_contain_text("Partly paid")
    pay(visitor, None)
    expect(page.locator(".page-title")).to_contain_text("Paid")
    invoice = Invoice.objects.get()
    assert (invoice.quote, invoice.status, invoice.balance) == (quote, "paid", Decimal(0))
    assert sorted(invoice.payments.values_list("amount", flat=True)) == [Decimal(400), Decimal(608)]


def test_case_ends_when_its_invoice_is_paid(visit, shop):
    product = make_product(
        shop.organization, name="Certified translation", base_price=Decimal("65.00"), completed_by_payment=True
    )
    case = create_case(actor=shop.member, customer=shop.customer, product=product, now=timezone.now())
    visitor = visit(shop.member.username)
    page = visitor.open(reverse("web:invoice-new"))
    choose_customer(page)
    page.locator("[data-add-case]").click()
    expect(page.locator("[data-out=net]").first).to_have_text("65.00")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/invoices/*/")
    page.get_by_role("button", name="Issue", exact=True).click()
    expect(page.locator(".page-title")).to_contain_text("Issued")
    pay(visitor, None)
    expect(page.locator(".page-title")).to_contain_text("Paid")
    page.get_by_role("link", name=case.number).first.click()
    expect(page.locator(".page-title")).to_contain_text("Completed")
    case.refresh_from_db()
    assert case.status == "completed"


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_pages_are_accessible_and_fit_their_width(visit, shop, phone):
    now = timezone.now()
    quote = mark_quote_sent(actor=shop.member, quote=make_quote(shop), now=now)
    invoice = make_invoice(shop, issued=True, lines=[line("Roof repair", "3"), line("Gutter", unit_price="50")])
    late = make_invoice(shop, issued=True, now=now - timedelta(days=60))
    record_payment(
        actor=shop.member, invoice=late, amount=Decimal(12), payment_date=timezone.localdate(), payment_method="cash",
        now=now,
    )  # fmt: skip
    links = [link_url(create_link(actor=shop.member, document=of, now=now)[1]) for of in (quote, invoice)]
    visitor = visit(shop.staff.username, phone=phone)
    for path in (
        reverse("web:invoices"), reverse("web:quotes"), reverse("web:payments"),
        reverse("web:invoice", args=[invoice.pk]), reverse("web:invoice", args=[late.pk]),
        reverse("web:quote", args=[quote.pk]), *(link.partition("/s/")[1] + link.partition("/s/")[2] for link in links),
    ):  # fmt: skip
        page = visitor.open(path)
        visitor.check_accessibility()
        assert fits(page), path
    page = visitor.open(reverse("web:invoice", args=[invoice.pk]))
    page.get_by_role("link", name="Record payment").first.click()
    expect(page.get_by_role("dialog", name="Record a payment")).to_be_visible()
    visitor.check_accessibility()
