"""Keeping document types: names, what they ask for, what refers to them."""

from datetime import UTC, datetime

import pytest

from bureau.cases.models import DocumentType
from bureau.cases.selectors import products as selectors
from bureau.cases.services import document_types as services
from bureau.cases.services.document_types import DocumentTypeExists, DocumentTypeInUse
from bureau.cases.services.products import DocumentInput, update_product
from bureau.core.models import AuditEntry
from bureau.kit.errors import Forbidden, Invalid, NotFound
from tests.factories.accounts import make_organization, make_user
from tests.factories.cases import fill, make_agency, make_case
from tests.factories.products import make_document_type, make_product

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.fixture
def organization():
    return make_organization()


@pytest.fixture
def staff(organization):
    return make_user(organization, role="staff")


def create(staff, name="Passport", **given):
    return services.create_document_type(actor=staff, name=name, now=NOW, **given)


def update(staff, kind, **changes):
    return services.update_document_type(actor=staff, document_type=kind, changes=changes, now=NOW)


def test_document_type_keeps_what_was_given_of_it_and_is_audited(staff):
    kind = create(
        staff,
        " Passport ",
        description="The page with the photo",
        has_number=True,
        has_expiry_date=True,
        min_validity_months=6,
        notify_days_before=60,
        actions=["use-previous", "use-previous", "fill-from-customer"],
    )
    kind.refresh_from_db()
    assert (kind.name, kind.has_number, kind.has_expiry_date) == ("Passport", True, True)
    assert (kind.min_validity_months, kind.notify_days_before) == (6, 60)
    assert kind.actions == ["use-previous", "fill-from-customer"]
    entry = AuditEntry.objects.get(entity_type="document_type", entity_id=str(kind.pk))
    assert (entry.action, entry.user, entry.new_values["name"]) == ("created", staff, "Passport")


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", " "),
        ("name", "x" * 101),
        ("name", "x\x00y"),
        ("min_validity_months", -1),
        ("min_validity_months", 121),
        ("notify_days_before", 3651),
        ("has_number", None),
        ("actions", "use-previous"),
        ("actions", [1]),
        ("actions", ["no-such-action"]),
    ],
)
def test_document_type_that_cannot_be_is_refused_by_field(staff, field, given):
    with pytest.raises(Invalid) as refused:
        services.create_document_type(actor=staff, now=NOW, **{"name": "Passport", field: given})
    assert list(refused.value.fields) == [field]
    assert not DocumentType.objects.exists()


def test_name_is_taken_in_whatever_case_in_this_organization_alone(staff):
    create(staff)
    with pytest.raises(DocumentTypeExists) as refused:
        create(staff, "PASSPORT")
    assert list(refused.value.fields) == ["name"]
    photo = create(staff, "Photo")
    with pytest.raises(DocumentTypeExists):
        update(staff, photo, name="passport")
    assert update(staff, photo, name="PHOTO").name == "PHOTO"
    assert make_document_type(make_organization(), "Passport").name == "Passport"


def test_update_changes_what_is_named_and_tells_the_audit_log_that(staff):
    kind = create(staff, has_number=True)
    update(staff, kind, description="Both pages", has_number=True, organization=None)
    kind.refresh_from_db()
    assert (kind.description, kind.has_number, kind.name) == ("Both pages", True, "Passport")
    entry = AuditEntry.objects.get(entity_type="document_type", action="updated")
    assert (entry.old_values, entry.new_values) == ({"description": ""}, {"description": "Both pages"})


def test_case_follows_when_its_document_must_have_a_number_from_now_on():
    agency = make_agency(required=1, optional=0)
    case = make_case(agency)
    fill(case.documents.get(), actor=agency.member, number="")
    case.refresh_from_db()
    assert case.status == "processing"
    kind = case.documents.get().document_type
    update(agency.staff, kind, has_number=True)
    case.refresh_from_db()
    assert case.status == "pending"
    update(agency.staff, kind, has_number=False)
    case.refresh_from_db()
    assert case.status == "processing"


@pytest.mark.parametrize(("role", "may"), [("staff", True), ("pm", True), ("admin", True), ("member", False)])
def test_staff_project_managers_and_administrators_keep_document_types(organization, role, may):
    person, kind = make_user(organization, role=role), make_document_type(organization)
    calls = [
        lambda: create(person),
        lambda: update(person, kind, name="New"),
        lambda: services.delete_document_type(actor=person, document_type=kind, now=NOW),
    ]
    for call in calls:
        if may:
            call()
        else:
            with pytest.raises(Forbidden):
                call()
    assert selectors.visible_document_types(person).exists()


def test_staff_of_another_organization_neither_see_nor_change_a_document_type(organization):
    stranger, kind = make_user(make_organization(), role="admin"), make_document_type(organization)
    with pytest.raises(NotFound):
        selectors.visible_document_type(stranger, kind.pk)
    with pytest.raises(Forbidden):
        update(stranger, kind, name="Mine")


def test_document_type_that_nothing_refers_to_is_deleted(organization, staff):
    kind = create(staff)
    assert selectors.type_usage(kind).in_use is False
    services.delete_document_type(actor=staff, document_type=kind, now=NOW)
    assert not DocumentType.objects.exists()
    entry = AuditEntry.objects.get(entity_type="document_type", action="deleted")
    assert entry.old_values["name"] == "Passport"


def test_document_type_of_a_product_stays_until_it_is_taken_off(organization, staff):
    kind = create(staff)
    product = make_product(organization, document_inputs=[DocumentInput(kind.pk)])
    assert (selectors.type_usage(kind).products, selectors.type_usage(kind).documents) == (1, 0)
    with pytest.raises(DocumentTypeInUse, match="1 product"):
        services.delete_document_type(actor=staff, document_type=kind, now=NOW)
    update_product(actor=staff, product=product, changes={}, documents=[], now=NOW)
    services.delete_document_type(actor=staff, document_type=kind, now=NOW)


def test_document_type_of_a_case_stays():
    agency = make_agency(required=1, optional=0)
    kind = make_case(agency).documents.get().document_type
    update_product(actor=agency.staff, product=agency.product, changes={}, documents=[], now=NOW)
    assert (selectors.type_usage(kind).products, selectors.type_usage(kind).documents) == (0, 1)
    with pytest.raises(DocumentTypeInUse, match="1 document of a case"):
        services.delete_document_type(actor=agency.staff, document_type=kind, now=NOW)
