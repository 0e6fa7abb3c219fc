"""Quotes and invoices as they are typed: without the mouse, from a spreadsheet, on a phone, without script."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from bureau.cases.services.cases import create_case
from bureau.parties.models import Customer
from bureau.sales.models import Invoice, Quote
from tests.factories.accounts import PASSWORD
from tests.factories.products import make_product
from tests.factories.sales import line, make_invoice, make_shop

SAVED = re.compile(r"/(invoices|quotes)/\d+/$")
PASTE = """(text) => {
    const data = new DataTransfer();
    data.setData("text", text);
    const options = { clipboardData: data, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
}"""


@pytest.fixture
def shop(live_server):
    return make_shop()


@pytest.fixture
def case_of_shop(shop):
    product = make_product(shop.organization, name="Visa extension", base_price=Decimal("350.00"), tax_code="GST2")
    return create_case(actor=shop.admin, customer=shop.customer, product=product, now=timezone.now())


def cell(page, row, label):
    return page.locator("[data-lines] tbody tr").nth(row).get_by_label(label, exact=True)


def sums(page):
    return {name: page.locator(f".lines-foot [data-sum={name}]").inner_text() for name in ("net", "total")}


def test_invoice_is_typed_without_the_mouse(visit, shop, case_of_shop):
    visitor = visit(shop.member.username)
    page = visitor.open(reverse("web:invoice-new"))
    keys = page.keyboard
    expect(page.get_by_role("combobox", name="Customer")).to_be_focused()
    keys.type("fjo")
    expect(page.get_by_role("option", name="Fjord Trading")).to_be_visible()
    visitor.check_accessibility()
    keys.press("Enter")
    expect(page.locator("[data-customer-card]")).to_contain_text("Havnegata")
    expect(page.get_by_label("Date")).to_be_focused()
    expect(page.locator("[data-add-case]")).to_contain_text("Visa extension")
    keys.press("Enter")
    expect(page.get_by_label("Due on")).to_be_focused()
    keys.press("Enter")
    expect(cell(page, 0, "Description")).to_be_focused()
    keys.press("Shift+Tab")
    expect(page.locator("[data-add-case]")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("[data-add-case]")).to_be_hidden()
    expect(cell(page, 0, "Quantity")).to_be_focused()
    expect(page.locator("[data-out=net]").first).to_have_text("350.00")
    keys.press("Enter")
    expect(cell(page, 1, "Description")).to_be_focused()
    for text in ("Advice", "2.5", "h", "1000.10", "12.5"):
        keys.type(text)
        keys.press("Tab")
    keys.type("GP")
    keys.press("Enter")
    expect(cell(page, 2, "Description")).to_be_focused()
    keys.type("Travel")
    keys.press("Tab")
    keys.type("3")
    keys.press("ArrowUp")
    expect(cell(page, 1, "Quantity")).to_be_focused()
    keys.press("ArrowDown")
    cell(page, 2, "Unit price").focus()
    keys.type("0.35")
    keys.press("Tab")
    keys.press("Tab")
    keys.type("XMPT")
    expect(page.locator(".lines-foot [data-sum=total]")).to_have_text("2,818.80")
    expect(page.locator("[data-tax-row]").first).to_contain_text("Tax 12 % of 2,187.72")
    keys.press("Alt+ArrowUp")
    expect(cell(page, 1, "Description")).to_have_value("Travel")
    keys.press("Control+Delete")
    expect(page.locator("[data-lines] tbody tr")).to_have_count(2)
    expect(page.locator("[data-undo-said]")).to_be_visible()
    visitor.check_accessibility()
    keys.press("Control+z")
    expect(page.locator("[data-lines] tbody tr")).to_have_count(3)
    expect(cell(page, 1, "Description")).to_have_value("Travel")
    seen = sums(page)
    keys.press("Control+Enter")
    page.wait_for_url(SAVED)
    invoice = Invoice.objects.get()
    assert {"net": f"{invoice.subtotal:,.2f}", "total": f"{invoice.total_amount:,.2f}"} == seen
    rows = list(invoice.lines.values_list("description", "case", "tax_code"))
    assert rows == [
        (f"Visa extension ({case_of_shop.number})", case_of_shop.pk, "GST2"),
        ("Travel", None, "XMPT"),
        ("Advice", None, "GP"),
    ]


def test_rows_are_pasted_and_add_up_as_on_the_server(visit, shop):
    page = visit(shop.member.username).open(reverse("web:quote-new") + f"?client={shop.customer.pk}")
    cell(page, 0, "Description").focus()
    rows = ["What\tQty\tUnit\tPrice\tDiscount\tTax"]
    rows += [
        f"Part {n}\t{n * 0.125}\tpcs\t{n * 3.33:.2f}\t{n % 7 * 1.25}\t{('GP', 'GST2', 'XMPT')[n % 3]}"
        for n in range(1, 41)
    ]
    rows += ["Half a cent\t0.5\t\t0.01\t\tGP", "Of a hundred\t1\t\t€ 1.234,56\t5 %\tGST2"]
    page.evaluate(PASTE, "\n".join(rows) + "\n")
    expect(page.locator("[data-lines] tbody tr")).to_have_count(42)
    expect(cell(page, 41, "Unit price")).to_have_value("1234.56")
    nets = page.locator("[data-out=net]").all_inner_texts()
    seen, taxes = sums(page), page.locator("[data-tax-row] dd").all_inner_texts()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(SAVED)
    quote = Quote.objects.get()
    assert nets == [f"{one.net_amount:,.2f}" for one in quote.lines.all()]
    assert seen == {"net": f"{quote.subtotal:,.2f}", "total": f"{quote.total_amount:,.2f}"}
    page.goto(page.url + "edit/")
    expect(page.locator("[data-tax-row] dd")).to_have_text(taxes)


def test_rows_without_units_are_pasted(visit, shop):
    page = visit(shop.member.username).open(reverse("web:invoice-new"))
    cell(page, 0, "Description").focus()
    page.evaluate(PASTE, "Gravel\t2\t€ 44.00\nSand\t1.5\t1,200.00")
    expect(cell(page, 1, "Unit price")).to_have_value("1200.00")
    expect(cell(page, 1, "Unit")).to_have_value("")
    expect(page.locator(".lines-foot [data-sum=net]")).to_have_text("1,888.00")
    page.get_by_role("combobox", name="Customer").fill("Fjord Trading")
    page.keyboard.press("Control+Shift+Enter")
    page.wait_for_url("**/send/")
    assert str(Invoice.objects.get().subtotal) == "1888.00"


def test_page_is_shown_as_it_will_be_printed(visit, shop):
    visitor = visit(shop.member.username)
    page = visitor.open(reverse("web:invoice-edit", args=[make_invoice(shop).pk]))
    sheet = page.locator("[data-sheet-image]")
    expect(sheet).to_be_visible()
    assert sheet.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 300
    before = sheet.get_attribute("src")
    cell(page, 0, "Description").fill("Something else")
    expect(sheet).not_to_have_attribute("src", before)
    cell(page, 0, "Description").focus()
    page.evaluate(PASTE, "".join(f"Line {n}\t1\t\t5\n" for n in range(60)))
    expect(page.locator("[data-page-said]")).to_contain_text("1 /")
    expect(page.locator("[data-pages]")).to_be_visible()
    page.get_by_role("button", name="Enlarge the page").click()
    expect(page.get_by_role("dialog", name="Preview")).to_be_visible()
    page.keyboard.press("Escape")
    before = sheet.get_attribute("src")
    page.get_by_role("button", name="Next page").click()
    expect(sheet).not_to_have_attribute("src", before)
    expect(page.locator("[data-page-said]")).to_contain_text("2 /")
    visitor.check_accessibility()


def test_draft_saves_itself_and_a_new_one_is_kept_here(visit, shop):
    visitor = visit(shop.member.username)
    invoice = make_invoice(shop)
    page = visitor.open(reverse("web:invoice-edit", args=[invoice.pk]))
    cell(page, 0, "Unit price").fill("80")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    invoice.refresh_from_db()
    assert str(invoice.total_amount) == "89.60"
    page = visitor.open(reverse("web:invoice-new"))
    cell(page, 0, "Description").fill("Gravel")
    cell(page, 0, "Unit price").fill("44")
    expect(page.locator("[data-saved]")).to_contain_text("kept in this browser")
    visitor.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast")).to_contain_text("connection is lost")
    visitor.context.set_offline(False)
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(page.url)
    assert asked == ["beforeunload"]
    expect(cell(page, 0, "Description")).to_have_value("Gravel")
    expect(page.locator(".lines-foot [data-sum=net]")).to_have_text("44.00")
    page.get_by_role("combobox", name="Customer").fill("Nobody of ours")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("There is no such customer")
    page.get_by_role("link", name="Customer: There is no such customer").click()
    expect(page.get_by_role("combobox", name="Customer")).to_be_focused()
    expect(cell(page, 0, "Description")).to_have_value("Gravel")
    visitor.check_accessibility()
    page = visitor.open(reverse("web:invoice-new") + f"?client={shop.customer.pk}")
    expect(page.get_by_role("combobox", name="Customer")).to_have_value("Fjord Trading")
    page = visitor.open(reverse("web:invoice-new"))
    page.get_by_role("link", name="Discard").click()
    page.wait_for_url("**/invoices/")
    page = visitor.open(reverse("web:invoice-new"))
    expect(cell(page, 0, "Description")).to_have_value("")


def test_what_was_typed_outlives_the_session(visit, shop):
    visitor = visit(shop.member.username)
    page = visitor.open(reverse("web:invoice-new"))
    page.get_by_role("combobox", name="Customer").press_sequentially("fjord")
    page.get_by_role("option", name="Fjord Trading").click()
    cell(page, 0, "Description").fill("Gravel")
    cell(page, 0, "Unit price").fill("44")
    visitor.context.clear_cookies(name="sessionid")
    page.keyboard.press("Control+Enter")
    page.get_by_label("Username or e-mail").fill(shop.member.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(cell(page, 0, "Description")).to_have_value("Gravel")
    expect(page.locator("[data-customer-card]")).to_contain_text("Havnegata")
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    cell(page, 0, "Unit price").press("Control+Enter")
    page.wait_for_url(SAVED)
    assert Invoice.objects.get().customer == shop.customer
    page = visitor.open(reverse("web:invoice-new"))
    expect(cell(page, 0, "Description")).to_have_value("")


def test_new_customer_is_added_while_an_invoice_is_typed(visit, shop):
    visitor = visit(shop.member.username)
    page = visitor.open(reverse("web:invoice-new"))
    cell(page, 0, "Description").fill("Gravel")
    page.get_by_role("combobox", name="Customer").press_sequentially("Alpine Lifts")
    page.get_by_role("option", name="New customer Alpine Lifts").click()
    expect(page.get_by_label("E-mail")).to_be_focused()
    expect(page.get_by_role("textbox", name="Company")).to_have_value("Alpine Lifts")
    visitor.check_accessibility()
    page.keyboard.type("office@alpine")
    page.keyboard.press("Enter")
    expect(page.locator(".new-customer .errorlist")).to_be_visible()
    page.get_by_label("E-mail").fill("office@alpine.example")
    page.keyboard.press("Enter")
    expect(page.locator("[data-customer-card]")).to_contain_text("office@alpine.example")
    made = Customer.objects.get(company_name="Alpine Lifts")
    expect(page.locator("[name=customer]")).to_have_value(str(made.pk))
    expect(cell(page, 0, "Description")).to_have_value("Gravel")


def test_invoice_is_written_on_a_phone(visit, shop, case_of_shop):
    visitor = visit(shop.member.username, phone=True)
    page = visitor.open(reverse("web:invoice-new"))
    page.get_by_role("combobox", name="Customer").press_sequentially("fjord")
    page.get_by_role("option", name="Fjord Trading").click()
    page.locator("[data-add-case]").click()
    page.get_by_role("button", name="Add a line").click()
    cell(page, 1, "Description").fill("Advice")
    cell(page, 1, "Unit price").fill("100")
    expect(page.locator(".bar-total")).to_contain_text("472.50")
    assert page.evaluate("document.documentElement.scrollWidth <= 360")
    visitor.check_accessibility()
    sheet = page.locator("[data-sheet-image]")
    expect(sheet).to_be_hidden()
    page.get_by_role("button", name="Preview").click()
    expect(sheet).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= 360")
    visitor.check_accessibility()
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(SAVED)
    assert str(Invoice.objects.get().total_amount) == "472.50"


def test_invoice_is_written_without_script(visit, shop, case_of_shop):
    page = visit(shop.member.username, script=False).open(reverse("web:invoice-new"))
    page.get_by_role("combobox", name="Customer").fill("Fjord Trading")
    page.get_by_role("button", name="More lines").click()
    expect(page.locator("[data-lines] tbody tr")).to_have_count(5)
    cell(page, 0, "Description").fill("Gravel")
    cell(page, 0, "Unit price").fill("44")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(SAVED)
    assert str(Invoice.objects.get().subtotal) == "44.00"


def test_line_of_another_day_adds_up(visit, shop):
    """What is kept with three decimals or a discount comes back as it was typed."""
    lines = [line("Advice", "0.125", "0.99", discount_percent=Decimal("33.33"))]
    page = visit(shop.member.username).open(reverse("web:invoice-edit", args=[make_invoice(shop, lines=lines).pk]))
    expect(page.locator("[data-out=net]").first).to_have_text("0.08")
    expect(cell(page, 0, "Discount %")).to_have_value("33.33")
