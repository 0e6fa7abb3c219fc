"""The editor of quotes and invoices: what it shows and saves, what it refuses, and that it works without script."""

from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bureau.cases.services.cases import create_case
from bureau.core.models import TaxCode
from bureau.parties.models import Customer
from bureau.sales.models import Invoice, Quote
from bureau.sales.services.quotes import mark_quote_sent
from tests.factories.parties import make_customer
from tests.factories.products import make_product
from tests.factories.sales import line, make_invoice, make_quote, make_shop

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true"}
KINDS = ["invoice", "quote"]
UNTIL = {"invoice": "due_date", "quote": "expiry_date"}
MODEL = {"invoice": Invoice, "quote": Quote}


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


@pytest.fixture
def member(sign_in, shop):
    return sign_in(shop.member)


def filled(shop, kind="invoice", **changes):
    """As the form sends it: two lines, an empty one between them."""
    return {
        "customer_name": shop.customer.party.name,
        "customer": str(shop.customer.pk),
        "issue_date": "2026-03-10",
        UNTIL[kind]: "2026-04-09",
        "terms": "Within 30 days",
        "notes": "Thank you",
        "line_description": ["Advice", "", "Travel"],
        "line_quantity": ["2.5", "", "3"],
        "line_unit": ["h", "", "km"],
        "line_unit_price": ["1,000.10", "", "0.35"],
        "line_discount_percent": ["10", "", ""],
        "line_tax_code": ["GP", "GP", "XMPT"],
        "line_case": ["", "", ""],
        **changes,
    }


def new_page(kind="invoice"):
    return reverse(f"web:{kind}-new")


def edit_page(item):
    return reverse(f"web:{type(item).__name__.lower()}-edit", args=[item.pk])


@pytest.fixture
def case_of_shop(shop):
    """A case of the shop's customer that costs 350.00."""

    def made(price="350.00", customer=None):
        product = make_product(shop.organization, base_price=Decimal(price), tax_code="GST2")
        return create_case(actor=shop.admin, customer=customer or shop.customer, product=product, now=timezone.now())

    return made


@pytest.mark.parametrize("kind", KINDS)
def test_new_one_begins_with_the_days_and_terms_of_the_organization(kind, member, shop):
    setattr(shop.organization, f"{kind}_terms", "Our terms")
    setattr(shop.organization, "payment_days" if kind == "invoice" else "quote_days", 14)
    shop.organization.save()
    page = member.get(new_page(kind)).content.decode()
    today = timezone.localdate()
    assert f'name="issue_date" value="{today}"' in page
    assert f'name="{UNTIL[kind]}" value="{today + timedelta(days=14)}"' in page
    assert "Our terms" in page


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_typed_is_saved(kind, member, shop):
    answer = member.post(new_page(kind), filled(shop, kind, do="save"))
    item = MODEL[kind].objects.get()
    assert answer.url == reverse(f"web:{kind}", args=[item.pk])
    assert (item.customer, item.owner, item.status) == (shop.customer, shop.member, "draft")
    assert (item.issue_date, getattr(item, UNTIL[kind])) == (date(2026, 3, 10), date(2026, 4, 9))
    assert (item.terms, item.notes) == ("Within 30 days", "Thank you")
    rows = item.lines.values_list("description", "quantity", "unit", "unit_price", "discount_percent", "tax_code")
    assert list(rows) == [
        ("Advice", Decimal("2.5"), "h", Decimal("1000.10"), Decimal(10), "GP"),
        ("Travel", 3, "km", Decimal("0.35"), 0, "XMPT"),
    ]
    assert (item.subtotal, item.tax_amount, item.total_amount) == (
        Decimal("2251.28"),
        Decimal("270.03"),
        Decimal("2521.31"),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_save_and_send_leads_to_sending(kind, member, shop):
    answer = member.post(new_page(kind), filled(shop, kind, do="send"))
    assert answer.url == reverse(f"web:{kind}-send", args=[MODEL[kind].objects.get().pk])


def test_draft_is_shown_and_changed(member, shop):
    lines = [line("Advice", "1.50", "80.00", unit="h", discount_percent=Decimal("2.5"))]
    invoice = make_invoice(shop, lines=lines, notes="Old")
    page = member.get(edit_page(invoice)).content.decode()
    for text in ('value="1.5"', 'value="80.00"', 'value="2.5"', ">Advice</textarea>", "\nOld</textarea>", "131.04"):
        assert text in page
    member.post(edit_page(invoice), filled(shop, notes="New", do="save"))
    invoice.refresh_from_db()
    assert (invoice.notes, invoice.lines.count()) == ("New", 2)


def test_draft_saves_itself(member, shop):
    invoice = make_invoice(shop)
    answer = member.post(edit_page(invoice), filled(shop), headers=JSON)
    assert (answer.status_code, answer.json()) == (200, {})
    invoice.refresh_from_db()
    assert str(invoice.total_amount) == "2521.31"
    answer = member.post(edit_page(invoice), filled(shop, line_unit_price=["", "", "1"]), headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["message"] == "Still to do: Line 1, unit price: Give the price; 0 where it costs nothing."


def test_only_a_draft_saves_itself(member, shop):
    assert "data-kept" in member.get(new_page()).content.decode()
    quote = make_quote(shop)
    assert "data-kept" not in member.get(edit_page(quote)).content.decode()
    mark_quote_sent(actor=shop.member, quote=quote, now=timezone.now())
    page = member.get(edit_page(quote)).content.decode()
    assert "data-kept" in page
    assert "next version" in page
    member.post(edit_page(quote), filled(shop, "quote", do="save"))
    quote.refresh_from_db()
    assert (quote.version, quote.status) == (2, "draft")


def test_issued_invoice_is_not_edited(member, shop):
    invoice = make_invoice(shop, issued=True)
    answer = member.get(edit_page(invoice))
    assert answer.url == reverse("web:invoice", args=[invoice.pk])
    member.post(edit_page(invoice), filled(shop))
    invoice.refresh_from_db()
    assert str(invoice.total_amount) == "112.00"


@pytest.mark.parametrize("kind", KINDS)
def test_document_of_somebody_else_is_not_found(kind, sign_in, shop):
    item = {"invoice": make_invoice, "quote": make_quote}[kind](shop)
    stranger, other = sign_in(make_shop().admin), sign_in(shop.other)
    for action in ("edit", "copy", "preview-of", "preview-pdf-of"):
        address = reverse(f"web:{kind}-{action}", args=[item.pk])
        for client in (stranger, other):
            answer = client.post(address) if action.startswith("preview") else client.get(address)
            assert answer.status_code == 404


# --- What is refused


def refused(client, data, address=None):
    """The page with its errors; nothing was made."""
    made = Invoice.objects.count()
    answer = client.post(address or new_page(), data)
    assert (answer.status_code, Invoice.objects.count()) == (422, made)
    return answer.content.decode()


def test_errors_stand_beside_their_cells_and_what_was_typed_stays(member, shop):
    wrong = {
        "line_description": ["", "Travel"],
        "line_quantity": ["-1", "many"],
        "line_unit": ["h", ""],
        "line_unit_price": ["12.345", "7"],
        "line_discount_percent": ["120", ""],
        "line_tax_code": ["GP", "GP"],
        "line_case": ["", ""],
    }
    page = refused(member, filled(shop, **wrong))
    assert 'id="line-2-quantity" aria-invalid="true"' in page
    assert 'href="#line-2-quantity">Line 2, quantity: Give a number, such as 12.50.</a>' in page
    page = refused(member, filled(shop, **wrong | {"line_quantity": ["-1", "2"]}))
    for cell in ("description", "quantity", "unit_price", "discount_percent"):
        assert f'id="line-1-{cell}" aria-invalid="true"' in page
        assert f'href="#line-1-{cell}"' in page
    assert 'value="12.345"' in page
    assert "data-typed" in page


def test_due_date_before_the_date_stands_beside_it(member, shop):
    page = refused(member, filled(shop, due_date="2026-03-09"))
    assert 'href="#id_due_date">Due on: An invoice is due on its date or later.' in page
    assert "Give a date." in refused(member, filled(shop, issue_date=""))


def test_foreign_customer_is_refused_in_the_words_for_an_unknown_one(member, shop):
    foreign, unseen = make_customer(make_shop().organization), make_customer(shop.organization, owner=shop.other)
    pages = [
        refused(member, filled(shop, customer=str(one.pk), customer_name=one.party.name)) for one in (foreign, unseen)
    ]
    pages.append(refused(member, filled(shop, customer="999999", customer_name="Nobody")))
    for page in pages:
        assert "There is no such customer. Choose one of the list, or enter a new one." in page
    assert "Choose a customer, or enter a new one." in refused(member, filled(shop, customer="", customer_name=" "))


def test_inactive_customer_is_refused(member, shop):
    shop.customer.active = False
    shop.customer.save()
    assert "This client is not active." in refused(member, filled(shop))


def test_tax_code_that_is_not_used_any_more_is_shown_and_refused(member, shop):
    invoice = make_invoice(shop)
    TaxCode.objects.filter(organization=shop.organization, code="GP").update(active=False)
    assert "GP (no longer used)" in member.get(edit_page(invoice)).content.decode()
    page = refused(member, filled(shop), edit_page(invoice))
    assert 'href="#line-1-tax_code"' in page


def test_markup_that_was_typed_is_text(member, shop):
    page = refused(member, filled(shop, customer="", customer_name="<script>x</script>", notes="</textarea><b>"))
    assert "<script>x" not in page
    assert "</textarea><b>" not in page


# --- Whom it is for


def test_customer_is_found_by_the_name_that_was_typed(member, shop):
    member.post(new_page(), filled(shop, customer="", customer_name=" fjord  TRADING "))
    assert Invoice.objects.get().customer == shop.customer
    make_customer(shop.organization, owner=shop.member, customer_type="company", company_name="Fjord Trading")
    page = refused(member, filled(shop, customer="", customer_name="Fjord Trading"))
    assert "Several customers are called like this" in page


def test_id_counts_while_the_name_is_theirs(member, shop):
    other = make_customer(shop.organization, owner=shop.member)
    member.post(new_page(), filled(shop, customer=str(shop.customer.pk), customer_name=other.party.name))
    assert Invoice.objects.get().customer == other


def test_customers_are_found_as_one_types(member, shop):
    make_customer(shop.organization, owner=shop.other, customer_type="company", company_name="Fjordland")
    page = member.get(reverse("web:customer-options"), {"q": "fjord"}).content.decode()
    assert f'data-id="{shop.customer.pk}"' in page
    assert "Havnegata" in page
    assert "Fjordland" not in page


def test_new_customer_is_added_without_losing_what_was_typed(member, shop):
    new = {"new-customer_type": "company", "new-company_name": "Alpine Lifts", "new-email": "office@alpine.example"}
    data = filled(shop, customer="", customer_name="Alpine", do="customer", **new)
    page = member.post(new_page(), data).content.decode()
    made = Customer.objects.get(company_name="Alpine Lifts")
    assert made.owner == shop.member
    assert f'name="customer" value="{made.pk}"' in page
    for text in ('value="1,000.10"', ">Advice</textarea>", "\nThank you</textarea>"):
        assert text in page
    assert 'name="new-company_name" value' not in page, "the fields are free for the next"
    assert not Invoice.objects.exists()
    page = member.post(new_page(), data | {"new-company_name": "Alpine 2"}).content.decode()
    assert "allow_duplicate" in page
    assert ">Advice</textarea>" in page
    page = member.post(new_page(), data | {"new-company_name": "Alpine 2", "new-allow_duplicate": "on"})
    assert Customer.objects.filter(company_name="Alpine 2").exists()


def test_new_customer_is_added_by_script(member, shop):
    new = {"new-customer_type": "person", "new-last_name": "Doe", "do": "customer"}
    answer = member.post(new_page(), new, headers=HTMX)
    assert f'data-id="{Customer.objects.get(last_name="Doe").pk}"' in answer.content.decode()
    answer = member.post(new_page(), new | {"new-last_name": "", "new-email": "x"}, headers=HTMX)
    assert (answer.status_code, "errorlist" in answer.content.decode()) == (422, True)


def test_new_customer_who_is_not_added_yet_is_not_taken_for_one_of_a_like_name(member, shop):
    """The name alone would find Fjord Trading."""
    page = refused(member, filled(shop, customer="", customer_name="Fjord", **{"new-company_name": "Fjord"}))
    assert "The new customer is not added yet" in page
    assert not Invoice.objects.exists()
    member.post(new_page(), filled(shop, customer="", customer_name="Fjord"))
    assert Invoice.objects.get().customer == shop.customer


# --- Cases


def test_cases_that_are_ready_are_offered_and_billed(member, shop, case_of_shop):
    case = case_of_shop()
    page = member.get(new_page(), {"client": shop.customer.pk}).content.decode()
    assert f'data-add-case data-line-description="{case.product.name} ({case.number})"' in page
    assert 'data-line-unit_price="350.00" data-line-tax_code="GST2"' in page
    page = member.post(new_page(), filled(shop, add_case=str(case.pk))).content.decode()
    assert f'name="line_case" value="{case.pk}"' in page
    assert "data-add-case" not in page
    data = filled(shop, line_case=[str(case.pk), "", ""])
    member.post(new_page(), data)
    invoice = Invoice.objects.get()
    assert list(invoice.lines.values_list("case", flat=True)) == [case.pk, None]
    assert "data-add-case" not in member.get(new_page(), {"client": shop.customer.pk}).content.decode()
    fragment = reverse("web:invoice-cases")
    assert "data-add-case" not in member.get(fragment, {"customer": shop.customer.pk}).content.decode()
    again = member.get(fragment, {"customer": shop.customer.pk, "invoice": invoice.pk}).content.decode()
    assert f'data-line-case="{case.pk}"' in again, "its own case, should its line be removed"
    assert invoice.number in refused(member, data)


def test_invoice_of_a_case_begins_with_it(member, shop, case_of_shop):
    case = case_of_shop()
    page = member.get(new_page(), {"case": case.pk}).content.decode()
    assert f'name="line_case" value="{case.pk}"' in page
    assert 'value="Fjord Trading"' in page


def test_foreign_case_is_refused(member, shop, case_of_shop):
    hidden = case_of_shop(customer=make_customer(shop.organization, owner=shop.other))
    page = refused(member, filled(shop, line_case=[str(hidden.pk), "", ""]))
    assert "There is no such case." in page
    assert hidden.number not in page
    assert (
        "data-add-case"
        not in member.get(reverse("web:invoice-cases"), {"customer": hidden.customer_id}).content.decode()
    )


def test_owner_goes_on_with_what_was_begun_for_a_customer_of_somebody_else(sign_in, shop, case_of_shop):
    case = case_of_shop()
    invoice = make_invoice(shop, lines=[line(case=case)], actor=shop.admin, owner=shop.other)
    client, address = sign_in(shop.other), edit_page(invoice)
    page = client.get(address).content.decode()
    assert f'name="customer" value="{shop.customer.pk}"' in page
    client.post(address, filled(shop, line_case=[str(case.pk), "", ""]))
    invoice.refresh_from_db()
    assert (invoice.customer, invoice.notes) == (shop.customer, "Thank you")
    assert list(invoice.lines.values_list("case", flat=True)) == [case.pk, None]


# --- Copies


@pytest.mark.parametrize("kind", KINDS)
def test_copy_is_filled_and_made_when_it_is_saved(kind, member, shop):
    make = {"invoice": make_invoice, "quote": make_quote}[kind]
    item = make(shop, lines=[line("Advice", "4", "12.00")], issue_date=date(2026, 1, 5), notes="As agreed")
    address = reverse(f"web:{kind}-copy", args=[item.pk])
    page = member.get(address).content.decode()
    assert MODEL[kind].objects.count() == 1
    for text in (">Advice</textarea>", 'value="12.00"', "\nAs agreed</textarea>"):
        assert text in page
    assert f'name="issue_date" value="{timezone.localdate()}"' in page
    member.post(address, filled(shop, kind))
    assert MODEL[kind].objects.exclude(pk=item.pk).get().status == "draft"


# --- Preview


@pytest.mark.parametrize("kind", KINDS)
def test_preview_is_an_image_of_what_was_typed(kind, member, shop):
    answer = member.post(reverse(f"web:{kind}-preview"), filled(shop, kind, page="1"))
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert int(answer.headers["X-Pages"]) >= 1
    assert "no-store" in answer.headers["Cache-Control"]
    assert not MODEL[kind].objects.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_preview_shows_what_can_be_read_so_far(kind, member, shop):
    half = {
        "line_description": ["Advice", "Travel", "x" * 400],
        "line_quantity": ["", "many", "1"],
        "line_unit_price": ["", "3", "1"],
        "issue_date": "",
        "customer": "",
        "page": "none",
    }
    for data in (filled(shop, kind, **half), {}):
        answer = member.post(reverse(f"web:{kind}-preview"), data)
        assert answer.content.startswith(b"\x89PNG")


def test_preview_opens_as_a_pdf(member, shop):
    invoice = make_invoice(shop)
    answer = member.post(reverse("web:invoice-preview-pdf-of", args=[invoice.pk]), filled(shop))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    invoice.refresh_from_db()
    assert str(invoice.total_amount) == "112.00"


def test_more_lines_without_script(member, shop):
    page = member.post(new_page(), filled(shop, do="more")).content.decode()
    assert page.count('name="line_description"') == 2 + 5
    assert ">Travel</textarea>" in page
    assert not Invoice.objects.exists()


def test_as_many_lines_as_an_invoice_takes_are_sent_with_their_form(member, shop):
    rows = {"description": "Advice", "quantity": "1", "unit": "", "unit_price": "1", "discount_percent": "", "case": ""}
    lines = {f"line_{name}": [text] * 199 for name, text in rows.items()} | {"line_tax_code": ["GP"] * 199}
    member.post(new_page(), filled(shop, **lines))
    assert Invoice.objects.get().lines.count() == 199
    assert "Use at most 199 lines." in refused(
        member, filled(shop, **{name: [*texts, texts[0]] for name, texts in lines.items()})
    )


def test_editor_asks_as_often_for_many_lines_as_for_one(member, shop, case_of_shop):
    def queries(count):
        invoice = make_invoice(shop, lines=[line(case=case_of_shop()) for _n in range(count)])
        case_of_shop()
        with CaptureQueriesContext(connection) as seen:
            member.get(edit_page(invoice))
        return len(seen)

    assert queries(1) == queries(4)
