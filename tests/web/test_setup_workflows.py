"""The builder of workflows: steps and who decides them, the way of a request, versions."""

import pytest
from django.utils import timezone

from bureau.accounts.services.users import deactivate_user
from bureau.purchasing.models import StepApprover, WorkflowTemplate
from bureau.purchasing.services.templates import revise_workflow_template
from tests.factories.accounts import give_role, make_team, make_user
from tests.factories.purchasing import NOW, STANDARD_STEPS, make_workflow, submit

pytestmark = pytest.mark.django_db
BY_SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def browser(office, sign_in):
    return sign_in(office.admin)


@pytest.fixture
def workflow(office):
    return WorkflowTemplate.objects.get(team=office.team, in_use=True)


def steps(*given):
    sent = {"step": [str(key) for key in range(1, len(given) + 1)]}
    for key, step in enumerate(given, 1):
        sent |= {f"step-{key}-{name}": value for name, value in step.items()}
    return sent


def path_of(workflow):
    return f"/setup/workflows/{workflow.uuid}/"


MANAGER = {"step_name": "Manager", "roles": ["MANAGER"]}
FINANCE = {"step_name": "Pay", "is_finance_review": "on", "roles": ["MANAGER"]}


def approvers_of(workflow):
    rows = StepApprover.objects.filter(step__workflow_template=workflow).order_by("step__step_order", "pk")
    return [(row.step.step_name, row.role.code if row.role else row.user.username) for row in rows]


def test_change_makes_a_new_version_with_roles_and_people(office, workflow, browser):
    both = {"step_name": "Both", "roles": ["DIRECTOR"], "people": [str(office.manager.uuid)]}
    given = {"name": "Way", "do": "save", **steps(MANAGER, both, FINANCE)}
    answer = browser.post(path_of(workflow), given, follow=True)
    revised = WorkflowTemplate.objects.get(lineage=workflow.lineage, superseded=False)
    assert (revised.version_number, revised.in_use) == (2, True)
    assert approvers_of(revised) == [
        ("Manager", "MANAGER"),
        ("Both", "DIRECTOR"),
        ("Both", office.manager.username),
        ("Pay", "FINANCE_REVIEWER"),
    ]
    assert "is saved as version 2" in answer.content.decode()


def test_person_who_is_only_picked_counts_as_well(office, workflow, browser):
    picked = {"step_name": "One", "person": str(office.manager.uuid)}
    browser.post(path_of(workflow), {"name": "Way", "do": "save", **steps(picked)})
    revised = WorkflowTemplate.objects.get(lineage=workflow.lineage, superseded=False)
    assert approvers_of(revised) == [("One", office.manager.username)]


def test_new_workflow_starts_with_the_usual_steps_for_a_team_without_one(office, browser):
    team = make_team(office.organization, "Site")
    builder = browser.get("/setup/workflows/new/").context["builder"]
    assert [row.title for row in builder.steps] == ["Manager Approval", "Finance Review"]
    data = {**dict(builder.data.lists()), "do": "save"}
    browser.post("/setup/workflows/new/", data)
    assert approvers_of(WorkflowTemplate.objects.get(team=team, name="Site Workflow")) == [
        ("Manager Approval", "MANAGER"),
        ("Finance Review", "FINANCE_REVIEWER"),
    ]


@pytest.mark.parametrize(
    ("given", "key", "column", "message"),
    [
        ([{**MANAGER, "step_name": ""}], "1", "step_name", "A name is required."),
        ([MANAGER, {"step_name": "Nobody"}], "2", "roles", "Name who approves"),
        ([FINANCE, MANAGER], "1", "is_finance_review", "it is the last step"),
        ([{**MANAGER, "roles": ["KING"]}], "1", "roles", "Select a valid choice."),
        ([{**MANAGER, "people": ["00000000-0000-4000-8000-000000000000"]}], "1", "roles", "no such active person"),
    ],
)
def test_problem_stands_in_its_step(workflow, browser, given, key, column, message):
    answer = browser.post(path_of(workflow), {"name": "Way", "do": "save", **steps(*given)})
    assert answer.status_code == 422
    row = next(row for row in answer.context["builder"].steps if row.key == key)
    assert message in row.errors[column][0]
    assert WorkflowTemplate.objects.filter(lineage=workflow.lineage).count() == 1


def test_what_is_no_person_is_left_out(office, workflow, browser):
    odd = {**MANAGER, "people": ["x", ""], "person": str(office.manager.uuid)[:-1]}
    assert browser.post(path_of(workflow), {"name": "Way", "do": "step:drop:1:x", **steps(odd)}).status_code == 200
    assert browser.post(path_of(workflow), {"name": "Way", "do": "save", **steps(odd)}).status_code == 302
    revised = WorkflowTemplate.objects.get(lineage=workflow.lineage, superseded=False)
    assert approvers_of(revised) == [("Manager", "MANAGER")]


def test_people_of_another_organization_cannot_be_named(workflow, browser):
    foreign = {"step_name": "One", "people": [str(make_user().uuid)]}
    assert browser.post(path_of(workflow), {"name": "Way", "do": "save", **steps(foreign)}).status_code == 422


def test_person_is_picked_into_a_step_and_taken_out(office, workflow, browser):
    picked = {**MANAGER, "person": str(office.director.uuid)}
    given = {"name": "Way", "do": "step:stay:1", **steps(picked)}
    [row] = browser.post(path_of(workflow), given, headers=BY_SCRIPT).context["builder"].steps
    assert row.chosen == [office.director]
    given = {"name": "Way", "do": f"step:drop:1:{office.director.uuid}", **steps(picked)}
    [row] = browser.post(path_of(workflow), given).context["builder"].steps
    assert row.chosen == []


def test_preview_draws_the_way_and_warns_of_steps_without_anybody(office, workflow, browser):
    office.director.access_scopes.filter(team=office.team).delete()
    director = {"step_name": "Director", "roles": ["MANAGER", "DIRECTOR"]}
    answer = browser.post(
        path_of(workflow), {"name": "Way", "do": "preview", **steps(MANAGER, director, FINANCE)}, headers=BY_SCRIPT
    )
    assert [(step.name, step.tone, step.text) for step in answer.context["steps"]] == [
        ("Manager", "ahead", office.manager.name),
        ("Director", "refused", f"{office.manager.name} and no Director yet"),
        ("Pay", "ahead", office.finance.name),
    ]
    assert answer.context["stops"] == ["Nobody can decide “Director”: nobody has the role Director in Marketing."]


def test_hint_names_whose_own_requests_would_fail(office, workflow, browser):
    assert browser.get(path_of(workflow)).context["hints"] == []
    give_role(office.manager, office.team, "INITIATOR")
    [hint] = browser.get(path_of(workflow)).context["hints"]
    assert f"Nobody can stand in for {office.manager.name} in “Manager Approval”" in hint
    give_role(office.director, office.team, "MANAGER")
    assert browser.get(path_of(workflow)).context["hints"] == []


def test_approver_who_has_left_is_shown_and_named(office, browser):
    workflow = make_workflow(office, steps=[{"step_name": "One", "approvers": [{"user": office.director.uuid}]}])
    deactivate_user(actor=office.admin, user=office.director, now=timezone.now())
    answer = browser.get(path_of(workflow))
    assert answer.context["stops"] == [f"Nobody can decide “One”: the account of {office.director.name} is not active."]
    assert f"step:drop:1:{office.director.uuid}" in answer.content.decode()
    kept = {"step_name": "One renamed", "people": [str(office.director.uuid)]}
    refused = browser.post(path_of(workflow), {"name": "Way", "do": "save", **steps(kept)})
    assert "no such active person" in refused.context["builder"].steps.forms[0].errors["roles"][0]


def test_unchanged_workflow_makes_no_version(workflow, browser):
    page = browser.get(path_of(workflow)).context["builder"].data
    browser.post(path_of(workflow), {**dict(page.lists()), "do": "save"})
    assert WorkflowTemplate.objects.filter(lineage=workflow.lineage).count() == 1


def test_workflow_without_steps_is_possible(workflow, browser):
    assert browser.post(path_of(workflow), {"name": "At once", "do": "save"}).status_code == 302
    revised = WorkflowTemplate.objects.get(lineage=workflow.lineage, superseded=False)
    assert "approved at once" in browser.get(path_of(revised)).content.decode()


def test_history_tells_what_changed_and_how_many_requests_use_it(office, workflow, browser):
    submit(office)
    new_steps = [STANDARD_STEPS[1], {**STANDARD_STEPS[0], "approvers": [{"role": "DIRECTOR"}]}]
    revised = revise_workflow_template(actor=office.admin, template=workflow, steps=new_steps, now=NOW)
    newest, first = browser.get(path_of(revised)).context["versions"]
    assert newest["changes"] == [
        "“Finance Review” removed",
        "“Manager Approval”: decided by Director",
        "order changed",
    ]
    assert (newest["version"].requests, first["version"].requests) == (0, 1)
    old = browser.get(path_of(workflow)).content.decode()
    assert "Finance Review" in old
    assert f'href="{path_of(revised)}"' in old


def test_former_workflow_is_put_in_use_again(office, workflow, browser):
    other = make_workflow(office, steps=[])
    browser.post(path_of(workflow) + "use/")
    other.refresh_from_db()
    workflow.refresh_from_db()
    assert (workflow.in_use, other.in_use) == (True, False)


def test_list_marks_what_nobody_can_decide(office, workflow, browser):
    assert "Nobody for a step" not in rows_of(browser)["Standard Workflow"]
    office.director.access_scopes.filter(team=office.team).delete()
    assert "Nobody for a step" in rows_of(browser)["Standard Workflow"]


def rows_of(browser):
    text = browser.get("/setup/workflows/").content.decode()
    return {row.split("</a>")[0].rsplit(">", 1)[1]: row for row in text.split("<tr data-row")[1:]}
