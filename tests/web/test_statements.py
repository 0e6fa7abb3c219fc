"""What customers owe, in the pages: by age, as a statement, and on the customer's page."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from bureau.core.models import AuditEntry, Organization
from bureau.sales.services.invoices import cancel_invoice
from bureau.sales.services.payments import record_payment
from tests.factories.accounts import make_user
from tests.factories.imports import upload
from tests.factories.parties import make_customer
from tests.factories.sales import line, make_invoice, make_quote, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def ago(days):
    return timezone.localdate() - timedelta(days=days)


def issue(shop, amount="100.00", *, days=40, **options):
    """Issued so many days ago, due ten later, without tax."""
    rows = [line(unit_price=amount, tax_code="GST_0")]
    return make_invoice(shop, lines=rows, issued=True, issue_date=ago(days), due_date=ago(days - 10), **options)


def pay(shop, invoice, amount, days=5):
    options = {"payment_date": ago(days), "payment_method": "bank_transfer", "reference": "TX1"}
    return record_payment(actor=shop.staff, invoice=invoice, amount=Decimal(amount), now=timezone.now(), **options)


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def path_of(shop) -> str:
    return f"/customers/{shop.customer.pk}/statement/"


def test_ageing_shows_each_customer_and_all_together(shop, sign_in):
    harbour = make_customer(shop.organization, shop.member, company_name="Harbour Ltd", customer_type="company")
    issue(shop, "100.00")
    issue(shop, "50.00", days=150, customer=harbour)
    answer = sign_in(shop.staff).get("/invoices/ageing/")
    html = text_of(answer)
    [chart] = answer.context["charts"]
    assert [row.owes.customer_name for row in answer.context["rows"]] == ["Fjord Trading", "Harbour Ltd"]
    assert (chart.owed.days_1_30, chart.owed.over_90, chart.owed.total) == (100, 50, 150)
    assert f'/customers/{harbour.pk}/statement/?to={ago(0)}&amp;currency=EUR"' in html
    first = answer.context["rows"][0].parts[1]
    assert first.url == f"/invoices/?tab=open&client={shop.customer.pk}&due_from={ago(30)}&due_to={ago(1)}"
    assert first.url.replace("&", "&amp;") in html
    assert [part.width for part in chart.parts] == ["0.00", "100.00", "0.00", "0.00", "50.00"]


def test_list_behind_a_bucket_holds_its_invoices(shop, sign_in):
    wanted = [issue(shop, days=days) for days in (11, 40)]
    for days in (10, 41):
        issue(shop, days=days)
    browser = sign_in(shop.member)
    part = browser.get("/invoices/ageing/").context["rows"][0].parts[1]
    listed = browser.get(part.url).context["page"]
    assert {row.pk for row in listed} == {invoice.pk for invoice in wanted}
    assert sum(row.balance for row in listed) == part.amount == 200


def test_ageing_of_a_past_day_says_so_and_links_to_no_list(shop, sign_in):
    pay(shop, issue(shop), "40.00")
    answer = sign_in(shop.member).get(f"/invoices/ageing/?as_of={ago(6)}")
    assert "Figures as of the end of" in text_of(answer)
    [row] = answer.context["rows"]
    assert (row.owes.total, {part.url for part in row.parts}) == (100, {""})
    assert sign_in(shop.member).get("/invoices/ageing/").context["rows"][0].owes.total == 60


def test_ageing_is_searched_sorted_and_taken_along(shop, sign_in):
    harbour = make_customer(shop.organization, shop.member, company_name="Harbour Ltd", customer_type="company")
    issue(shop, "10.00")
    issue(shop, "30.00", customer=harbour)
    browser = sign_in(shop.staff)

    def names(query=""):
        return [row.owes.customer_name for row in browser.get(f"/invoices/ageing/{query}").context["rows"]]

    assert names("?sort=-total") == names("?sort=-name") == ["Harbour Ltd", "Fjord Trading"]
    assert names("?q=fjord") == names(f"?client={shop.customer.pk}") == ["Fjord Trading"]
    assert names("?sort=colour&client=x&as_of=never&page=99") == ["Fjord Trading", "Harbour Ltd"]
    assert "Nothing matches" in text_of(browser.get("/invoices/ageing/?q=nobody"))
    answer = browser.get("/invoices/ageing/?sort=-total&export=csv")
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert rows[0].startswith("Customer,Currency,Not due,1 to 30 days")
    assert [row.split(",")[0] for row in rows[1:]] == ["Harbour Ltd", "Fjord Trading"]


def test_ageing_holds_nothing_of_others(shop, sign_in):
    issue(shop)
    assert "Nobody owes anything" in text_of(sign_in(shop.other).get("/invoices/ageing/"))
    assert "Nobody owes anything" in text_of(sign_in(make_user(role="admin")).get("/invoices/ageing/"))
    theirs = make_customer(shop.organization, shop.other)
    invoice = issue(shop, customer=theirs, actor=shop.staff)
    type(invoice).objects.filter(pk=invoice.pk).update(owner=shop.member)
    rows = {row.owes.customer_id: row for row in sign_in(shop.member).get("/invoices/ageing/").context["rows"]}
    assert (rows[shop.customer.pk].known, rows[theirs.pk].known) == (True, False)


def test_statement_shows_the_account_and_can_be_taken_along(shop, sign_in):
    invoice = issue(shop)
    pay(shop, invoice, "30.00")
    browser = sign_in(shop.member)
    answer = browser.get(path_of(shop))
    html = text_of(answer)
    for expected in (invoice.number, f'href="/invoices/{invoice.pk}/"', "TX1", "Closing balance", "70.00", "(30.00)"):
        assert expected in html, expected
    assert answer.context["statement"].closing_balance == 70
    answer = browser.get(f"{path_of(shop)}?from={ago(20)}&to={ago(10)}")
    assert (answer.context["statement"].opening_balance, answer.context["statement"].movements) == (100, [])
    assert "Nothing happened in these days" in text_of(answer)
    rows = b"".join(browser.get(f"{path_of(shop)}?export=csv").streaming_content).decode("utf-8-sig").splitlines()
    assert [row.split(",")[1] for row in rows] == ["What", "Opening balance", "Invoice", "Payment", "Closing balance"]
    paper = browser.get(f"{path_of(shop)}pdf/?from={ago(20)}")
    assert (paper["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert AuditEntry.objects.filter(entity_type="customer", action="downloaded", user=shop.member).exists()


def test_statement_whose_days_are_turned_asks_again(shop, sign_in):
    issue(shop)
    answer = sign_in(shop.member).get(f"{path_of(shop)}?from={ago(1)}&to={ago(9)}")
    assert "Choose it again" in text_of(answer)
    assert answer.context["statement"].date_to == ago(9)
    assert sign_in(shop.member).get(f"{path_of(shop)}?from=x&to=0000-00-00&currency=%00").status_code == 200


def test_statement_says_what_is_the_customers(shop, sign_in):
    invoice = issue(shop)
    pay(shop, invoice, "30.00")
    cancel_invoice(actor=shop.staff, invoice=invoice, now=timezone.now())
    html = text_of(sign_in(shop.member).get(path_of(shop)))
    assert "is theirs" in html
    assert "Credit note" in html


def test_statement_is_chosen_by_its_currency(shop, sign_in):
    issue(shop, "10.00")
    Organization.objects.filter(pk=shop.organization.pk).update(currency="USD")
    shop.customer.organization.currency = "USD"
    issue(shop, "20.00")
    browser = sign_in(shop.member)
    assert browser.get(path_of(shop)).context["statement"].closing_balance == 20
    assert 'name="currency"' in text_of(browser.get(f"{path_of(shop)}?currency=eur"))
    assert browser.get(f"{path_of(shop)}?currency=eur").context["statement"].closing_balance == 10


def test_statement_of_somebody_elses_customer_is_not_there(shop, sign_in):
    for path in (path_of(shop), f"{path_of(shop)}pdf/", f"/customers/{'9' * 30}/statement/"):
        assert sign_in(shop.other).get(path).status_code == 404


def test_page_of_a_customer_shows_what_was_sold_to_them(shop, sign_in):
    old = issue(shop)
    pay(shop, old, "30.00")
    quote = make_quote(shop)
    for _ in range(5):
        issue(shop, "1.00", days=5)
    answer = sign_in(shop.member).get(f"/customers/{shop.customer.pk}/")
    html = text_of(answer)
    [figures] = answer.context["figures"]
    assert (figures.billed, figures.paid, figures.outstanding, figures.overdue) == (105, 30, 75, 70)
    assert figures.billed - figures.paid == figures.outstanding
    for expected in (
        quote.number,
        f"/invoices/new/?client={shop.customer.pk}",
        f"/quotes/new/?client={shop.customer.pk}",
        f"/customers/{shop.customer.pk}/statement/",
        f"/invoices/?client={shop.customer.pk}",
        "All invoices",
        "TX1",
    ):
        assert expected in html, expected
    assert "All quotes" not in html


def test_page_of_a_new_customer_offers_to_sell_to_them(shop, sign_in):
    html = text_of(sign_in(shop.member).get(f"/customers/{shop.customer.pk}/"))
    assert "Nothing sold to them yet" in html
    assert "/statement/" not in html


def test_page_of_a_customer_costs_the_same_however_much_was_sold(shop, sign_in, django_assert_max_num_queries):
    browser = sign_in(shop.member)

    def cost() -> int:
        with django_assert_max_num_queries(60) as queries:
            for path in (f"/customers/{shop.customer.pk}/", path_of(shop), "/invoices/ageing/"):
                text_of(browser.get(path))
        return len(queries)

    pay(shop, issue(shop), "1.00")
    make_quote(shop)
    cost()
    before = cost()
    for _ in range(3):
        pay(shop, issue(shop), "1.00")
        make_quote(shop)
        issue(shop, customer=make_customer(shop.organization, shop.member))
    assert cost() == before


def test_import_of_invoices_does_not_offer_to_change_them(shop, sign_in):
    imported = upload(shop.member, "number;customer;date;total\n1;Fjord Trading;2025-01-31;1.00\n", kind="invoices")
    html = text_of(sign_in(shop.member).get(f"/imports/{imported.pk}/"))
    assert "An invoice whose number is there already stays as it is" in html
    assert 'name="update_existing"' not in html
