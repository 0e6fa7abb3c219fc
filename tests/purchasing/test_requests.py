"""Making, changing and submitting requests."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bureau.accounts.models import Role, Team
from bureau.core.models import AuditEntry
from bureau.kit.errors import BusinessRule, Forbidden, Invalid, WrongState
from bureau.purchasing.models import FieldValue, FormTemplate, PurchaseRequest
from bureau.purchasing.services import attachments, requests, templates
from bureau.purchasing.services.content import ItemInput
from bureau.purchasing.states import RequestStatus
from tests.factories.accounts import give_role, make_organization, make_team, make_user
from tests.factories.purchasing import NOW, make_draft, make_form, make_office, pdf, request_in, submit

pytestmark = pytest.mark.django_db
S = RequestStatus
PAPER: ItemInput = {"description": "A4 paper", "quantity": Decimal(10), "unit_price": Decimal("5.50")}


def refused_fields(call, **values) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        call(**values)
    return refused.value.fields


def value_of(request, field_id):
    return FieldValue.objects.get(request=request, field__field_id=field_id)


def test_create_makes_a_numbered_draft_on_the_form_in_use():
    office = make_office()
    request = make_draft(office, vendor_name=" Office Depot ", purchase_type="SERVICES")
    assert (request.status, request.number) == (S.DRAFT, "REQ-2026-00001")
    assert (request.vendor_name, request.purchase_type, request.amount) == ("Office Depot", "SERVICES", Decimal("4200"))
    assert request.form_template == FormTemplate.objects.get(team=office.team, in_use=True)
    assert value_of(request, "budget_amount").value_number == Decimal("4200.00")
    assert make_draft(office).number == "REQ-2026-00002"


def test_numbers_start_anew_each_year_and_for_each_organization():
    office = make_office()
    make_draft(office)
    assert make_draft(office, now=datetime(2027, 1, 1, tzinfo=UTC)).number == "REQ-2027-00001"
    assert make_draft(make_office()).number == "REQ-2026-00001"


def test_failed_create_takes_no_number():
    office = make_office()
    refused_fields(lambda: make_draft(office, subject=" "))
    assert make_draft(office).number == "REQ-2026-00001"


def test_number_takes_the_prefix_of_the_organization():
    office = make_office()
    office.organization.request_prefix = "NW"
    office.organization.save()
    office.requester.refresh_from_db()
    assert make_draft(office).number == "NW-2026-00001"


def test_create_needs_the_role_initiator_in_the_team():
    office = make_office()
    for person in (office.manager, office.admin):
        with pytest.raises(Forbidden):
            make_draft(office, actor=person)


def test_create_needs_an_active_team():
    office = make_office()
    office.team.is_active = False
    office.team.save()
    with pytest.raises(Forbidden):
        make_draft(office)


def test_create_in_a_team_of_another_organization_is_forbidden():
    office = make_office()
    with pytest.raises(Forbidden):
        make_draft(office, team=make_office().team)


def test_create_in_a_team_without_form_says_so():
    office = make_office()
    FormTemplate.objects.filter(team=office.team).update(in_use=False)
    with pytest.raises(BusinessRule, match="form"):
        make_draft(office)


def test_all_errors_of_a_create_come_together():
    office = make_office()
    errors = refused_fields(
        lambda: make_draft(
            office,
            subject="x" * 201,
            vendor_name="a\x00",
            purchase_type="CARS",
            field_values={"budget_amount": "much", "campaign": 7},
            items=[{"description": "", "quantity": Decimal(1), "unit_price": Decimal(1)}],
        )
    )
    assert errors.keys() == {"subject", "vendor_name", "purchase_type", "budget_amount", "campaign", "items"}
    assert "GOODS" in errors["purchase_type"][0]
    assert errors["items"][0].startswith("Line 1:")


def test_unknown_field_ids_are_ignored():
    request = make_draft(make_office(), field_values={"budget_amount": 1, "nothing": "x"})
    assert request.field_values.count() == 1


def test_draft_may_be_incomplete_and_submit_lists_all_that_is_missing():
    office = make_office(
        fields=[
            {"field_id": "a", "name": "A", "field_type": "TEXT", "required": True},
            {"field_id": "b", "name": "B", "field_type": "BOOLEAN", "required": True},
            {"field_id": "c", "name": "C", "field_type": "DATE"},
        ]
    )
    form = FormTemplate.objects.get(team=office.team, in_use=True)
    templates.revise_form_template(
        actor=office.admin,
        template=form,
        attachment_categories=[{"name": "Quote", "required": True}, {"name": "Photo"}],
        now=NOW,
    )
    request = make_draft(office, field_values={"a": "  "})
    errors = refused_fields(lambda: submit(office, request))
    assert errors.keys() == {"a", "b", "attachments"}
    assert "Quote" in errors["attachments"][0]
    request.refresh_from_db()
    assert request.status == S.DRAFT
    requests.update_request(actor=office.requester, request=request, field_values={"a": "x", "b": False}, now=NOW)
    upload = attachments.Upload(pdf(), "quote.pdf", category="quote")
    request = requests.submit_request(actor=office.requester, request=request, uploads=[upload], now=NOW)
    assert request.status == S.PENDING_APPROVAL


def test_refused_submit_keeps_no_attachment():
    office = make_office()
    request = make_draft(office, field_values={})
    upload = attachments.Upload(pdf(), "quote.pdf")
    with pytest.raises(Invalid):
        requests.submit_request(actor=office.requester, request=request, uploads=[upload], now=NOW)
    assert request.attachments.count() == 0


def test_update_changes_what_is_given_and_merges_field_values():
    office = make_office()
    request = make_draft(office, vendor_name="Depot", field_values={"budget_amount": 100, "campaign": "Spring"})
    request = requests.update_request(
        actor=office.requester, request=request, subject="Other", field_values={"budget_amount": "250.5"}, now=NOW
    )
    assert (request.subject, request.vendor_name, request.amount) == ("Other", "Depot", Decimal("250.50"))
    assert value_of(request, "campaign").value_text == "Spring"


def test_update_with_none_empties_a_field():
    office = make_office()
    request = make_draft(office, field_values={"budget_amount": 100, "campaign": "Spring"})
    request = requests.update_request(
        actor=office.requester, request=request, field_values={"campaign": None, "budget_amount": ""}, now=NOW
    )
    assert (request.field_values.count(), request.amount) == (0, None)


def test_update_replaces_items_and_their_total_is_the_amount():
    office = make_office()
    request = make_draft(office, items=[PAPER])
    assert request.amount == Decimal("55.00")
    request = requests.update_request(
        actor=office.requester, request=request, items=[PAPER, {**PAPER, "quantity": Decimal("0.333")}], now=NOW
    )
    assert request.amount == Decimal("56.83")
    request = requests.update_request(actor=office.requester, request=request, items=[], now=NOW)
    assert request.amount == Decimal("4200.00")


def test_wrong_update_changes_nothing():
    office = make_office()
    request = request_in(S.REJECTED, office)
    before = PurchaseRequest.objects.filter(pk=request.pk).values().get()
    with pytest.raises(Invalid):
        requests.update_request(
            actor=office.requester, request=request, subject="Other", field_values={"budget_amount": "x"}, now=NOW
        )
    assert PurchaseRequest.objects.filter(pk=request.pk).values().get() == before


def test_update_audits_the_changed_values_only():
    office = make_office()
    request = make_draft(office)
    requests.update_request(actor=office.requester, request=request, subject="Other", vendor_name="", now=NOW)
    entry = AuditEntry.objects.filter(entity_type="purchase_request").latest("pk")
    assert (entry.action, entry.old_values, entry.new_values) == (
        "updated",
        {"subject": "Camera lenses"},
        {"subject": "Other"},
    )
    requests.update_request(actor=office.requester, request=request, subject="Other", now=NOW)
    assert AuditEntry.objects.latest("pk") == entry


@pytest.mark.parametrize("call", [requests.update_request, requests.submit_request, requests.delete_draft])
def test_only_the_requestor_changes_submits_and_deletes(call):
    office = make_office()
    request = make_draft(office)
    for person in (office.manager, office.admin):
        with pytest.raises(Forbidden):
            call(actor=person, request=request, now=NOW)


def test_deleted_draft_leaves_its_number_void_in_the_audit_log():
    office = make_office()
    request = make_draft(office, items=[PAPER])
    requests.delete_draft(actor=office.requester, request=request, now=NOW)
    entry = AuditEntry.objects.filter(entity_type="purchase_request").latest("pk")
    assert (entry.action, entry.old_values["number"]) == ("deleted", "REQ-2026-00001")
    assert make_draft(office).number == "REQ-2026-00002"


def test_draft_with_a_file_field_can_be_deleted():
    office = make_office(fields=[{"field_id": "quote", "name": "Quote", "field_type": "FILE"}])
    request = make_draft(office, field_values={})
    file = attachments.attach_file(
        actor=office.requester, request=request, upload=pdf(), filename="a.pdf", category="", now=NOW
    )
    requests.update_request(actor=office.requester, request=request, field_values={"quote": str(file.uuid)}, now=NOW)
    requests.delete_draft(actor=office.requester, request=request, now=NOW)
    assert not PurchaseRequest.objects.exists()


def test_request_keeps_the_form_version_it_was_made_with():
    office = make_office()
    request = make_draft(office)
    make_form(office, fields=[{"field_id": "other", "name": "Other", "field_type": "TEXT", "required": True}])
    request = submit(office, request)
    assert (request.status, request.form_template.version_number) == (S.PENDING_APPROVAL, 1)


def test_simple_request_goes_to_the_general_team():
    organization = make_organization()
    person, manager = make_user(organization), make_user(organization)
    general = Team.objects.get(organization=organization, is_general=True)
    from tests.factories.accounts import give_role

    give_role(manager, general, "MANAGER")
    give_role(manager, general, "FINANCE_REVIEWER")
    request = requests.create_and_submit(
        actor=person, subject="Q4 Office Supplies", description="Ink", items=[PAPER], now=NOW
    )
    assert (request.team, request.status, request.amount) == (general, S.PENDING_APPROVAL, Decimal("55.00"))
    assert list(request.items.values_list("description", "quantity", "unit_price", "total")) == [
        ("A4 paper", Decimal(10), Decimal("5.50"), Decimal("55.00"))
    ]


def test_simple_request_that_cannot_be_submitted_leaves_nothing():
    person = make_user(make_organization())
    with pytest.raises(BusinessRule):
        requests.create_and_submit(actor=person, subject="Ink", items=[PAPER], now=NOW)
    assert not PurchaseRequest.objects.exists()


BAD_ITEMS = [
    {"quantity": Decimal(0)},
    {"quantity": Decimal("-1")},
    {"quantity": Decimal("0.0001")},
    {"quantity": Decimal("1." + "0" * 35 + "1")},
    {"quantity": Decimal("1E-9999999")},
    {"quantity": Decimal("NaN")},
    {"quantity": Decimal(10**9)},
    {"unit_price": Decimal("-0.01")},
    {"unit_price": Decimal("0.001")},
    {"unit_price": Decimal("Infinity")},
    {"unit_price": Decimal(10**12)},
    {"quantity": Decimal(10**8), "unit_price": Decimal(10**8)},
    {"description": "x" * 301},
    {"description": "a\x00"},
]


@pytest.mark.parametrize("wrong", BAD_ITEMS)
def test_wrong_items_are_refused(wrong):
    office = make_office()
    assert refused_fields(lambda: make_draft(office, items=[{**PAPER, **wrong}])).keys() == {"items"}


def test_too_many_items_are_refused():
    assert "500" in refused_fields(lambda: make_draft(make_office(), items=[PAPER] * 501))["items"][0]


def test_submit_of_a_request_that_waits_is_refused():
    office = make_office()
    request = submit(office)
    with pytest.raises(WrongState):
        submit(office, request)


# --- Field types and limits

TYPES = {
    "text": {"field_type": "TEXT"},
    "long": {"field_type": "LONG_TEXT"},
    "number": {"field_type": "NUMBER", "minimum": Decimal("-5"), "maximum": Decimal("99999999999999")},
    "amount": {"field_type": "NUMBER", "is_amount": True},
    "day": {"field_type": "DATE"},
    "flag": {"field_type": "BOOLEAN"},
    "choice": {"field_type": "SELECT", "options": ["red", "blue"]},
    "file": {"field_type": "FILE"},
}
GOOD = [
    ("text", "x" * 500, "x" * 500),
    ("text", " padded ", "padded"),
    ("long", "y" * 20_000, "y" * 20_000),
    ("number", "5000.00", Decimal("5000.00")),
    ("number", 5000.1, Decimal("5000.1")),
    ("number", 7, Decimal(7)),
    ("number", "+.5", Decimal("0.5")),
    ("number", "-5", Decimal(-5)),
    ("number", "1.50000000", Decimal("1.5")),
    ("number", "9999999999.9999", Decimal("9999999999.9999")),
    ("number", "99999999999999", Decimal("99999999999999")),
    ("number", "99999999999998.0", Decimal("99999999999998")),
    ("amount", "999999999999.99", Decimal("999999999999.99")),
    ("day", "2026-02-28", date(2026, 2, 28)),
    ("flag", True, True),
    ("flag", "false", False),
    ("choice", "blue", "blue"),
]
BAD = [
    ("text", "x" * 501, "500"),
    ("text", "a\x00b", "Null"),
    ("text", 5, "text"),
    ("text", ["a"], "text"),
    ("long", "y" * 20_001, "20000"),
    ("number", "5,000", "number"),
    ("number", "1e5", "number"),
    ("number", "NaN", "number"),
    ("number", "Infinity", "number"),
    ("number", float("nan"), "number"),
    ("number", "١٢", "number"),
    ("number", True, "number"),
    ("number", {}, "number"),
    ("number", "1.00001", "4 of them decimals"),
    ("number", "1." + "0" * 35 + "1", "4 of them decimals"),
    ("number", "-5.0001", "at least -5"),
    ("number", "100000000000000", "14 digits"),
    ("number", "12345678901.2345", "14 digits"),
    ("number", 1e300, "14 digits"),
    ("amount", "-1", "amount"),
    ("amount", "1000000000000", "amount"),
    ("day", "2026-02-30", "YYYY-MM-DD"),
    ("day", "28.2.2026", "YYYY-MM-DD"),
    ("day", "20260228", "YYYY-MM-DD"),
    ("day", 20260228, "YYYY-MM-DD"),
    ("flag", "yes", "true or false"),
    ("flag", 1, "true or false"),
    ("choice", "green", "red, blue"),
    ("choice", ["red"], "red, blue"),
    ("file", "not-a-uuid", "attachment"),
    ("file", "123e4567-e89b-12d3-a456-426614174000", "attachment"),
    ("file", 7, "attachment"),
]


@pytest.fixture
def typed_office():
    return make_office(fields=[{"field_id": name, "name": name, **kind} for name, kind in TYPES.items()])


@pytest.mark.parametrize(("field_id", "given", "kept"), GOOD)
def test_value_is_kept_typed(typed_office, field_id, given, kept):
    request = make_draft(typed_office, field_values={field_id: given})
    stored = value_of(request, field_id)
    assert stored.value == kept
    columns = ("value_text", "value_number", "value_date", "value_boolean", "value_file")
    assert sum(getattr(stored, column) is not None for column in columns) == 1


@pytest.mark.parametrize(("field_id", "given", "message"), BAD)
def test_unreadable_value_is_refused_with_the_reason(typed_office, field_id, given, message):
    errors = refused_fields(lambda: make_draft(typed_office, field_values={field_id: given}))
    assert message in errors[field_id][0]
    assert not PurchaseRequest.objects.exists()


def test_file_of_another_request_is_no_value(typed_office):
    one, other = make_draft(typed_office, field_values={}), make_draft(typed_office, field_values={})
    file = attachments.attach_file(actor=typed_office.requester, request=other, upload=pdf(), filename="a.pdf", now=NOW)
    errors = refused_fields(
        requests.update_request,
        actor=typed_office.requester,
        request=one,
        field_values={"file": str(file.uuid)},
        now=NOW,
    )
    assert errors.keys() == {"file"}


def test_number_out_of_range_names_the_limit():
    office = make_office(fields=[{"field_id": "n", "name": "N", "field_type": "NUMBER", "maximum": Decimal("12.50")}])
    assert refused_fields(lambda: make_draft(office, field_values={"n": 13}))["n"] == ["Give at most 12.5."]


def test_team_name_is_shown_in_the_refusal():
    office = make_office()
    with pytest.raises(Forbidden, match="Sales"):
        make_draft(office, team=make_team(office.organization, "Sales"))


def test_draft_of_a_closed_team_or_of_somebody_who_left_it_is_not_submitted():
    office = make_office()
    draft = make_draft(office)
    office.requester.access_scopes.filter(team=office.team).delete()
    with pytest.raises(Forbidden, match="Initiator"):
        submit(office, draft)
    give_role(office.requester, office.team, Role.INITIATOR)
    office.team.is_active = False
    office.team.save()
    with pytest.raises(Forbidden, match="takes no requests"):
        submit(office, draft)
    draft.refresh_from_db()
    assert draft.status == RequestStatus.DRAFT
