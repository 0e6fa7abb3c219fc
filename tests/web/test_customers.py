"""Customers in the pages: found, kept by whom they belong to, and made twice only when that is meant."""

from copy import deepcopy
from datetime import date, timedelta

import pytest
from django.utils import timezone

from bureau.cases.models import CaseDocument
from bureau.parties.models import Customer
from tests.factories.accounts import make_user
from tests.factories.cases import fill, make_agency, make_case
from tests.factories.parties import make_customer

pytestmark = pytest.mark.django_db
ANA = {"customer_type": "person", "first_name": "Ana", "last_name": "Lindqvist", "email": "ana@example.com"}


@pytest.fixture(scope="module")
def first_agency(once):
    return once(make_agency)


@pytest.fixture
def agency(first_agency):
    return deepcopy(first_agency)


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def make_ana(agency, **fields) -> Customer:
    return make_customer(agency.organization, agency.member, **{**ANA, **fields})


def test_list_is_searched_narrowed_and_sorted(agency, sign_in):
    make_ana(agency, passport_number="AB 123")
    make_customer(agency.organization, agency.other, customer_type="company", company_name="Harbour Ltd")
    gone = make_customer(agency.organization, agency.member, first_name="Zoe", last_name="Gone", active=False)
    browser = sign_in(agency.staff)

    def names(query: str = "") -> list[str]:
        return [row.party.name for row in browser.get(f"/customers/{query}").context["page"]]

    assert names() == ["Ana Lindqvist", "Harbour Ltd", agency.customer.party.name]
    assert names("?sort=-name")[-1] == "Ana Lindqvist"
    assert names("?q=lindq+ab123") == ["Ana Lindqvist"]
    assert names("?q=nobody") == []
    assert names("?type=company") == ["Harbour Ltd"]
    assert names("?state=inactive") == [gone.party.name]
    assert names(f"?state=all&owner={agency.other.pk}") == ["Harbour Ltd"]
    assert len(names("?sort=colour&type=x&owner=x&page=99")) == 3, "what cannot be read does not narrow"


def test_list_counts_open_cases_and_shows_what_is_due_next(agency, sign_in, django_assert_num_queries):
    late = make_case(agency, doc_date=timezone.localdate() - timedelta(days=60))
    make_case(agency)
    browser = sign_in(agency.member)
    [row] = browser.get("/customers/").context["page"]
    assert (row.open_cases, row.next_due) == (2, late.step_due_date)
    assert "overdue" in text_of(browser.get("/customers/"))
    with django_assert_num_queries(0):
        assert row.owner.name
        assert row.party.name


def test_list_costs_the_same_however_long_it_is(agency, sign_in, django_assert_max_num_queries):
    browser = sign_in(agency.staff)

    def cost(path: str) -> int:
        browser.get(path)
        with django_assert_max_num_queries(50) as queries:
            text_of(browser.get(path))
        return len(queries)

    make_case(agency)
    paths = ["/customers/", f"/customers/{agency.customer.pk}/", "/"]
    before = [cost(path) for path in paths]
    for _ in range(3):
        make_case(agency)
        make_customer(agency.organization, agency.member)
    assert [cost(path) for path in paths] == before


def test_list_is_taken_along_as_it_is_filtered(agency, sign_in):
    make_ana(agency)
    answer = sign_in(agency.member).get("/customers/?q=ana&export=csv")
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert [row.split(",")[0] for row in rows] == ["Name", "Ana Lindqvist"]


def test_empty_list_teaches(sign_in):
    html = text_of(sign_in(make_user(role="owner")).get("/customers/"))
    assert "No customers yet" in html
    assert html.count('href="/customers/new/"') >= 2


def test_page_shows_how_to_reach_them_their_cases_and_documents(agency, sign_in):
    person = make_ana(
        agency,
        phone="+62 812 555 01",
        whatsapp="+62 812 555 02",
        passport_number="AB1",
        passport_expiry_date=timezone.localdate() + timedelta(days=30),
        nationality="SWE",
    )
    case = make_case(agency, customer=person)
    paper = CaseDocument.objects.filter(case=case).select_related("case__customer", "document_type").first()
    fill(paper, actor=agency.member, expiry=date(2020, 1, 1))
    CaseDocument.objects.filter(pk=paper.pk).update(expiry_date=date(2020, 1, 1))
    html = text_of(sign_in(agency.member).get(f"/customers/{person.pk}/"))
    for expected in (
        'href="tel:+6281255501"', 'href="https://wa.me/6281255502"', 'href="mailto:ana@example.com"', "Sweden",
        "Expires soon", case.number, f'href="/cases/new/?customer={person.pk}"', paper.document_type.name, "expired",
        "added this customer",
    ):  # fmt: skip
        assert expected in html, expected


def test_page_shows_a_document_once_that_several_cases_have(agency, sign_in):
    for case in (make_case(agency), make_case(agency)):
        first = CaseDocument.objects.filter(case=case).select_related("case__customer", "document_type").first()
        fill(first, actor=agency.member, number="AB1")
    documents = sign_in(agency.member).get(f"/customers/{agency.customer.pk}/").context["documents"]
    assert [row["document"].number for row in documents] == ["AB1"]
    assert documents[0]["document"].case == case


def test_page_of_another_member_is_not_there(agency, sign_in):
    other = sign_in(agency.other)
    foreign = sign_in(make_user(role="admin"))
    for browser in (other, foreign):
        for path in ("", "edit/"):
            assert browser.get(f"/customers/{agency.customer.pk}/{path}").status_code == 404
        assert browser.post(f"/customers/{agency.customer.pk}/active/", {"active": "no"}).status_code == 404
    assert sign_in(agency.staff).get(f"/customers/{agency.customer.pk}/").status_code == 200
    assert other.get(f"/customers/{2**70}/").status_code == 404
    agency.customer.refresh_from_db()
    assert agency.customer.active


def test_person_and_company_are_added(agency, sign_in):
    browser = sign_in(agency.member)
    answer = browser.post("/customers/new/", {**ANA, "nationality": "SWE", "notify_steps_due": "on"})
    ana = Customer.objects.get(party__email="ana@example.com")
    assert answer["Location"] == f"/customers/{ana.pk}/"
    assert (ana.party.name, ana.nationality, ana.notify_steps_due, ana.owner) == (
        "Ana Lindqvist", "SWE", True, agency.member,
    )  # fmt: skip
    company = {"customer_type": "company", "company_name": "Harbour Ltd", "last_name": "Sudarma"}
    browser.post("/customers/new/", {**company, "address": "Kuta 1", "country": "ID"})
    harbour = Customer.objects.get(party__name="Harbour Ltd")
    assert (harbour.last_name, harbour.party.country) == ("Sudarma", "ID")
    assert "Indonesia" in browser.get(f"/customers/{harbour.pk}/").content.decode()


def test_errors_stand_beside_their_fields_and_nothing_is_saved(agency, sign_in):
    browser = sign_in(agency.member)
    count = Customer.objects.count()
    wrong = {"customer_type": "person", "birthdate": "2099-01-01", "email": "no address", "first_name": "Ana"}
    answer = browser.post("/customers/new/", wrong)
    assert answer.status_code == 422
    assert "Enter a valid email address" in answer.content.decode()
    answer = browser.post("/customers/new/", {**wrong, "email": ""})
    assert "A date of birth lies in the past." in str(answer.context["form"].errors["birthdate"])
    answer = browser.post("/customers/new/", {"customer_type": "company"})
    assert "company_name" in answer.context["form"].errors
    assert Customer.objects.count() == count


def test_twin_is_pointed_out_and_kept_only_when_that_is_meant(agency, sign_in):
    twin = make_ana(agency)
    browser = sign_in(agency.member)
    answer = browser.post("/customers/new/", ANA)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "It is another one: keep both" in html
    assert f'href="/customers/{twin.pk}/"' in html
    assert browser.post("/customers/new/", {**ANA, "allow_duplicate": "on"}).status_code == 302
    assert Customer.objects.filter(party__email="ana@example.com").count() == 2


def test_twin_of_somebody_else_is_not_named(agency, sign_in):
    make_ana(agency)
    browser = sign_in(agency.other)
    html = browser.post("/customers/new/", {**ANA, "first_name": "X", "last_name": "Y"}).content.decode()
    assert "keep both" in html
    assert "Lindqvist" not in html
    while_typing = text_of(browser.get("/customers/alike/?email=ana@example.com"))
    assert "Somebody else looks after" in while_typing
    assert "Lindqvist" not in while_typing


def test_twin_is_looked_up_while_one_types(agency, sign_in):
    twin = make_ana(agency, passport_number="AB123", tax_number="DE 1")
    browser = sign_in(agency.staff)
    for query in ("email=ANA@example.com", "passport_number=ab+123", "tax_number=de1"):
        assert "Ana Lindqvist" in text_of(browser.get(f"/customers/alike/?{query}")), query
    assert text_of(browser.get("/customers/alike/?email=new@example.com")).strip() == ""
    assert text_of(browser.get(f"/customers/alike/?email=ana@example.com&customer={twin.pk}")).strip() == ""
    foreign = sign_in(make_user(role="admin"))
    assert text_of(foreign.get("/customers/alike/?email=ana@example.com")).strip() == ""


def test_customer_is_changed_and_handed_over_by_those_who_see_all(agency, sign_in):
    customer = make_ana(agency)
    changed = {**ANA, "last_name": "Berg", "owner": str(agency.other.pk)}
    assert sign_in(agency.member).post(f"/customers/{customer.pk}/edit/", changed).status_code == 302
    customer.refresh_from_db()
    assert (customer.party.name, customer.owner) == ("Ana Berg", agency.member)
    assert sign_in(agency.staff).post(f"/customers/{customer.pk}/edit/", changed).status_code == 302
    customer.refresh_from_db()
    assert customer.owner == agency.other
    stranger = make_user()
    refused = sign_in(agency.staff).post(f"/customers/{customer.pk}/edit/", {**changed, "owner": str(stranger.pk)})
    assert "owner" in refused.context["form"].errors


def test_customer_is_deactivated_and_activated_again(agency, sign_in):
    browser = sign_in(agency.member)
    path = f"/customers/{agency.customer.pk}/"
    for word, active in (("no", False), ("yes", True)):
        assert browser.post(f"{path}active/", {"active": word})["Location"] == path
        agency.customer.refresh_from_db()
        assert agency.customer.active is active
    browser.post(f"{path}active/", {"active": "no"})
    html = text_of(browser.get(path))
    assert "Activate again" in html
    assert "/cases/new/?customer" not in html


def test_home_shows_own_cases_that_are_due(agency, sign_in):
    long_ago = timezone.localdate() - timedelta(days=60)
    make_case(agency, doc_date=long_ago)
    make_case(agency, actor=agency.staff, doc_date=long_ago)
    make_case(agency, doc_date=timezone.localdate() + timedelta(days=60))
    answer = sign_in(agency.member).get("/")
    assert [row.owner_id for row in answer.context["due_cases"]] == [agency.member.pk]
    assert answer.context["shell"].counts["cases"] == 1
    assert "due within a week" in answer.content.decode()
    listed = sign_in(agency.member).get("/cases/?mine=yes&due=week")
    assert [row.pk for row in listed.context["page"]] == [row.pk for row in answer.context["due_cases"]]
    assert "due within a week" not in text_of(sign_in(agency.other).get("/"))


def test_search_finds_customers_cases_and_products(agency, sign_in):
    ana = make_ana(agency)
    case = make_case(agency, customer=ana)

    def found(user, words: str) -> set[str]:
        return {place.url for place in sign_in(user).get("/search/", {"q": words}).context["places"]}

    assert found(agency.member, "lindqvist") == {f"/customers/{ana.pk}/", f"/cases/{case.pk}/"}
    assert found(agency.member, case.number) == {f"/cases/{case.pk}/"}
    assert f"/products/{agency.product.pk}/" in found(agency.other, agency.product.code)
    assert found(agency.other, "lindqvist") == set()


def test_rail_begins_customers_for_everybody_and_new_ones_for_whom_they_are_work(agency, sign_in):
    for user, begins in ((agency.member, True), (agency.staff, True), (agency.other, False)):
        shell = sign_in(user).get("/").context["shell"]
        assert {"cases", "customers", "products"} <= {area.name for area in shell.areas}
        assert ("/customers/new/" in {thing.url for thing in shell.new_things}) is begins
        keys = [area.key for area in shell.areas]
        assert len(keys) == len(set(keys))
