"""Vendors in the pages: found, kept, and paid only to an account that a second person has confirmed."""

from copy import deepcopy
from decimal import Decimal

import pytest

from bureau.parties.models import AccountState, BankAccount, Vendor
from bureau.parties.services.vendors import confirm_account, propose_account
from tests.factories.bills import bill_in
from tests.factories.orders import NOW, make_site, make_vendor, order_in

pytestmark = pytest.mark.django_db
IBAN = "DE89370400440532013000"
NEW_IBAN = "GB29NWBK60161331926819"


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site):
    return deepcopy(first_site)


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def give_account(site, iban: str = IBAN) -> BankAccount:
    account = propose_account(actor=site.staff, vendor=site.vendor, iban=iban, reason="Called back", now=NOW)
    return confirm_account(actor=site.admin, account=account, now=NOW)


def test_list_is_searched_and_narrowed(site, sign_in):
    make_vendor(site.organization, "VEN002", "Old Quarry", active=False)
    browser = sign_in(site.foreman)
    assert "Old Quarry" in text_of(browser.get("/vendors/"))
    assert "Old Quarry" not in text_of(browser.get("/vendors/?state=active"))
    found = text_of(browser.get("/vendors/?q=quarry"))
    assert "Old Quarry" in found
    assert "ABC Supply" not in found
    assert "New vendor" not in found


def test_page_shows_what_was_spent_this_year_to_those_who_see_the_bills(site, sign_in):
    bill = bill_in("approved", site)
    type(bill).objects.update(bill_date="2026-01-10")
    year = "2026"
    text = text_of(sign_in(site.finance).get("/vendors/VEN001/"))
    if f"spent in {year}" in text:  # the year that the tests run in
        assert '<span class="money">700.00' in text
    assert f'href="/bills/{bill.pk}/"' in text
    others = sign_in(site.foreman)
    assert f'href="/bills/{bill.pk}/"' not in text_of(others.get("/vendors/VEN001/"))
    for path in ("/vendors/", "/vendors/VEN001/"):
        assert "spent in" not in text_of(others.get(path)).lower(), "0.00 would be wrong"


def test_vendor_is_added_with_the_next_code(site, sign_in):
    browser = sign_in(site.admin)
    given = {"name": "Harbour Concrete", "payment_terms": "Net 14", "match_receipts": "on", "price_tolerance": "1.5"}
    answer = browser.post("/vendors/new/", given)
    assert answer.status_code == 302
    made = Vendor.objects.get(party__name="Harbour Concrete")
    assert (made.price_tolerance, made.total_tolerance, made.match_receipts) == (Decimal("1.5"), None, True)
    assert answer["Location"] == f"/vendors/{made.code}/"


def test_vendor_like_another_is_kept_only_when_that_is_meant(site, sign_in):
    browser = sign_in(site.staff)
    refused = browser.post("/vendors/new/", {"name": "ABC Supply Co."})
    assert refused.status_code == 422
    assert "It is another one: keep both" in refused.content.decode()
    assert browser.post("/vendors/new/", {"name": "ABC Supply Co.", "allow_duplicate": "on"}).status_code == 302
    assert Vendor.objects.filter(party__name="ABC Supply Co.").count() == 2


def test_vendor_is_changed_and_deactivated(site, sign_in):
    browser = sign_in(site.admin)
    changed = {"name": "ABC Supply Co.", "phone": "555-9999", "price_tolerance": "-1", "match_receipts": "on"}
    assert "not negative" in browser.post("/vendors/VEN001/edit/", changed).content.decode()
    assert browser.post("/vendors/VEN001/edit/", {**changed, "price_tolerance": ""}).status_code == 302
    site.vendor.refresh_from_db()
    assert (site.vendor.active, site.vendor.party.phone) == (False, "555-9999")


def test_matching_is_left_to_administrators(site, sign_in):
    browser = sign_in(site.staff)
    assert "tolerance" not in text_of(browser.get("/vendors/VEN001/edit/"))
    changed = {"name": "ABC Supply Co.", "phone": "555-9999", "price_tolerance": "50", "active": "on"}
    assert browser.post("/vendors/VEN001/edit/", changed).status_code == 302
    site.vendor.refresh_from_db()
    assert (site.vendor.party.phone, site.vendor.price_tolerance, site.vendor.match_receipts) == (
        "555-9999", None, True,
    )  # fmt: skip


def test_account_holds_once_a_second_person_has_confirmed_it(site, sign_in):
    give_account(site)
    proposer = sign_in(site.staff)
    given = {"iban": "gb29 NWBK 6016 1331 9268 19", "bic": "", "holder": "ABC", "reason": "Letter, called back"}
    assert "required" in proposer.post("/vendors/VEN001/account/", {**given, "reason": ""}).content.decode()
    assert proposer.post("/vendors/VEN001/account/", given).status_code == 302
    account = BankAccount.objects.get(state=AccountState.PROPOSED)
    text = text_of(proposer.get("/vendors/VEN001/"))
    assert "You proposed this account: a second person confirms it." in text
    assert "Confirm the new account" not in text
    path = f"/vendors/accounts/{account.uuid}/"
    assert proposer.post(path, {"decision": "confirm"}).status_code == 403
    second = sign_in(site.finance)
    text = text_of(second.get("/vendors/VEN001/"))
    assert "DE89 3704 0044 0532 0130 00" in text
    assert "GB29 NWBK 6016 1331 9268 19" in text
    assert "Letter, called back" in text
    assert second.post(path, {"decision": "confirm"}).status_code == 302
    account.refresh_from_db()
    assert (account.state, account.decided_by) == (AccountState.CONFIRMED, site.finance)
    assert second.post(path, {"decision": "confirm"}).status_code == 404


def test_account_is_refused(site, sign_in):
    account = propose_account(actor=site.staff, vendor=site.vendor, iban=NEW_IBAN, reason="E-mail", now=NOW)
    sign_in(site.finance).post(f"/vendors/accounts/{account.uuid}/", {"decision": "refuse"})
    account.refresh_from_db()
    assert account.state == AccountState.REFUSED


def test_others_neither_write_nor_see_the_account(site, sign_in):
    give_account(site)
    propose_account(actor=site.staff, vendor=site.vendor, iban=NEW_IBAN, reason="E-mail", now=NOW)
    browser = sign_in(site.foreman)
    text = text_of(browser.get("/vendors/VEN001/"))
    assert "DE89" not in text
    assert "GB29" not in text
    for path in ("new/", "VEN001/edit/", "VEN001/account/"):
        assert browser.get(f"/vendors/{path}").status_code == 403
    account = BankAccount.objects.get(state=AccountState.PROPOSED)
    assert browser.post(f"/vendors/accounts/{account.uuid}/", {"decision": "confirm"}).status_code == 403


def test_list_costs_the_same_however_long_it_is(site, sign_in, django_assert_max_num_queries):
    browser = sign_in(site.staff)

    def cost(path: str) -> int:
        browser.get(path)
        with django_assert_max_num_queries(50) as queries:
            text_of(browser.get(path))
        return len(queries)

    order_in("approved", site, vendor=site.vendor)
    before = [cost("/vendors/"), cost("/vendors/VEN001/")]
    for number in range(3):
        make_vendor(site.organization, f"VEN10{number}", f"Vendor {number}")
        order_in("approved", site, vendor=site.vendor)
    assert [cost("/vendors/"), cost("/vendors/VEN001/")] == before
