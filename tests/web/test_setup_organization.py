"""The organization's settings, its logo and its bank."""

from io import BytesIO

import pytest
from PIL import Image

from tests.core.samples import pdf_bytes

pytestmark = pytest.mark.django_db
GIVEN = {
    "name": "Northwind Builders",
    "tax_number": "DE811907980",
    "address": "Hafenstrasse 12",
    "country": "DE",
    "currency": "CHF",
    "default_tax_rate": "19",
    "request_prefix": "nw",
    "completion_email": "books@example.com",
    "bank_name": "Harbour Bank",
    "iban": "de89 3704 0044 0532 0130 00",
    "bic": "COBADEFFXXX",
}


def png() -> BytesIO:
    content = BytesIO()
    Image.new("RGB", (40, 20), "teal").save(content, "PNG")
    content.seek(0)
    content.name = "logo.png"
    return content


@pytest.fixture
def browser(office, sign_in):
    return sign_in(office.admin)


def test_settings_are_saved_in_their_standard_form(office, browser):
    assert browser.post("/setup/organization/", GIVEN).status_code == 302
    office.organization.refresh_from_db()
    assert office.organization.iban == "DE89370400440532013000"
    assert (office.organization.request_prefix, office.organization.currency) == ("NW", "CHF")
    assert 'value="DE89 3704 0044 0532 0130 00"' in browser.get("/setup/organization/").content.decode()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("iban", "DE89370400440532013001", "not a valid IBAN"),
        ("bic", "COBA", "8 or 11"),
        ("default_tax_rate", "101", "from 0 to 100"),
        ("default_tax_rate", "x", "Enter a number."),
        ("request_prefix", "1X", "a letter first"),
        ("completion_email", "books", "Enter a valid email address."),
        ("currency", "XX", "Select a valid choice"),
        ("name", " ", "This field is required."),
        ("address", "\x00", "Null characters"),
    ],
)
def test_refused_setting_stands_beside_its_field_and_nothing_is_saved(office, browser, field, value, message):
    answer = browser.post("/setup/organization/", {**GIVEN, field: value})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert message in text
    assert "Harbour Bank" in text
    office.organization.refresh_from_db()
    assert office.organization.bank_name == ""


def test_logo_is_kept_shown_and_removed(office, browser):
    assert browser.get("/setup/organization/logo/").status_code == 404
    browser.post("/setup/organization/", {**GIVEN, "logo": png()})
    answer = browser.get("/setup/organization/logo/")
    assert answer.headers["Content-Type"] == "image/png"
    assert b"".join(answer.streaming_content) == png().read()
    browser.post("/setup/organization/", GIVEN)  # no new file: it stays
    office.organization.refresh_from_db()
    assert office.organization.logo is not None
    browser.post("/setup/organization/", {**GIVEN, "remove_logo": "on"})
    office.organization.refresh_from_db()
    assert office.organization.logo is None


def test_logo_that_is_no_picture_is_refused(office, browser):
    lie = BytesIO(pdf_bytes())
    lie.name = "logo.png"
    answer = browser.post("/setup/organization/", {**GIVEN, "logo": lie})
    assert answer.status_code == 422
    assert answer.context["form"].errors["logo"]
    office.organization.refresh_from_db()
    assert office.organization.logo is None


BUYING = {
    "reminder_days": "3",
    "escalation_days": "6",
    "price_tolerance": "1.5",
    "quantity_tolerance": "0",
    "total_tolerance": "10.00",
    "second_person_above": "2500",
    "default_tax_code": "GP",
}


def test_settings_of_orders_and_bills_are_saved(office, browser):
    assert browser.post("/setup/buying/", BUYING).status_code == 302
    office.organization.refresh_from_db()
    assert (office.organization.reminder_days, office.organization.default_tax_code) == (3, "GP")
    assert f"{office.organization.price_tolerance:.2f}" == "1.50"
    assert office.organization.second_person_above == 2500
    assert 'value="10.00"' in browser.get("/setup/buying/").content.decode()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("escalation_days", "2", "Escalate after the reminder"),
        ("reminder_days", "x", "Enter a whole number."),
        ("price_tolerance", "-1", "Give 0 or more."),
        ("default_tax_code", "NONE", "Select a valid choice"),
    ],
)
def test_unusable_setting_of_orders_is_refused_beside_its_field(office, browser, field, value, message):
    answer = browser.post("/setup/buying/", {**BUYING, field: value})
    assert answer.status_code == 422
    assert message in answer.content.decode()
    office.organization.refresh_from_db()
    assert office.organization.reminder_days == 2


def test_tax_codes_are_added_and_changed(office, browser):
    assert browser.post("/setup/tax-codes/", {"code": "vat", "name": "VAT", "rate": "19"}).status_code == 302
    assert "VAT" in browser.get("/setup/tax-codes/").content.decode()
    refused = browser.post("/setup/tax-codes/", {"code": "VAT", "name": "", "rate": "7"})
    assert refused.status_code == 422
    assert "already" in refused.content.decode()
    changed = {"name": "Value added tax", "rate": "20", "active": "on"}
    assert browser.post("/setup/tax-codes/?code=VAT", changed).status_code == 302
    found = office.organization.tax_codes.get(code="VAT")
    assert (found.name, int(found.rate), found.active) == ("Value added tax", 20, True)
    usual = office.organization.default_tax_code
    assert "choose another" in browser.post(f"/setup/tax-codes/?code={usual}", {"rate": "0"}).content.decode()
