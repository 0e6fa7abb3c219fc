"""Forms and workflows: versions, which is in use, and what they refuse."""

from decimal import Decimal
from uuid import uuid4

import pytest

from bureau.accounts.models import Team
from bureau.core.models import AuditEntry
from bureau.kit.errors import Forbidden, Invalid, WrongState
from bureau.purchasing.models import FormTemplate, WorkflowTemplate
from bureau.purchasing.services import templates
from tests.factories.accounts import make_organization, make_user
from tests.factories.purchasing import NOW, STANDARD_STEPS, make_form, make_office, make_workflow

pytestmark = pytest.mark.django_db
TEXT: templates.FieldInput = {"field_id": "a", "name": "A", "field_type": "TEXT"}
BY_MANAGER: templates.StepInput = {"step_name": "One", "approvers": [{"role": "MANAGER"}]}


def test_new_form_takes_over_from_the_former():
    office = make_office()
    former = FormTemplate.objects.get(team=office.team, in_use=True)
    form = make_form(office, fields=[TEXT])
    former.refresh_from_db()
    assert (form.in_use, form.version_number, former.in_use, former.superseded) == (True, 1, False, False)
    assert set(FormTemplate.objects.filter(team=office.team).newest()) == {form, former}


def test_revised_form_is_a_new_version_and_the_old_one_stays_as_it_was():
    office = make_office()
    former = FormTemplate.objects.get(team=office.team, in_use=True)
    fields = list(former.fields.values_list("pk", "field_id"))
    form = templates.revise_form_template(
        actor=office.admin, template=former, name="Campaign Form", fields=[TEXT], now=NOW
    )
    former.refresh_from_db()
    assert (form.version_number, form.lineage, form.in_use, form.name) == (2, former.lineage, True, "Campaign Form")
    assert (former.name, former.in_use, former.superseded) == ("Marketing Form", False, True)
    assert list(former.fields.values_list("pk", "field_id")) == fields
    assert list(FormTemplate.objects.filter(team=office.team).newest()) == [form]


def test_revising_keeps_what_is_not_given():
    office = make_office()
    form = make_form(
        office,
        fields=[
            {"field_id": "c", "name": "C", "field_type": "SELECT", "options": ["x"], "help_text": "why", "order": 7}
        ],
        attachment_categories=[{"name": "Quote", "required": True}],
    )
    revised = templates.revise_form_template(actor=office.admin, template=form, name="Other", now=NOW)
    kept = ("field_id", "name", "field_type", "required", "order", "options", "minimum", "maximum", "help_text")
    assert list(revised.fields.values(*kept)) == list(form.fields.values(*kept))
    assert list(revised.attachment_categories.values_list("name", "required")) == [("Quote", True)]
    workflow = WorkflowTemplate.objects.get(team=office.team, in_use=True)
    renamed = templates.revise_workflow_template(actor=office.admin, template=workflow, name="Other", now=NOW)
    steps = ("step_name", "step_order", "is_finance_review", "approvers__role", "approvers__user")
    assert list(renamed.steps.values_list(*steps)) == list(workflow.steps.values_list(*steps))


def test_revising_a_form_that_is_not_in_use_leaves_it_so():
    office = make_office()
    former = FormTemplate.objects.get(team=office.team, in_use=True)
    current = make_form(office, fields=[TEXT])
    revised = templates.revise_form_template(actor=office.admin, template=former, name="Old", now=NOW)
    current.refresh_from_db()
    assert (revised.in_use, current.in_use) == (False, True)


@pytest.mark.parametrize("kind", ["form", "workflow"])
def test_only_the_newest_version_can_be_revised(kind):
    office = make_office()
    model = {"form": FormTemplate, "workflow": WorkflowTemplate}[kind]
    revise = {"form": templates.revise_form_template, "workflow": templates.revise_workflow_template}[kind]
    former = model.objects.get(team=office.team, in_use=True)
    revise(actor=office.admin, template=former, name="Two", now=NOW)
    with pytest.raises(WrongState, match="newer version"):
        revise(actor=office.admin, template=former, name="Three", now=NOW)
    assert model.objects.filter(lineage=former.lineage).count() == 2


def test_refused_revision_leaves_the_former_in_use():
    office = make_office()
    former = FormTemplate.objects.get(team=office.team, in_use=True)
    with pytest.raises(Invalid):
        templates.revise_form_template(actor=office.admin, template=former, name=" ", now=NOW)
    former.refresh_from_db()
    assert (former.in_use, former.superseded) == (True, False)


@pytest.mark.parametrize("who", ["requester", "manager", "foreign"])
def test_only_administrators_of_the_organization_change_templates(who):
    office = make_office()
    actor = make_user(role="admin") if who == "foreign" else getattr(office, who)
    form = FormTemplate.objects.get(team=office.team, in_use=True)
    workflow = WorkflowTemplate.objects.get(team=office.team, in_use=True)
    calls = [
        lambda: templates.create_form_template(actor=actor, team=office.team, name="X", fields=[], now=NOW),
        lambda: templates.create_workflow_template(actor=actor, team=office.team, name="X", steps=[], now=NOW),
        lambda: templates.revise_form_template(actor=actor, template=form, now=NOW),
        lambda: templates.revise_workflow_template(actor=actor, template=workflow, now=NOW),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            call()


BAD_FIELDS = [
    ([{**TEXT, "field_id": "a b"}], "its id"),
    ([{**TEXT, "field_id": "x" * 51}], "its id"),
    ([{"name": "?!", "field_type": "TEXT"}], "its id"),
    ([{**TEXT, "name": " "}], "name is required"),
    ([{**TEXT, "name": "x" * 101}], "100 characters"),
    ([{**TEXT, "field_type": "COLOUR"}], "its type"),
    ([TEXT, {**TEXT, "name": "B"}], "twice"),
    ([{**TEXT, "field_type": "SELECT"}], "needs options"),
    ([{**TEXT, "field_type": "SELECT", "options": ["a", " a"]}], "twice"),
    ([{**TEXT, "field_type": "SELECT", "options": [""]}], "1 to 100"),
    ([{**TEXT, "options": ["a"]}], "only a choice"),
    ([{**TEXT, "minimum": Decimal(1)}], "only a number"),
    ([{**TEXT, "field_type": "NUMBER", "minimum": Decimal(2), "maximum": Decimal(1)}], "above the maximum"),
    ([{**TEXT, "field_type": "NUMBER", "maximum": Decimal(10**14)}], "14 digits"),
    ([{**TEXT, "field_type": "NUMBER", "maximum": Decimal("NaN")}], "14 digits"),
    ([{**TEXT, "is_amount": True}], "only a number"),
    ([{**TEXT, "order": -1}], "order"),
    (
        [
            {"field_id": name, "name": name, "field_type": "NUMBER", "is_amount": True}
            for name in ("one_amount", "two_amount")
        ],
        "Only one field",
    ),
    ([{**TEXT, "field_id": f"f{number}"} for number in range(201)], "200"),
]


@pytest.mark.parametrize(("fields", "message"), BAD_FIELDS)
def test_wrong_fields_are_refused(fields, message):
    office = make_office()
    with pytest.raises(Invalid) as refused:
        make_form(office, fields=fields)
    assert message in " ".join(refused.value.fields["fields"])


def test_wrong_categories_are_refused():
    office = make_office()
    with pytest.raises(Invalid) as refused:
        make_form(office, attachment_categories=[{"name": "Quote"}, {"name": "QUOTE"}, {"name": ""}])
    assert len(refused.value.fields["attachment_categories"]) == 2


def test_field_id_and_order_follow_from_name_and_place():
    form = make_form(
        make_office(),
        fields=[{"name": "Needed by", "field_type": "DATE"}, {"name": "Why?", "field_type": "TEXT"}],
    )
    assert list(form.fields.values_list("field_id", "order")) == [("needed_by", 1), ("why", 2)]


BAD_STEPS = [
    ([{"step_name": "One", "approvers": []}], "at least one"),
    ([{**BY_MANAGER, "step_name": " "}], "name is required"),
    ([{"step_name": "One", "approvers": [{"role": "KING"}]}], "no role KING"),
    ([{"step_name": "One", "approvers": [{"user": uuid4()}]}], "no such active person"),
    ([{"step_name": "One", "approvers": [{"role": "MANAGER", "user": uuid4()}]}], "a role or a person"),
    ([{"step_name": "One", "approvers": [{}]}], "a role or a person"),
    ([{"step_name": "One", "approvers": [{"role": "MANAGER"}] * 2}], "twice"),
    ([{**BY_MANAGER, "step_order": 2}], "1, 2, 3"),
    ([{**BY_MANAGER, "step_order": 1}, {**BY_MANAGER, "step_order": 1}], "1, 2, 3"),
    ([STANDARD_STEPS[2], BY_MANAGER], "last step"),
    ([STANDARD_STEPS[2], STANDARD_STEPS[2]], "last step"),
    ([{**BY_MANAGER, "is_finance_review": True}], "FINANCE_REVIEWER"),
    ([BY_MANAGER] * 31, "30"),
]


@pytest.mark.parametrize(("steps", "message"), BAD_STEPS)
def test_wrong_steps_are_refused(steps, message):
    office = make_office()
    with pytest.raises(Invalid) as refused:
        make_workflow(office, steps=steps)
    assert message in " ".join(refused.value.fields["steps"])


def test_steps_are_put_in_the_order_given():
    office = make_office()
    workflow = make_workflow(
        office, steps=[{**BY_MANAGER, "step_name": "B", "step_order": 2}, {**BY_MANAGER, "step_order": 1}]
    )
    assert list(workflow.steps.values_list("step_name", "step_order")) == [("One", 1), ("B", 2)]


def test_people_of_another_organization_are_no_approvers():
    office = make_office()
    with pytest.raises(Invalid):
        make_workflow(office, steps=[{"step_name": "One", "approvers": [{"user": make_user().uuid}]}])


@pytest.mark.parametrize(("sole_trader", "steps"), [(False, ["Manager Approval", "Finance Review"]), (True, [])])
def test_new_organization_starts_with_a_general_form_and_workflow(sole_trader, steps):
    organization = make_organization(sole_trader=sole_trader)
    team = Team.objects.get(organization=organization, is_general=True)
    assert FormTemplate.objects.get(team=team, in_use=True).name == "General Form"
    workflow = WorkflowTemplate.objects.get(team=team, in_use=True)
    assert list(workflow.steps.values_list("step_name", flat=True)) == steps


def test_templates_are_visible_in_their_organization_only():
    office, stranger = make_office(), make_user()
    forms = FormTemplate.objects.filter(team=office.team)
    assert forms.visible_to(office.requester).count() == 1
    assert not forms.visible_to(stranger).exists()


def test_revision_is_audited_with_old_and_new():
    office = make_office()
    former = WorkflowTemplate.objects.get(team=office.team, in_use=True)
    templates.revise_workflow_template(actor=office.admin, template=former, steps=[BY_MANAGER], now=NOW)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.entity_type, entry.action, entry.user) == ("workflow_template", "revised", office.admin)
    assert (len(entry.old_values["steps"]), len(entry.new_values["steps"])) == (3, 1)


def test_problems_are_told_by_their_row_as_well():
    office = make_office()
    number = {**TEXT, "field_type": "NUMBER", "is_amount": True}
    with pytest.raises(templates.InvalidTemplate) as refused:
        make_form(
            office,
            fields=[number, {**number, "name": " ", "minimum": Decimal(2), "maximum": Decimal(1)}],
            attachment_categories=[{"name": "Quote"}, {"name": "quote"}],
        )
    assert {(where, column) for where, columns in refused.value.rows.items() for column in columns} == {
        (("fields", 1), "field_id"),
        (("fields", 2), "name"),
        (("fields", 2), "minimum"),
        (("fields", 2), "is_amount"),
        (("attachment_categories", 2), "name"),
    }
    with pytest.raises(templates.InvalidTemplate) as refused:
        make_workflow(office, steps=[STANDARD_STEPS[2], {"step_name": "", "approvers": []}])
    assert {(row, column) for (_list, row), columns in refused.value.rows.items() for column in columns} == {
        (1, "is_finance_review"),
        (2, "step_name"),
        (2, "approvers"),
    }


def test_former_form_can_be_put_in_use_again():
    office = make_office()
    former = FormTemplate.objects.get(team=office.team, in_use=True)
    current = make_form(office, fields=[TEXT])
    templates.use_template(actor=office.admin, template=former, now=NOW)
    former.refresh_from_db()
    current.refresh_from_db()
    assert (former.in_use, current.in_use) == (True, False)
    with pytest.raises(Forbidden):
        templates.use_template(actor=office.manager, template=current, now=NOW)
    templates.revise_form_template(actor=office.admin, template=current, name="Newer", now=NOW)
    with pytest.raises(WrongState):
        templates.use_template(actor=office.admin, template=current, now=NOW)
