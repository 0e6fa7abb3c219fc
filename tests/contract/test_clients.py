"""Clients as business management documents them."""

from datetime import timedelta

import pytest

from bureau.core.models import AuditEntry
from bureau.parties.models import Customer
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import make_organization, make_user
from tests.factories.cases import make_agency, make_case
from tests.factories.parties import NOW, make_customer

pytestmark = pytest.mark.django_db
URL = "/api/clients/"
CLIENT = {
    "id": 1,
    "name": "Client Name",
    "email": "client@example.com",
    "phone": "+1234567890",
    "address": "Client Address",
    "company": "Company Name",
    "tax_number": "TAX123456",
    "created_at": "2024-01-01T00:00:00Z",
    "updated_at": "2024-01-01T00:00:00Z",
    "owner": 1,
}
GIVEN = {name: CLIENT[name] for name in ("name", "email", "phone", "address", "company", "tax_number")}


@pytest.fixture
def organization():
    return make_organization()


@pytest.fixture
def member(organization):
    return make_user(organization)


@pytest.fixture
def api(member):
    return ApiClient(member)


def path(client):
    return f"{URL}{getattr(client, 'pk', client)}/"


def names(answer):
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def test_client_from_creation_to_deletion_has_exactly_the_documented_keys(api, member):
    made = api.call("POST", URL, {**GIVEN, "id": 77, "created_at": "2000-01-01T00:00:00Z"})
    assert made.status_code == 201, made.content
    client = made.json()
    assert_shape(client, CLIENT)
    assert client == {
        **GIVEN,
        **{name: client[name] for name in ("id", "created_at", "updated_at")},
        "owner": member.pk,
    }
    assert client["id"] != 77
    assert client["created_at"] == client["updated_at"] > "2026"

    assert api.call("GET", path(client["id"])).json() == client
    assert api.call("GET", URL).json() == {"count": 1, "next": None, "previous": None, "results": [client]}

    changed = api.call("PATCH", path(client["id"]), {"phone": "2"})
    assert (changed.status_code, changed.json()["phone"], changed.json()["email"]) == (200, "2", GIVEN["email"])
    put = api.call("PUT", path(client["id"]), {**GIVEN, "name": "Another Name"})
    assert (put.status_code, put.json()["name"], put.json()["phone"]) == (200, "Another Name", GIVEN["phone"])
    assert api.call("GET", path(client["id"])).json() == put.json()

    gone = api.call("DELETE", path(client["id"]))
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.call("GET", path(client["id"])).status_code == 404
    actions = AuditEntry.objects.filter(entity_type="customer").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["created", "updated", "updated", "deleted"]


@pytest.mark.parametrize(
    ("given", "kind", "shown"),
    [
        ({"name": "Jane Q. Doe"}, "person", ("Jane Q. Doe", "")),
        ({"name": "Jane Doe", "company": "Acme"}, "person", ("Jane Doe", "Acme")),
        ({"name": "Acme", "company": "Acme"}, "company", ("Acme", "Acme")),
        ({"name": "Acme", "customer_type": "company"}, "company", ("Acme", "Acme")),
    ],
)
def test_client_is_a_person_or_a_company(api, given, kind, shown):
    client = api.call("POST", URL, given).json()
    assert (client["name"], client["company"]) == shown
    assert Customer.objects.get(pk=client["id"]).customer_type == kind


def test_company_is_renamed_by_name_or_by_company(api, organization, member):
    acme = make_customer(organization, member, company_name="Acme")
    for given in ({"name": "Bolt"}, {"company": "Nut"}, {"name": "Screw", "company": "Nut"}):
        answer = api.call("PATCH", path(acme), given).json()
        assert answer["name"] == answer["company"] == next(iter(given.values()))


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, ["name"]),
        ({"name": " "}, ["name"]),
        ({"name": None}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"name": "x" * 150}, ["name"]),
        ({"name": "x\x00"}, ["name"]),
        ({"name": ["Jane"]}, ["name"]),
        ({"name": "Jane", "email": "nobody"}, ["email"]),
        ({"name": "Jane", "phone": "1" * 51}, ["phone"]),
        ({"name": "Jane", "address": None}, ["address"]),
        ({"name": "Jane", "company": "x" * 201}, ["company"]),
        ({"name": "Jane", "company": "x\x00"}, ["company"]),
        ({"name": "Jane", "customer_type": "cat"}, ["customer_type"]),
    ],
)
def test_client_that_cannot_be_is_refused_by_field_and_nothing_is_changed(api, organization, member, given, fields):
    known = make_customer(organization, member, name="Known")
    for refused in (api.call("POST", URL, given), api.call("PUT", path(known), given)):
        assert (refused.status_code, list(refused.json()["details"])) == (400, fields), refused.content
        assert set(refused.json()) == {"error", "details"}
    assert [customer.party.name for customer in Customer.objects.all()] == ["Known"]


def test_body_that_is_no_object_is_refused(api):
    assert api.call("POST", URL, ["name"]).status_code == 400
    assert api.post(URL, "{", content_type="application/json").status_code == 400


def test_owner_is_named_by_those_who_see_the_organization(api, organization, member):
    staff = make_user(organization, role="staff")
    assert api.call("POST", URL, {"name": "Own", "owner": staff.pk}).json()["owner"] == member.pk
    office = ApiClient(staff)
    client = office.call("POST", URL, {"name": "Given", "owner": member.pk}).json()
    assert client["owner"] == member.pk
    assert office.call("PATCH", path(client["id"]), {"owner": None}).json()["owner"] == member.pk
    assert office.call("PATCH", path(client["id"]), {"owner": staff.pk}).json()["owner"] == staff.pk
    assert api.call("PATCH", path(client["id"]), {"phone": "1"}).status_code == 404
    stranger, refusals = make_user(), []
    for unknown in (stranger.pk, 2**40):
        refused = office.call("PATCH", path(client["id"]), {"owner": unknown})
        assert (refused.status_code, list(refused.json()["details"])) == (400, ["owner"])
        refusals.append(refused.json())
    assert refusals[0] == refusals[1]


def test_everybody_sees_their_own_clients_and_the_office_sees_all(organization, member):
    other = make_user(organization)
    make_customer(organization, member, name="Mine")
    theirs = make_customer(organization, other, name="Theirs")
    make_customer(make_organization(), name="Elsewhere")
    for role in ("member", "foreman", "super"):
        assert names(ApiClient(make_user(organization, role=role)).call("GET", URL)) == []
    for role in ("staff", "pm", "admin"):
        office = ApiClient(make_user(organization, role=role))
        assert sorted(names(office.call("GET", URL))) == ["Mine", "Theirs"]
        assert office.call("PATCH", path(theirs), {"address": role}).status_code == 200
    mine = ApiClient(member)
    assert names(mine.call("GET", URL)) == ["Mine"]
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        hidden, unknown = (mine.call(method, path(pk), None if method == "GET" else {}) for pk in (theirs.pk, 2**40))
        assert (hidden.status_code, hidden.json()) == (404, unknown.json()), method
    assert len(names(ApiClient(make_user(role="admin", superuser=True)).call("GET", URL))) == 3


def test_client_like_another_is_a_conflict_until_it_is_wanted(api, organization, member):
    made = api.call("POST", URL, GIVEN).json()
    refused = api.call("POST", URL, {**GIVEN, "name": "Other Name", "tax_number": "tax-123456"})
    assert refused.status_code == 409
    assert refused.json() == {
        "error": "Client Name is there already, with the same e-mail address.",
        "details": {
            "email": ["Client Name is there already, with the same e-mail address."],
            "tax_number": ["Client Name is there already, with the same tax number."],
        },
    }
    assert Customer.objects.count() == 1
    assert api.call("POST", URL, {**GIVEN, "allow_duplicate": True}).status_code == 201
    other = make_customer(organization, member)
    assert api.call("PATCH", path(other), {"email": GIVEN["email"]}).status_code == 409
    allowed = api.call("PATCH", path(other), {"email": GIVEN["email"], "allow_duplicate": True})
    assert (allowed.status_code, set(allowed.json())) == (200, set(made))


def test_client_of_somebody_else_is_a_conflict_that_does_not_name_it(api, organization):
    make_customer(organization, name="Secret Client", email="secret@example.com")
    refused = api.call("POST", URL, {"name": "Mine", "email": "secret@example.com"})
    assert (refused.status_code, list(refused.json()["details"])) == (409, ["email"])
    assert "Secret" not in refused.content.decode()


def test_client_with_a_case_is_not_deleted():
    agency = make_agency()
    make_case(agency)
    refused = ApiClient(agency.member).call("DELETE", path(agency.customer))
    assert refused.status_code == 400
    assert "cases: 1" in refused.json()["error"]
    assert "inactive" in refused.json()["error"]
    assert ApiClient(agency.member).call("GET", path(agency.customer)).status_code == 200


def test_documented_search_finds_by_all_words(api, organization, member):
    for name, more in (("John Smith", {"company_name": "Acme"}), ("Joan Doe", {"email": "john@example.com"})):
        make_customer(organization, member, name=name, **more)
    make_customer(organization, member, name="Nobody Else")
    for search, found in (("john", 2), ("JOHN acme", 1), ("john nobody", 0), ("%", 0), ("_", 0)):
        assert api.call("GET", URL, {"search": search}).json()["count"] == found, search
    assert names(api.call("GET", URL, {"search": "john", "ordering": "name"})) == ["Joan Doe", "John Smith"]


def test_list_is_ordered_as_asked(api, organization, member):
    for day, (name, email) in enumerate((("B B", "1@example.com"), ("a A", "2@example.com"), ("C C", ""))):
        make_customer(organization, member, name=name, email=email, now=NOW + timedelta(days=day))
    asked = {
        "": "C C,a A,B B",
        "name": "a A,B B,C C",
        "-name": "C C,B B,a A",
        "created_at": "B B,a A,C C",
        "-created_at": "C C,a A,B B",
        "email": "C C,B B,a A",
        "company,-id": "C C,a A,B B",
    }
    for ordering, expected in asked.items():
        assert ",".join(names(api.call("GET", URL, {"ordering": ordering}))) == expected, ordering
    refused = api.call("GET", URL, {"ordering": "passport"})
    assert (refused.status_code, list(refused.json()["details"])) == (400, ["ordering"])
    assert "created_at" in refused.json()["details"]["ordering"][0]


def test_list_is_narrowed_by_when_rows_were_created(api, organization, member):
    for day in range(3):
        make_customer(organization, member, name=f"Day {day}", now=NOW + timedelta(days=day))
    for given, expected in (
        ({"created_at__gte": "2026-03-11"}, ["Day 2", "Day 1"]),
        ({"created_at__lte": "2026-03-11"}, ["Day 1", "Day 0"]),
        ({"created_at__gte": "2026-03-11T09:30:00Z", "created_at__lte": "2026-03-11T09:30:00Z"}, ["Day 1"]),
        ({"created_at__gte": "2026-03-10T09:30:01Z", "search": "day", "ordering": "name"}, ["Day 1", "Day 2"]),
    ):
        assert names(api.call("GET", URL, given)) == expected, given
    refused = api.call("GET", URL, {"created_at__lte": "yesterday"})
    assert (refused.status_code, list(refused.json()["details"])) == (400, ["created_at__lte"])


def test_pages_of_clients(api, organization, member):
    for number in range(5):
        make_customer(organization, member, name=f"Client {number}")
    asked = {"ordering": "name", "page_size": 2}
    first = api.call("GET", URL, asked).json()
    assert (first["count"], len(first["results"]), first["previous"]) == (5, 2, None)
    assert "ordering=name" in first["next"]
    last = api.call("GET", URL, {**asked, "page": 3}).json()
    assert ([row["name"] for row in last["results"]], last["next"]) == (["Client 4"], None)
    for page in ("4", "999999999999", "0", "x"):
        assert api.call("GET", URL, {**asked, "page": page}).status_code == 404, page


def test_creation_is_repeated_safely_with_an_idempotency_key(api):
    first, second = (api.call("POST", URL, GIVEN, HTTP_IDEMPOTENCY_KEY="k1") for _number in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Customer.objects.count() == 1
    assert api.call("POST", URL, {**GIVEN, "name": "Other"}, HTTP_IDEMPOTENCY_KEY="k1").status_code == 422


def test_clients_are_for_those_who_are_signed_in(organization):
    client = make_customer(organization)
    for method, address in (("GET", URL), ("POST", URL), ("GET", path(client)), ("DELETE", path(client))):
        assert ApiClient().call(method, address).status_code == 401
    assert ApiClient(make_user(organization)).call("DELETE", URL).status_code == 405
