"""Keeping vendors: numbers, duplicates, who may."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bureau.accounts.models import Role, Team
from bureau.accounts.permissions import SYSTEM
from bureau.core.models import AuditEntry
from bureau.kit.errors import Conflict, Forbidden, Invalid, NotFound
from bureau.parties.models import Vendor
from bureau.parties.selectors import vendors as selectors
from bureau.parties.services import vendors as services
from tests.factories.accounts import give_role, make_organization, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.fixture
def organization():
    return make_organization()


@pytest.fixture
def staff(organization):
    return make_user(organization, role="staff")


def make(staff, name="ABC Supply Co.", **options):
    return services.create_vendor(actor=staff, name=name, now=NOW, **options)


def test_vendor_gets_the_next_free_number_and_is_audited(staff):
    make(staff, "Given by hand", code="VEN002")
    first, second = make(staff), make(staff, "Bolt & Nut")
    assert (first.code, second.code) == ("VEN001", "VEN003")
    entry = AuditEntry.objects.get(entity_type="vendor", entity_id=str(first.pk))
    assert (entry.action, entry.user, entry.new_values["name"]) == ("created", staff, "ABC Supply Co.")


def test_vendor_keeps_what_was_given_of_it(organization, staff):
    vendor = make(
        make_user(organization, role="admin"),
        email="orders@abcsupply.com",
        payment_terms="Net 30",
        match_receipts=False,
        price_tolerance=Decimal("1.50"),
        address="123 Main St",
    )
    vendor = selectors.visible_vendor(staff, vendor.code)
    assert (vendor.party.email, vendor.party.address) == ("orders@abcsupply.com", "123 Main St")
    assert (vendor.payment_terms, vendor.match_receipts, vendor.price_tolerance) == ("Net 30", False, Decimal("1.50"))
    assert vendor.quantity_tolerance is None


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", " "),
        ("name", "x\x00y"),
        ("email", "nobody"),
        ("price_tolerance", Decimal(-1)),
        ("total_tolerance", Decimal("NaN")),
        ("code", "x" * 51),
    ],
)
def test_vendor_that_cannot_be_is_refused_by_field(staff, field, given):
    with pytest.raises(Invalid) as refused:
        services.create_vendor(actor=staff, now=NOW, **{"name": "ABC", field: given})
    assert list(refused.value.fields) == [field]
    assert not Vendor.objects.exists()


@pytest.mark.parametrize(
    "loosened",
    [{"match_receipts": False}, {"price_tolerance": Decimal(50)}, {"total_tolerance": Decimal(10**9)}],
)
def test_only_administrators_set_how_a_vendors_bills_are_matched(organization, staff, loosened):
    """Who enters and approves bills could else have every difference pass."""
    vendor, admin = make(staff), make_user(organization, role="admin")
    with pytest.raises(Forbidden):
        services.update_vendor(actor=staff, vendor=vendor, changes=loosened, now=NOW)
    with pytest.raises(Forbidden):
        make(staff, "Bolt & Nut", **loosened)
    [(name, value)] = loosened.items()
    assert getattr(services.update_vendor(actor=admin, vendor=vendor, changes=loosened, now=NOW), name) == value
    services.update_vendor(actor=staff, vendor=vendor, changes={**loosened, "phone": "1"}, now=NOW)  # as it is


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [
        ("name", "ABC Supply Co.", "abc supply co."),
        ("tax_number", "DE 123.456", "de123456"),
        ("email", "orders@abc.example", "ORDERS@abc.example"),
    ],
)
def test_vendor_seen_before_is_named_and_refused_unless_that_is_wanted(staff, field, first, second):
    make(staff, **{"name": "First", field: first})
    with pytest.raises(Conflict, match="VEN001") as refused:
        make(staff, **{"name": "Second", field: second})
    assert list(refused.value.fields) == [field]
    assert make(staff, **{"name": "Second", field: second}, allow_duplicate=True).code == "VEN002"


def test_code_is_unique_even_where_duplicates_are_wanted(staff):
    make(staff, code="V1")
    with pytest.raises(Conflict) as refused:
        make(staff, "Other", code="V1", allow_duplicate=True)
    assert list(refused.value.fields) == ["code"]
    elsewhere = make_user(role="owner")
    assert make(elsewhere, code="V1").code == "V1"


def test_update_changes_what_is_given_and_records_old_and_new(staff):
    vendor = make(staff, phone="1")
    make(staff, "Bolt & Nut")
    services.update_vendor(actor=staff, vendor=vendor, changes={"phone": "2", "active": False, "code": "X"}, now=NOW)
    vendor = Vendor.objects.get(pk=vendor.pk)
    assert (vendor.code, vendor.party.phone, vendor.active, vendor.party.name) == (
        "VEN001", "2", False, "ABC Supply Co.",
    )  # fmt: skip
    entry = AuditEntry.objects.get(entity_id=str(vendor.pk), action="updated")
    assert (entry.old_values, entry.new_values) == ({"phone": "1", "active": True}, {"phone": "2", "active": False})
    with pytest.raises(Conflict):
        services.update_vendor(actor=staff, vendor=vendor, changes={"name": "Bolt & Nut"}, now=NOW)


def test_who_keeps_vendors(organization):
    finance = make_user(organization)
    give_role(finance, Team.objects.get(organization=organization, is_general=True), Role.FINANCE_REVIEWER)
    for number, person in enumerate([finance, make_user(organization, role="admin")]):
        make(person, f"Vendor {number}")
    for role in ("member", "foreman", "super", "pm"):
        with pytest.raises(Forbidden):
            make(make_user(organization, role=role))
    with pytest.raises(Forbidden):
        make(make_user(make_organization(), role="admin"), organization=organization)
    services.create_vendor(actor=SYSTEM, organization=organization, name="Synced", code="T-1", now=NOW)


def test_everybody_of_the_organization_finds_a_vendor_by_code_id_and_name(organization, staff):
    vendor = make(staff)
    foreman = make_user(organization, role="foreman")
    assert selectors.visible_vendor(foreman, "VEN001") == selectors.visible_vendor(foreman, str(vendor.pk)) == vendor
    assert selectors.vendor_named(organization, " abc supply co. ") == vendor
    stranger = make_user(role="owner")
    for reference in ("VEN001", str(vendor.pk), "VEN999", "\x00"):
        with pytest.raises(NotFound):
            selectors.visible_vendor(stranger, reference)


def test_a_code_comes_before_an_id_that_looks_the_same(staff):
    first = make(staff)
    second = make(staff, "Bolt & Nut", code=str(first.pk))
    assert selectors.visible_vendor(staff, str(first.pk)) == second


def test_name_of_two_vendors_or_of_an_inactive_one_means_none(organization, staff):
    make(staff)
    make(staff, allow_duplicate=True)
    make(staff, "Gone", active=False)
    assert selectors.vendor_named(organization, "ABC Supply Co.") is None
    assert selectors.vendor_named(organization, "Gone") is None
