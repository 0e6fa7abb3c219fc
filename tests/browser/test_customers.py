"""Customers and products as their people work with them: by keyboard, on a phone, without script."""

import pytest
from playwright.sync_api import expect

from bureau.cases.models import Product
from bureau.parties.models import Customer
from tests.factories.cases import make_agency, make_case
from tests.factories.parties import make_customer
from tests.factories.products import make_document_type


@pytest.fixture
def agency(live_server):
    return make_agency()


def test_customer_is_added_beside_the_one_that_is_there_already(visit, agency):
    make_customer(agency.organization, agency.member, first_name="Ana", last_name="Lindqvist", email="ana@example.com")
    member = visit(agency.member.username)
    page = member.page
    page.keyboard.press("g")
    page.keyboard.press("u")
    member.check_accessibility()
    page.get_by_role("main").get_by_role("link", name="New customer").click()
    page.get_by_label("First name").fill("Anna")
    page.get_by_label("Last name").fill("Lindquist")
    page.get_by_label("E-mail").fill("ana@example.com")
    expect(page.locator("#alike")).to_contain_text("Ana Lindqvist")
    member.check_accessibility()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".twin")).to_contain_text("is there already")
    member.check_accessibility()
    page.get_by_label("It is another one: keep both").check()
    page.get_by_role("button", name="Add the customer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Lindquist")
    member.check_accessibility()
    assert Customer.objects.filter(party__email="ana@example.com").count() == 2


def test_company_shows_what_companies_have_also_without_script(visit, agency):
    for script in (True, False):
        page = visit(agency.staff.username, script=script).open("/customers/new/")
        expect(page.get_by_label("Passport number")).to_be_visible()
        page.get_by_role("radio", name="Company").check()
        expect(page.get_by_label("Passport number")).to_be_hidden()
        expect(page.get_by_text("Contact person")).to_be_visible()
        page.get_by_role("textbox", name="Company").fill(f"Harbour {script}")
        page.get_by_role("button", name="Add the customer").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Harbour {script}")


def test_customer_fits_a_phone_with_the_contact_first(visit, agency):
    person = make_customer(
        agency.organization, agency.member, first_name="Ana", phone="+62 812 555", birth_place="Umeå"
    )
    make_case(agency, customer=person)
    member = visit(agency.member.username, phone=True)
    for path in ("/customers/", f"/customers/{person.pk}/", f"/customers/{person.pk}/edit/"):
        page = member.open(path)
        member.check_accessibility()
        assert page.evaluate("document.documentElement.scrollWidth <= 360"), path
    page = member.open(f"/customers/{person.pk}/")
    tops = [page.get_by_role("region", name=name).bounding_box()["y"] for name in ("Contact", "Cases", "Person")]
    assert tops == sorted(tops)


def test_product_is_typed_without_the_mouse(visit, agency):
    make_document_type(agency.organization, "Passport", has_expiry_date=True, min_validity_months=6)
    staff = visit(agency.staff.username)
    page = staff.open("/products/new/")
    page.get_by_label("Name").fill("Visa extension")
    page.get_by_label("Code").fill("VISA-EXT")
    page.get_by_label("Task").first.fill("Check")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    expect(page.locator("#preview")).to_contain_text("A case begun today is due on")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Task").nth(1)).to_be_focused()
    page.keyboard.type("Collect")
    page.keyboard.press("Tab")
    page.keyboard.type("10")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_label("Task").first).to_have_value("Collect")
    expect(page.locator("#preview .step-name").first).to_have_text("Collect")
    page.get_by_role("button", name="Add a document").click()
    page.get_by_label("Document", exact=False).last.select_option("Passport")
    staff.check_accessibility()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Visa extension")
    staff.check_accessibility()
    product = Product.objects.get(code="VISA-EXT")
    assert [(task.step, task.name) for task in product.tasks.all()] == [(1, "Collect"), (2, "Check")]
    for path in ("/products/", "/products/documents/", "/products/documents/new/"):
        staff.open(path)
        staff.check_accessibility()
