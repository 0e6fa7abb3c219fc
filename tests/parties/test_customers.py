"""Keeping customers: names, whose they are, twins, what they must be, and their end."""

from datetime import date, timedelta

import pytest

from bureau.core.models import AuditEntry
from bureau.kit.errors import Forbidden, Invalid, NotFound
from bureau.parties.models import Customer, Party, Vendor
from bureau.parties.selectors import customers as selectors
from bureau.parties.services import customers as services
from bureau.parties.services.customers import CustomerExists, CustomerInUse
from bureau.parties.services.vendors import create_vendor, update_vendor
from tests.factories.accounts import make_organization, make_user
from tests.factories.cases import make_agency, make_case
from tests.factories.parties import NOW, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization():
    return make_organization()


@pytest.fixture
def member(organization):
    return make_user(organization)


@pytest.fixture
def staff(organization):
    return make_user(organization, role="staff")


def again(customer):
    return Customer.objects.select_related("party").get(pk=customer.pk)


def change(actor, customer, **changes):
    return services.update_customer(actor=actor, customer=customer, changes=changes, now=NOW + timedelta(hours=1))


def entry(customer, action):
    return AuditEntry.objects.get(entity_type="customer", entity_id=str(customer.pk), action=action)


def test_anybody_of_an_organization_adds_customers_of_their_own(organization):
    for role in ("member", "foreman", "super", "pm", "staff", "admin"):
        person = make_user(organization, role=role)
        made = make_customer(organization, person, name="Jane Doe", passport_number=" c01x 000 ")
        assert (made.organization, made.owner, made.party.name) == (organization, person, "Jane Doe")
        assert made.passport_number == "C01X000"
        assert (entry(made, "created").user, entry(made, "created").new_values["last_name"]) == (person, "Doe")
        services.delete_customer(actor=person, customer=made, now=NOW)


def test_owner_is_named_by_those_who_see_the_organization(organization, member, staff):
    given = {"actor": staff, "last_name": "Doe", "now": NOW}
    assert services.create_customer(**given).owner == staff
    assert services.create_customer(owner=member, **given).owner == member
    assert services.create_customer(**{**given, "actor": member}, owner=staff).owner == member
    gone = make_user(organization)
    gone.is_active = False
    gone.save()
    for wrong in (gone, make_user(), make_user(role="owner")):
        with pytest.raises(Invalid) as refused:
            services.create_customer(owner=wrong, **given)
        assert list(refused.value.fields) == ["owner"]


def test_owner_changes_and_the_former_one_sees_the_customer_no_more(organization, member, staff):
    customer = make_customer(organization, member)
    change(member, customer, owner=staff)
    assert again(customer).owner == member
    change(staff, customer, owner=staff)
    assert again(customer).owner == staff
    assert entry(customer, "updated").new_values == {"owner": staff.pk}
    with pytest.raises(NotFound):
        selectors.visible_customer(member, customer.pk)
    with pytest.raises(Forbidden):
        change(member, again(customer), title="Dr")


def test_who_sees_and_changes_a_customer(organization, member, staff):
    customer = make_customer(organization, member)
    boss, root = make_user(organization, role="admin"), make_user(role="admin", superuser=True)
    for number, person in enumerate((member, staff, boss, root)):
        assert selectors.visible_customer(person, customer.pk) == customer
        change(person, customer, title=str(number))
    for person in (make_user(organization), make_user(role="owner"), make_user(make_organization(), role="admin")):
        with pytest.raises(NotFound):
            selectors.visible_customer(person, customer.pk)
        with pytest.raises(Forbidden):
            change(person, customer, title="Dr")
        with pytest.raises(Forbidden):
            services.delete_customer(actor=person, customer=customer, now=NOW)


def test_customer_keeps_what_was_given_of_it_whatever_its_form(organization, member):
    given = {
        "title": "Dr", "first_name": "Jane", "last_name": "Doe", "email": "jane@example.com", "phone": "1",
        "address": "Main St 1", "tax_number": "DE 1", "nationality": "de", "birthdate": "1990-02-28",
        "birth_place": "Bonn", "passport_number": "C01X", "passport_issue_date": date(2020, 1, 1),
        "passport_expiry_date": "2030-01-01", "gender": "X", "whatsapp": "2", "notify_steps_due": True,
        "unknown": "ignored",
    }  # fmt: skip
    found = again(make_customer(organization, member, **given))
    assert (found.party.email, found.party.phone, found.party.tax_number) == ("jane@example.com", "1", "DE 1")
    assert (found.nationality, found.birthdate, found.gender) == ("DEU", date(1990, 2, 28), "X")
    assert (found.passport_issue_date, found.passport_expiry_date) == (date(2020, 1, 1), date(2030, 1, 1))
    assert (found.notify_steps_due, found.notify_documents_expiring, found.active) == (True, False, True)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, ["first_name", "last_name"]),
        ({"first_name": " "}, ["first_name", "last_name"]),
        ({"customer_type": "company"}, ["company_name"]),
        ({"customer_type": "company", "first_name": "Jane", "company_name": ""}, ["company_name"]),
        ({"last_name": "Doe", "customer_type": "cat"}, ["customer_type"]),
        ({"last_name": "x" * 101}, ["last_name"]),
        ({"last_name": "x\x00"}, ["last_name"]),
        ({"company_name": "x" * 201}, ["company_name"]),
        ({"last_name": "Doe", "email": "nobody"}, ["email"]),
        ({"last_name": "Doe", "phone": "1" * 51}, ["phone"]),
        ({"last_name": "Doe", "address": "x\x00"}, ["address"]),
        ({"last_name": "Doe", "passport_number": "1" * 51}, ["passport_number"]),
        ({"last_name": "Doe", "gender": "W"}, ["gender"]),
        ({"last_name": "Doe", "active": None}, ["active"]),
        ({"last_name": "Doe", "nationality": "XX"}, ["nationality"]),
        ({"last_name": "Doe", "nationality": "Germany"}, ["nationality"]),
        ({"last_name": "Doe", "birthdate": "2026-03-10"}, ["birthdate"]),
        ({"last_name": "Doe", "birthdate": "2026-02-30"}, ["birthdate"]),
        ({"last_name": "Doe", "passport_issue_date": "2026-01-02", "passport_expiry_date": "2026-01-02"},
         ["passport_expiry_date"]),
        ({"last_name": "Doe", "email": "nobody", "nationality": "1", "birthdate": "soon"},
         ["birthdate", "email", "nationality"]),
    ],
)  # fmt: skip
def test_customer_that_cannot_be_is_refused_by_field(member, given, fields):
    with pytest.raises(Invalid) as refused:
        services.create_customer(actor=member, now=NOW, **given)
    assert sorted(refused.value.fields) == fields
    assert not Party.objects.exists()


def test_empty_values_of_any_kind_are_empty(organization, member):
    customer = make_customer(organization, member, email="a@example.com", birthdate="1990-01-01", nationality="DEU")
    change(member, customer, email=None, birthdate="", nationality=None, gender=None, title=None)
    found = again(customer)
    assert (found.party.email, found.birthdate, found.nationality, found.gender, found.title) == ("", None, "", "", "")


def test_update_changes_what_is_given_and_records_old_and_new(organization, member):
    customer = make_customer(organization, member, name="Jane Doe", phone="1")
    change(member, customer, phone="2", name="Jane Miller", organization=None, id=5, created_at=None)
    found = again(customer)
    assert (found.party.name, found.last_name, found.party.phone) == ("Jane Miller", "Miller", "2")
    assert found.updated_at - found.created_at == timedelta(hours=1)
    assert entry(customer, "updated").old_values == {"name": "Jane Doe", "last_name": "Doe", "phone": "1"}
    change(member, customer, phone="2")
    assert entry(customer, "updated")  # nothing changed, nothing recorded


def test_refused_change_leaves_everything_as_it_was(organization, member):
    customer = make_customer(organization, member, name="Jane Doe", passport_expiry_date="2030-01-01")
    with pytest.raises(Invalid):
        change(member, customer, name="X Y", phone="2", passport_issue_date="2031-01-01")
    with pytest.raises(Invalid):
        change(member, customer, first_name="", last_name="")
    found = again(customer)
    assert (found.party.name, found.party.phone, found.passport_issue_date) == ("Jane Doe", "", None)


TWINS = [
    ("email", "jane@example.com", "JANE@example.COM "),
    ("tax_number", "DE 123.456/7", "de-1234567"),
    ("passport_number", "C01X 000", "c01x000"),
]


@pytest.mark.parametrize(("field", "first", "second"), TWINS)
def test_customer_seen_before_is_named_and_refused_unless_that_is_wanted(organization, member, field, first, second):
    known = make_customer(organization, member, name="Jane Doe", **{field: first})
    with pytest.raises(CustomerExists, match="Jane Doe is there already") as refused:
        make_customer(organization, member, name="Other", **{field: second})
    assert (list(refused.value.fields), refused.value.twin) == ([field], known)
    other = make_customer(organization, member, name="Other", **{field: second}, allow_duplicate=True)
    assert services.possible_duplicates(organization, **{field: second}, exclude=known) == [other]
    make_customer(make_organization(), name="Elsewhere", **{field: first})


@pytest.mark.parametrize(("field", "first", "second"), TWINS)
def test_change_that_makes_a_twin_is_refused_and_one_that_was_wanted_stays(organization, member, field, first, second):
    make_customer(organization, member, **{field: first})
    customer = make_customer(organization, member)
    with pytest.raises(CustomerExists):
        change(member, customer, **{field: second})
    services.update_customer(actor=member, customer=customer, changes={field: second}, allow_duplicate=True, now=NOW)
    change(member, customer, title="Dr", **{field: second})
    assert again(customer).title == "Dr"


def test_twin_that_one_may_not_see_is_not_named(organization, member, staff):
    known = make_customer(organization, staff, name="Jane Doe", email="jane@example.com", passport_number="1")
    with pytest.raises(CustomerExists) as refused:
        make_customer(organization, member, email="jane@example.com", passport_number="1")
    error = refused.value
    assert error.twin is None
    assert error.fields == {
        "email": ["There is a customer with this e-mail address already, whom somebody else looks after."],
        "passport_number": ["There is a customer with this passport number already, whom somebody else looks after."],
    }
    change(staff, known, owner=member)
    with pytest.raises(CustomerExists, match="Jane Doe is there already, with the same e-mail address"):
        make_customer(organization, member, email="jane@example.com")


@pytest.mark.parametrize("nothing", ["", " ", "-"])
def test_nothing_is_no_twin_of_nothing(organization, member, nothing):
    for _number in range(2):
        make_customer(organization, member, tax_number=nothing, passport_number=nothing)
    assert services.possible_duplicates(organization, email="", tax_number=nothing) == []


def test_customer_with_several_fields_in_common_is_one_twin(organization, member):
    known = make_customer(organization, member, email="jane@example.com", tax_number="DE1")
    assert services.possible_duplicates(organization, email="jane@example.com", tax_number="DE1") == [known]


def test_search_finds_a_customer_by_all_that_it_is_known_by(organization, member):
    customer = make_customer(
        organization, member, name="Jane Doe", company_name="Acme", email="jane@example.com", phone="0171 1",
        whatsapp="0172 2", tax_number="DE123", passport_number="C01X",
    )  # fmt: skip
    make_customer(organization, member, name="Nobody Else")
    for query in ("doe", "JANE acme", "example.com", "0171", "0172", "de123", "c01x", "doe c01"):
        assert list(selectors.searched(Customer.objects.all(), query)) == [customer]
    assert not selectors.searched(Customer.objects.all(), "jane nobody")
    change(member, customer, name="Jane Miller", phone="0999")
    assert not selectors.searched(Customer.objects.all(), "doe")
    assert list(selectors.searched(Customer.objects.all(), "miller 0999")) == [customer]
    assert again(customer).sort_name == "JANE MILLER"


@pytest.mark.parametrize(
    ("names", "renamed", "expected"),
    [
        ({"company_name": "Acme"}, "Bolt & Nut", ("company", "", "", "Bolt & Nut")),
        ({"name": "Jane Doe"}, "Jane Miller", ("person", "Jane", "Miller", "")),
        ({"name": "Jane Doe"}, "x" * 150, ("company", "", "", "x" * 150)),
    ],
)
def test_vendor_that_is_renamed_is_renamed_and_found_as_a_customer(
    organization, member, staff, names, renamed, expected
):
    customer = make_customer(organization, member, **names)
    vendor = Vendor.objects.create(party=customer.party, organization=organization, code="V1")
    update_vendor(actor=staff, vendor=vendor, changes={"name": renamed, "phone": "0171"}, now=NOW + timedelta(days=1))
    found = again(customer)
    assert (found.customer_type, found.first_name, found.last_name, found.company_name) == expected
    assert (found.party.name, found.sort_name) == (renamed, renamed.upper()[:100])
    assert list(selectors.searched(Customer.objects.all(), f"{renamed} 0171")) == [customer]
    assert found.updated_at == NOW + timedelta(days=1)


def test_inactive_customer_stays(organization, member):
    customer = make_customer(organization, member)
    services.set_active(actor=member, customer=customer, active=False, now=NOW)
    assert again(customer).active is False
    assert entry(customer, "updated").new_values == {"active": False}


def test_deleted_customer_is_gone_with_its_party_and_leaves_what_it_was_in_the_audit_log(organization, member):
    customer = make_customer(organization, member, name="Jane Doe", email="jane@example.com")
    services.delete_customer(actor=member, customer=customer, now=NOW)
    assert not Customer.objects.exists()
    assert not Party.objects.exists()
    left = entry(customer, "deleted")
    assert (left.user, left.old_values["name"], left.old_values["email"]) == (member, "Jane Doe", "jane@example.com")


def test_party_that_is_a_vendor_too_stays_when_the_customer_goes(organization, member, staff):
    vendor = create_vendor(actor=staff, name="Acme", now=NOW)
    customer = make_customer(organization, member, company_name="Acme")
    Customer.objects.filter(pk=customer.pk).update(party=vendor.party)
    services.delete_customer(actor=member, customer=again(customer), now=NOW)
    assert Vendor.objects.get().party.name == "Acme"


def test_customer_with_a_case_is_kept_and_the_refusal_says_what_to_do():
    agency = make_agency()
    make_case(agency)
    with pytest.raises(CustomerInUse, match=r"\(cases: 1\).*inactive"):
        services.delete_customer(actor=agency.admin, customer=agency.customer, now=NOW)
    assert Customer.objects.filter(pk=agency.customer.pk).exists()


def test_bulk_deletion_deletes_those_found_that_nothing_refers_to():
    agency = make_agency()
    make_case(agency)
    root = make_user(agency.organization, role="admin", superuser=True)
    change(root, agency.customer, last_name="Test")
    gone = [make_customer(agency.organization, name=f"Test {number}") for number in range(3)]
    kept = make_customer(agency.organization, name="Other")
    answer = services.bulk_delete_customers(actor=root, query="test", confirm=True, now=NOW)
    assert answer == (3, 1)
    assert {customer.pk for customer in Customer.objects.all()} == {agency.customer.pk, kept.pk}
    for customer in gone:
        assert entry(customer, "deleted").user == root


@pytest.mark.parametrize(
    ("query", "confirm", "field"), [("", True, "query"), ("x", False, "confirm"), ("\x00", True, "query")]
)
def test_bulk_deletion_wants_a_query_and_to_be_confirmed(member, query, confirm, field):
    customer = make_customer(member.organization, member, name="x")
    root = make_user(role="admin", superuser=True)
    with pytest.raises(Invalid) as refused:
        services.bulk_delete_customers(actor=root, query=query, confirm=confirm, now=NOW)
    assert list(refused.value.fields) == [field]
    with pytest.raises(Forbidden):
        services.bulk_delete_customers(actor=make_user(role="owner"), query=query, confirm=confirm, now=NOW)
    assert again(customer)
