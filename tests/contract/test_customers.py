"""Customers as the agency suite documents them."""

import pytest

from bureau.parties.models import Customer
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import make_organization, make_user
from tests.factories.cases import make_agency, make_case
from tests.factories.parties import make_customer

pytestmark = pytest.mark.django_db
URL = "/api/customers/"
GIVEN = {
    "customer_type": "person",
    "title": "Dr",
    "first_name": "Jane",
    "last_name": "Doe",
    "company_name": "Acme",
    "email": "jane@example.com",
    "telephone": "+62 1",
    "whatsapp": "+62 2",
    "address": "Main St 1",
    "country": "deu",
    "tax_number": "TAX 1",
    "nationality": "DE",
    "birthdate": "1990-02-28",
    "birth_place": "Bonn",
    "gender": "F",
    "passport_number": "C01X",
    "passport_issue_date": "2020-01-01",
    "passport_expiry_date": "2030-01-01",
    "notify_steps_due": True,
    "notify_documents_expiring": False,
}
CUSTOMER = {
    **GIVEN,
    "id": 1,
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "name": "Jane Doe",
    "phone": "+62 1",
    "company": "Acme",
    "country": "DE",
    "nationality": "DEU",
    "owner": 1,
    "active": True,
}
MOMENTS = ("created_at", "updated_at")


@pytest.fixture
def organization():
    return make_organization()


@pytest.fixture
def member(organization):
    return make_user(organization)


@pytest.fixture
def api(member):
    return ApiClient(member)


@pytest.fixture
def root(organization):
    return ApiClient(make_user(organization, role="admin", superuser=True))


def path(customer, action=""):
    return f"{URL}{getattr(customer, 'pk', customer)}/{action}"


def names(answer):
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def test_customer_from_creation_to_deletion(api, member):
    made = api.call("POST", URL, GIVEN)
    assert made.status_code == 201, made.content
    customer = made.json()
    assert_shape(customer, {**CUSTOMER, **dict.fromkeys(MOMENTS, "2024-01-01T00:00:00Z")})
    own = {name: customer[name] for name in ("id", "uuid", *MOMENTS)}
    assert customer == {**CUSTOMER, **own, "owner": member.pk}

    assert api.call("GET", path(customer["id"])).json() == customer
    assert api.call("GET", URL).json() == {"count": 1, "next": None, "previous": None, "results": [customer]}

    put = api.call("PUT", path(customer["id"]), {**customer, "first_name": "Joan", "phone": "3", "company": "Bolt"})
    assert put.status_code == 200, put.content
    expected = {**customer, "first_name": "Joan", "name": "Joan Doe", "company": "Bolt", "company_name": "Bolt"}
    expected |= {"phone": "3", "telephone": "3", "updated_at": put.json()["updated_at"]}
    assert put.json() == expected
    patched = api.call("PATCH", path(customer["id"]), {"birthdate": None, "nationality": "", "gender": ""}).json()
    assert (patched["birthdate"], patched["nationality"], patched["gender"]) == (None, "", "")
    assert patched["name"] == "Joan Doe"

    assert api.call("DELETE", path(customer["id"])).status_code == 204
    assert api.call("GET", path(customer["id"])).status_code == 404


def test_customer_is_a_client_and_the_other_way_round(api):
    customer = api.call("POST", URL, {"company_name": "Acme", "customer_type": "company"}).json()
    assert api.call("GET", f"/api/clients/{customer['id']}/").json()["name"] == "Acme"
    client = api.call("POST", "/api/clients/", {"name": "Jane Doe", "country": "NO"}).json()
    found = api.call("GET", path(client["id"])).json()
    assert (found["customer_type"], found["first_name"], found["last_name"]) == ("person", "Jane", "Doe")
    assert found["country"] == "NO"


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, ["first_name", "last_name"]),
        ({"customer_type": "company", "first_name": "Jane"}, ["company_name"]),
        ({"last_name": None}, ["last_name"]),
        ({"last_name": "x" * 101}, ["last_name"]),
        ({"last_name": "Doe", "customer_type": "cat"}, ["customer_type"]),
        ({"last_name": "Doe", "gender": "W"}, ["gender"]),
        ({"last_name": "Doe", "nationality": "XYZ"}, ["nationality"]),
        ({"last_name": "Doe", "nationality": "GERM"}, ["nationality"]),
        ({"last_name": "Doe", "country": "XX"}, ["country"]),
        ({"last_name": "Doe", "country": "GERM"}, ["country"]),
        ({"last_name": "Doe", "birthdate": "1990-02-30"}, ["birthdate"]),
        ({"last_name": "Doe", "birthdate": "2990-01-01"}, ["birthdate"]),
        ({"last_name": "Doe", "passport_issue_date": "2030-01-01", "passport_expiry_date": "2029-01-01"},
         ["passport_expiry_date"]),
        ({"last_name": "Doe", "email": "nobody"}, ["email"]),
        ({"last_name": "Doe", "telephone": "1" * 51}, ["telephone"]),
        ({"last_name": "Doe", "notify_steps_due": "perhaps"}, ["notify_steps_due"]),
        ({"last_name": "Doe", "whatsapp": "\x00"}, ["whatsapp"]),
    ],
)  # fmt: skip
def test_customer_that_cannot_be_is_refused_by_field(api, given, fields):
    for address in (URL, f"{URL}quick-create/"):
        refused = api.call("POST", address, given)
        assert (refused.status_code, sorted(refused.json()["details"])) == (400, fields), refused.content
    assert not Customer.objects.exists()


def test_dates_of_a_passport_are_compared_with_those_that_are_kept(api, organization, member):
    customer = make_customer(organization, member, passport_issue_date="2020-01-01")
    refused = api.call("PATCH", path(customer), {"passport_expiry_date": "2019-12-31"})
    assert (refused.status_code, list(refused.json()["details"])) == (400, ["passport_expiry_date"])


def test_quick_create_takes_names_alone(api):
    for given, name in (
        ({"first_name": "Jane", "last_name": "Doe"}, "Jane Doe"),
        ({"name": "Jane Doe"}, "Jane Doe"),
        ({"customer_type": "company", "company_name": "Acme"}, "Acme"),
    ):
        made = api.call("POST", f"{URL}quick-create/", given)
        assert (made.status_code, made.json()["name"], made.json()["active"]) == (201, name, True)
        assert api.call("GET", path(made.json()["id"])).json() == made.json()


def test_flags_that_a_form_leaves_out_stay(api):
    made = api.call("POST", URL, {"first_name": "Jane", "notify_steps_due": "true"}, files=True).json()
    assert (made["active"], made["notify_steps_due"]) == (True, True)
    form = "application/x-www-form-urlencoded"
    changed = api.put(path(made["id"]), "last_name=Doe&active=false", content_type=form).json()
    assert (changed["last_name"], changed["active"], changed["notify_steps_due"]) == ("Doe", False, True)


def test_list_is_searched_and_hides_what_is_disabled(api, organization, member):
    make_customer(organization, member, name="Jane Doe", passport_number="C01X")
    make_customer(organization, member, name="Jane Gone", active=False)
    make_customer(organization, member, company_name="Acme")
    for given, expected in (
        ({}, ["Acme", "Jane Gone", "Jane Doe"]),
        ({"q": "jane"}, ["Jane Gone", "Jane Doe"]),
        ({"search": "c01x"}, ["Jane Doe"]),
        ({"q": "jane", "search": "gone"}, ["Jane Gone"]),
        ({"hide_disabled": "true"}, ["Acme", "Jane Doe"]),
        ({"hide_disabled": "false"}, ["Acme", "Jane Gone", "Jane Doe"]),
        ({"q": "jane", "hide_disabled": "1", "ordering": "name"}, ["Jane Doe"]),
        ({"customer_type": "company"}, ["Acme"]),
        ({"owner": str(member.pk), "ordering": "last_name"}, ["Acme", "Jane Doe", "Jane Gone"]),
        ({"owner": "999"}, []),
    ):
        assert names(api.call("GET", URL, given)) == expected, given
        assert names(api.call("GET", f"{URL}search/", given)) == expected, given
    for wrong in ({"hide_disabled": "maybe"}, {"ordering": "secret"}, {"customer_type": "cat"}, {"q": "\x00"}):
        refused = api.call("GET", URL, wrong)
        assert (refused.status_code, list(refused.json()["details"])) == (400, list(wrong))
    assert api.call("GET", f"{URL}search/", {"page": "9"}).status_code == 404


def test_customers_without_a_value_come_last_whichever_way_they_are_sorted(api, organization, member):
    for name, date in (("A", "2030-01-01"), ("B", None), ("C", "2029-01-01")):
        make_customer(organization, member, name=name, passport_expiry_date=date)
    for ordering, expected in (("passport_expiry_date", "CAB"), ("-passport_expiry_date", "ACB")):
        for address in (URL, f"{URL}search/"):
            assert "".join(names(api.call("GET", address, {"ordering": ordering}))) == expected


def test_search_answers_as_the_list_does(api, organization, member):
    make_customer(organization, member, name="Jane Doe")
    found = api.call("GET", f"{URL}search/", {"q": "doe"}).json()
    assert found == api.call("GET", URL, {"q": "doe"}).json()
    assert found["count"] == 1


def test_toggle_active_turns_it_off_and_on(api, organization, member):
    customer = make_customer(organization, member)
    for active in (False, True):
        answer = api.call("POST", path(customer, "toggle-active/"))
        assert (answer.status_code, answer.json()["active"]) == (200, active)
        assert Customer.objects.get().active is active
    hidden = ApiClient(make_user(organization)).call("POST", path(customer, "toggle-active/"))
    assert hidden.status_code == 404


def test_bulk_delete_deletes_what_the_search_finds_and_keeps_what_is_in_use():
    agency = make_agency()
    make_case(agency)
    for number in range(2):
        make_customer(agency.organization, name=f"Jane Test{number}")
    make_customer(agency.organization, name="Other")
    root = ApiClient(make_user(agency.organization, role="admin", superuser=True))
    answer = root.call("POST", f"{URL}bulk-delete/", {"query": "jane", "confirm": True})
    assert (answer.status_code, answer.json()) == (200, {"deleted": 2, "kept": 1})
    assert sorted(names(root.call("GET", URL))) == sorted(["Other", agency.customer.party.name])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"confirm": True}, "query"),
        ({"query": "", "confirm": True}, "query"),
        ({"query": " ", "confirm": True}, "query"),
        ({"query": "jane"}, "confirm"),
        ({"query": "jane", "confirm": False}, "confirm"),
    ],
)
def test_bulk_delete_wants_a_query_and_to_be_confirmed(root, organization, body, field):
    make_customer(organization, name="Jane Doe")
    refused = root.call("POST", f"{URL}bulk-delete/", body)
    assert (refused.status_code, list(refused.json()["details"])) == (400, [field])
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("role", ["member", "staff", "pm", "admin", "owner"])
def test_bulk_delete_is_for_superusers_whatever_is_sent(role):
    organization = make_organization()
    for body in ({"query": "jane", "confirm": True}, {}, {"query": 5}):
        refused = ApiClient(make_user(organization, role=role)).call("POST", f"{URL}bulk-delete/", body)
        assert (refused.status_code, set(refused.json())) == (403, {"error", "details"})


def test_duplicates_are_pointed_out_before_they_are_made(api, organization, member):
    mine = make_customer(organization, member, name="Jane Doe", email="jane@example.com", tax_number="DE 1")
    theirs = make_customer(organization, name="Secret", passport_number="C01X", email="JANE@example.com",
                           allow_duplicate=True)  # fmt: skip
    make_customer(make_organization(), name="Elsewhere", email="jane@example.com")
    shown, hidden = {"id": mine.pk, "name": "Jane Doe"}, None

    def asked(**given):
        answer = api.call("GET", f"{URL}duplicates/", given)
        assert answer.status_code == 200
        return [(twin["field"], twin["customer"]) for twin in answer.json()["duplicates"]]

    assert asked(email="Jane@Example.com") == [("email", shown), ("email", hidden)]
    assert asked(tax_number="de-1", passport_number="c01 x") == [("tax_number", shown), ("passport_number", hidden)]
    assert asked(email="jane@example.com", customer=str(mine.pk)) == [("email", hidden)]
    assert asked() == asked(email="other@example.com", tax_number="-") == []
    office = ApiClient(make_user(organization, role="staff"))
    found = office.call("GET", f"{URL}duplicates/", {"passport_number": "C01X"}).json()
    assert found == {"duplicates": [{"field": "passport_number", "customer": {"id": theirs.pk, "name": "Secret"}}]}
    assert api.call("GET", f"{URL}duplicates/", {"email": "\x00"}).status_code == 400
    assert api.call("GET", f"{URL}duplicates/", {"customer": str(theirs.pk)}).status_code == 404


def test_customer_with_the_passport_of_another_is_a_conflict_until_it_is_wanted(api):
    assert api.call("POST", URL, GIVEN).status_code == 201
    other = {"last_name": "Other", "passport_number": " c01x "}
    for address in (URL, f"{URL}quick-create/"):
        refused = api.call("POST", address, other)
        assert (refused.status_code, list(refused.json()["details"])) == (409, ["passport_number"])
        assert "Jane Doe" in refused.json()["error"]
    assert api.call("POST", URL, {**other, "allow_duplicate": True}).status_code == 201


def test_creation_is_repeated_safely_with_an_idempotency_key(api):
    for address in (URL, f"{URL}quick-create/"):
        given = {"last_name": address}
        first, second = (api.call("POST", address, given, HTTP_IDEMPOTENCY_KEY=address) for _number in range(2))
        assert (first.status_code, first.json()) == (201, second.json())
        assert api.call("POST", address, {"last_name": "x"}, HTTP_IDEMPOTENCY_KEY=address).status_code == 422
    assert Customer.objects.count() == 2


def test_customer_of_somebody_else_is_not_there(api, organization):
    theirs, elsewhere = make_customer(organization), make_customer(make_organization())
    for pk in (theirs.pk, elsewhere.pk, 2**62):
        for method, action in (("GET", ""), ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "toggle-active/")):
            answer = api.call(method, path(pk, action), None if method == "GET" else {"email": "nobody"})
            assert (answer.status_code, answer.json()["error"]) == (404, "Not found."), method
    office = ApiClient(make_user(organization, role="staff"))
    assert office.call("GET", path(theirs)).status_code == 200
    assert office.call("GET", path(elsewhere)).status_code == 404


def test_customers_are_for_those_who_are_signed_in(api, organization):
    customer = make_customer(organization)
    for address in (URL, f"{URL}search/", f"{URL}duplicates/", path(customer)):
        assert ApiClient().call("GET", address).status_code == 401
    for address in (URL, f"{URL}quick-create/", f"{URL}bulk-delete/", path(customer, "toggle-active/")):
        assert ApiClient().call("POST", address, {}).status_code == 401
    assert api.call("DELETE", URL).status_code == 405
