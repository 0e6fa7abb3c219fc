"""What new quotes and invoices begin with, and the template of invoices."""

from io import BytesIO

import pytest

from bureau.sales.rendering.content import invoice_content
from bureau.sales.rendering.docx import BUILT_IN, variables
from bureau.web.setup.selling import PLACES
from tests.factories.sales import make_invoice, make_shop

pytestmark = pytest.mark.django_db
GIVEN = {
    "payment_days": "14",
    "quote_days": "45",
    "invoice_terms": "Net 14 days.",
    "quote_terms": "Prices are net.",
    "remind_customers": "on",
}


@pytest.fixture
def browser(office, sign_in):
    return sign_in(office.admin)


def docx(content=None):
    file = BytesIO(content or BUILT_IN.read_bytes())
    file.name = "ours.docx"
    return file


def test_settings_are_saved_and_shown(office, browser):
    assert browser.post("/setup/selling/", GIVEN).status_code == 302
    office.organization.refresh_from_db()
    found = office.organization
    assert (found.payment_days, found.quote_days, found.remind_customers) == (14, 45, True)
    assert "Net 14 days." in browser.get("/setup/selling/").content.decode()
    assert browser.post("/setup/selling/", {**GIVEN, "remind_customers": ""}).status_code == 302
    office.organization.refresh_from_db()
    assert not office.organization.remind_customers


@pytest.mark.parametrize(("field", "value"), [("payment_days", "-1"), ("payment_days", "366"), ("quote_days", "soon")])
def test_refused_setting_stands_beside_its_field(office, browser, field, value):
    answer = browser.post("/setup/selling/", {**GIVEN, field: value})
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    office.organization.refresh_from_db()
    assert office.organization.payment_days == 30


def test_template_is_replaced_downloaded_and_given_up(office, browser):
    assert b"".join(browser.get("/setup/selling/template/built-in/").streaming_content) == BUILT_IN.read_bytes()
    assert browser.post("/setup/selling/template/", {"invoice_template": docx()}).status_code == 302
    assert "ours.docx" in browser.get("/setup/selling/").content.decode()
    answer = browser.get("/setup/selling/template/own/")
    assert "ours.docx" in answer.headers["Content-Disposition"]
    assert browser.post("/setup/selling/template/", {"remove": "1"}).status_code == 302
    office.organization.refresh_from_db()
    assert office.organization.invoice_template is None


@pytest.mark.parametrize("content", [b"PK not a document", None], ids=["broken", "none"])
def test_template_that_cannot_be_used_is_refused_with_the_reason(office, browser, content):
    files = {"invoice_template": docx(content)} if content else {}
    answer = browser.post("/setup/selling/template/", files)
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    office.organization.refresh_from_db()
    assert office.organization.invoice_template is None


def test_tax_code_says_why_there_is_no_tax(office, browser):
    assert browser.post("/setup/tax-codes/", {"code": "RC", "rate": "0", "category": "AE"}).status_code == 302
    assert browser.post("/setup/tax-codes/", {"code": "NIL", "rate": "0"}).status_code == 302
    refused = browser.post("/setup/tax-codes/", {"code": "BAD", "rate": "19", "category": "E"})
    assert refused.status_code == 422
    assert "A rate above 0" in refused.content.decode()
    told = dict(office.organization.tax_codes.filter(code__in=["RC", "NIL", "BAD"]).values_list("code", "category"))
    assert told == {"RC": "AE", "NIL": "Z"}


def test_page_names_everything_that_a_template_can_place():
    given = variables(invoice_content(make_invoice(make_shop())))
    flat = {name for name, value in given.items() if not isinstance(value, (dict, list))} | {"reasons"}
    flat |= {f"{part}.{name}" for part in ("seller", "buyer") for name in given[part]}
    flat |= {f"line.{name}" for name in given["lines"][0]} | {f"tax.{name}" for name in given["taxes"][0]}
    told = {name for names, _meaning in PLACES for name in names}
    assert told <= flat
    assert {name for name in flat - told if not name.startswith(("seller", "buyer"))} == set()
