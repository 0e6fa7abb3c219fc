"""Bills in the pages: entered from an order, compared with it, approved, paid, exported."""

import csv
from copy import deepcopy
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest

from bureau.core.models import AuditEntry
from bureau.parties.services.vendors import confirm_account, propose_account
from bureau.purchasing.models import Bill
from bureau.purchasing.states import BillStatus
from tests.factories.accounts import make_user
from tests.factories.bills import approve, bill_in, billed, enter, match, receive
from tests.factories.orders import NOW, make_site, order_in
from tests.factories.purchasing import pdf

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site):
    return deepcopy(first_site)


@pytest.fixture
def order(site):
    return order_in("approved", site, vendor=site.vendor)


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def form_of(order, **changes):
    """What a browser sends for a bill of all of the order."""
    given = {
        "order": order.po_number if order else "",
        "vendor": "VEN001 ABC Supply Co.",
        "bill_number": "A-100",
        "bill_date": "2026-03-09",
        "due_date": "2026-04-08",
        "line_description": ["2x4 Lumber - 8ft", ""],
        "line_quantity": ["50", ""],
        "line_unit_price": ["12.50", ""],
        "line_tax_code": ["GP", "GST_0"],
        "line_order_line": ["1", ""],
    }
    return {**given, **changes}


def test_form_is_filled_with_what_came_in_and_was_not_billed(site, order, sign_in):
    browser = sign_in(site.finance)
    path = f"/bills/new/?order={order.po_number}"
    assert "Nothing of it came in" in text_of(browser.get(path))
    receive(order, "30")
    approve(match(enter(site, order, lines=billed(order, quantity=Decimal(10)))))
    text = text_of(browser.get(path))
    assert 'name="line_quantity" value="20"' in text
    assert 'value="VEN001 ABC Supply Co."' in text
    assert 'name="line_order_line" value="1"' in text


def test_bill_that_is_refused_says_that_its_file_was_not_kept(site, order, sign_in):
    browser = sign_in(site.finance)
    assert "choose it again" in browser.post("/bills/new/", form_of(order, bill_date="", file=pdf())).content.decode()
    assert "choose it again" not in browser.post("/bills/new/", form_of(order, bill_date="")).content.decode()


def test_bill_is_entered_with_its_file(site, order, sign_in):
    browser = sign_in(site.finance)
    upload = pdf()
    upload.name = "invoice.pdf"
    answer = browser.post("/bills/new/", form_of(order, file=upload))
    bill = Bill.objects.get()
    assert answer["Location"] == f"/bills/{bill.pk}/"
    assert (bill.order, bill.total_amount, bill.due_date) == (order, Decimal("700.00"), date(2026, 4, 8))
    assert bill.lines.get().order_line == order.lines.get()
    assert bill.file.filename == "invoice.pdf"
    assert b"".join(browser.get(f"/bills/{bill.pk}/file/")).startswith(b"%PDF")
    shown = browser.get(f"/bills/{bill.pk}/preview/")
    assert shown.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vendor": "Nobody"}, "There is no such vendor"),
        ({"bill_number": ""}, "This field is required."),
        ({"due_date": "2026-03-01"}, "due on its date or later"),
        ({"line_quantity": ["many", ""]}, "such as 12.50"),
        ({"line_quantity": ["-1", ""]}, "more than 0"),
        ({"line_order_line": ["7", ""]}, "no line with this number"),
        ({"line_description": ["", ""], "line_quantity": ["", ""], "line_unit_price": ["", ""]}, "at least one line"),
    ],
)
def test_what_is_wrong_stands_there_and_what_was_typed_is_kept(site, order, sign_in, changes, message):
    answer = sign_in(site.finance).post("/bills/new/", form_of(order, **changes))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert 'value="2026-03-09"' in answer.content.decode()
    assert not Bill.objects.exists()


def test_bill_seen_before_is_refused_beside_its_number(site, order, sign_in):
    enter(site, order)
    answer = sign_in(site.finance).post("/bills/new/", form_of(order, bill_number="a 100"))
    assert answer.status_code == 422
    assert "This bill is here already" in answer.content.decode()


def test_three_way_table_lights_what_differs_and_says_what_to_do(site, order, sign_in):
    receive(order, "40")
    bill = match(enter(site, order, lines=billed(order, unit_price=Decimal("13.50"))))
    text = text_of(sign_in(site.staff).get(f"/bills/{bill.pk}/"))
    assert "Line 1: 13.50 each is billed, 12.50 was ordered." in text
    assert '<td class="num this lit" data-label="This bill">' in text
    assert '<td class="num this lit" data-label="Price billed">' in text
    assert '<span>+<span class="num">10</span></span>' in text
    assert f'href="/orders/{order.pk}/receive/">Receive</a>' in text
    assert "Ask ABC Supply Co. for a corrected bill" in text


def test_bill_links_to_its_order_for_those_who_see_it(site, order, sign_in):
    bill = enter(site, order)
    link = f'href="/orders/{order.pk}/"'
    assert link in text_of(sign_in(site.staff).get(f"/bills/{bill.pk}/"))
    page = text_of(sign_in(site.finance).get(f"/bills/{bill.pk}/"))
    assert order.po_number in page
    assert link not in page


def test_bill_within_its_order_says_that_it_matches(site, order, sign_in):
    receive(order, "50")
    bill = enter(site, order)
    browser = sign_in(site.finance)
    assert browser.post(f"/bills/{bill.pk}/match/").status_code == 302
    text = text_of(browser.get(f"/bills/{bill.pk}/"))
    assert "Matched three ways" in text
    assert " lit" not in text.split("three-way")[1]


def test_exception_is_approved_with_a_comment_only_and_paid(site, order, sign_in):
    bill = match(enter(site, order))
    browser, path = sign_in(site.finance), f"/bills/{bill.pk}/"
    refused = browser.post(path + "approve/", {"comment": " "})
    assert refused.status_code == 422
    assert "Say why it is approved all the same" in refused.content.decode()
    assert browser.post(path + "approve/", {"comment": "Delivered to the other site"}).status_code == 302
    assert "Delivered to the other site" in text_of(browser.get(path))
    unreadable = browser.post(path + "pay/", {"payment_method": "cash", "payment_date": "soon"})
    assert unreadable.status_code == 422
    paid = browser.post(path + "pay/", {"payment_method": "bank_transfer", "payment_date": "2026-03-20"})
    assert paid.status_code == 302
    bill.refresh_from_db()
    assert (bill.status, bill.payment_date) == (BillStatus.PAID, date(2026, 3, 20))
    assert "Bank transfer" in text_of(browser.get(path))


def test_bill_is_corrected_and_deleted_until_it_is_approved(site, order, sign_in):
    receive(order, "50")
    bill = enter(site, order)
    browser, path = sign_in(site.finance), f"/bills/{bill.pk}/"
    assert 'name="line_quantity" value="50"' in text_of(browser.get(path + "edit/"))
    assert browser.post(path + "edit/", form_of(order, line_quantity=["40", ""])).status_code == 302
    bill.refresh_from_db()
    assert bill.total_amount == Decimal("560.00")
    assert browser.post(path + "delete/").status_code == 302
    assert not Bill.objects.exists()
    approved = approve(enter(site, order))
    assert browser.get(f"/bills/{approved.pk}/edit/").status_code == 302
    assert browser.post(f"/bills/{approved.pk}/delete/").status_code == 302
    assert Bill.objects.get() == approved


def test_changed_account_is_loud_on_the_next_bill(site, order, sign_in):
    for iban in ("DE89370400440532013000", "GB29NWBK60161331926819"):
        account = propose_account(actor=site.staff, vendor=site.vendor, iban=iban, reason="Called back", now=NOW)
        text = text_of(sign_in(site.finance).get(f"/bills/{enter(site, bill_number=iban).pk}/"))
        assert "waits for a second person" in text
        confirm_account(actor=site.admin, account=account, now=NOW)
    bill = enter(site, order)
    text = text_of(sign_in(site.finance).get(f"/bills/{bill.pk}/"))
    notice = text.split("The bank account of this vendor has changed")[1].split("</section>")[0]
    assert "DE89 3704 0044 0532 0130 00" in notice
    assert "GB29 NWBK 6016 1331 9268 19" in notice
    assert f"confirmed by {site.admin.name}" in notice


def test_list_begins_with_the_exceptions(site, sign_in):
    exception, paid = bill_in("exception", site), bill_in("paid", site, bill_number="B-1")
    waiting = bill_in("matched", site, bill_number="C-1")
    browser = sign_in(site.finance)
    first = text_of(browser.get("/bills/"))
    assert f"/bills/{exception.pk}/" in first
    assert "overdue" not in first.split('id="results"')[1]
    assert f"/bills/{waiting.pk}/" not in first
    assert f"/bills/{waiting.pk}/" in text_of(browser.get("/bills/?tab=approve"))
    everything = text_of(browser.get("/bills/?tab=all"))
    assert f"/bills/{paid.pk}/" in everything
    found = text_of(browser.get("/bills/?tab=all&q=B-1"))
    assert f"/bills/{paid.pk}/" in found
    assert f"/bills/{waiting.pk}/" not in found


def test_overdue_bill_says_so(site, sign_in):
    bill = enter(site, due_date=date(2026, 3, 10))
    browser = sign_in(site.finance)
    assert "overdue" in text_of(browser.get("/bills/?tab=approve&due=overdue")).split('id="results"')[1]
    Bill.objects.update(due_date=date(2199, 1, 1))
    assert f"/bills/{bill.pk}/" not in text_of(browser.get("/bills/?tab=approve&due=overdue"))


def test_payments_are_exported_with_the_confirmed_account(site, sign_in):
    account = propose_account(
        actor=site.staff, vendor=site.vendor, iban="DE89370400440532013000", holder="=cmd()", reason="x", now=NOW
    )
    confirm_account(actor=site.admin, account=account, now=NOW)
    bill = bill_in("approved", site, due_date=date(2026, 4, 1))
    bill_in("matched", site, bill_number="C-1")
    browser = sign_in(site.finance)
    answer = browser.post("/bills/payments.csv")
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["bill_number"], row["amount"], row["iban"], row["holder"]) for row in rows] == [
        ("A-100", "700.00", "DE89370400440532013000", "'=cmd()")
    ]
    assert AuditEntry.objects.filter(action="exported_for_payment", entity_id=str(bill.pk)).count() == 1
    assert len(browser.post("/bills/payments.csv", {"until": "2026-03-31"}).content.decode().splitlines()) == 1
    assert sign_in(site.foreman).post("/bills/payments.csv").status_code == 403


def test_exported_payment_says_what_to_look_at_twice(site, sign_in):
    def account(iban):
        made = propose_account(actor=site.staff, vendor=site.vendor, iban=iban, reason="x", now=NOW)
        confirm_account(actor=site.admin, account=made, now=NOW)

    account("DE89370400440532013000")
    bill_in("approved", site)
    account("GB29NWBK60161331926819")
    browser = sign_in(site.finance)

    def note():
        content = browser.post("/bills/payments.csv").content.decode("utf-8-sig")
        [row] = csv.DictReader(StringIO(content))
        return row["note"]

    assert note() == "the account changed after the bill came in"
    assert "exported before, on 20" in note()


def test_others_work_with_no_bills(site, order, sign_in):
    bill = enter(site, order)
    assert sign_in(site.foreman).get(f"/bills/{bill.pk}/").status_code == 404
    reader = sign_in(site.pm)
    text = text_of(reader.get(f"/bills/{bill.pk}/"))
    assert "Only finance reviewers, staff and administrators work with bills." in text
    assert 'data-dialog="approve-dialog"' not in text
    assert reader.get("/bills/new/").status_code == 403
    assert reader.post(f"/bills/{bill.pk}/approve/", {"comment": "Mine"}).status_code == 403
    nobody = sign_in(make_user(site.organization))
    assert "No bills yet" in text_of(nobody.get("/bills/"))


def test_lists_and_pages_cost_the_same_however_much_is_on_them(site, order, sign_in, django_assert_max_num_queries):
    browser = sign_in(site.finance)
    receive(order, "50")
    bill = match(enter(site, order))

    def costs() -> list[int]:
        counted = []
        for path in ("/bills/?tab=all", "/bills/?tab=approve", f"/bills/{bill.pk}/", f"/bills/new/?order={order.pk}"):
            browser.get(path)
            with django_assert_max_num_queries(50) as queries:
                text_of(browser.get(path))
            counted.append(len(queries))
        return counted

    before = costs()
    for number in range(3):
        enter(site, order_in("approved", site, vendor=site.vendor), bill_number=f"N-{number}")
    assert costs() == before
