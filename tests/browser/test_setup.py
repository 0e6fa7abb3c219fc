"""The administration pages in Chromium: accessible at every width, and the builders by hand."""

import pytest
from playwright.sync_api import expect

from bureau.purchasing.models import FormTemplate, WorkflowTemplate
from bureau.purchasing.services.templates import revise_form_template
from tests.factories.accounts import make_team
from tests.factories.purchasing import NOW

PLACES = [
    "", "organization/", "people/", "people/?q=nobody", "people/new/", "teams/", "teams/new/", "forms/", "forms/new/",
    "workflows/", "workflows/new/", "buying/", "tax-codes/", "tax-codes/?code=GST2",
]  # fmt: skip


@pytest.fixture
def form(office):
    return FormTemplate.objects.get(team=office.team, in_use=True)


@pytest.fixture
def workflow(office):
    return WorkflowTemplate.objects.get(team=office.team, in_use=True)


def row(page, name):
    """The row of a builder whose name is this."""
    return page.locator(".row-box").filter(has=page.locator(f"input[value='{name}']"))


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_pages_are_accessible_and_fit_their_width(visit, office, form, workflow, phone):
    make_team(office.organization, "A team that has neither a form nor a workflow nor anybody in it " + "x" * 30)
    revised = revise_form_template(actor=office.admin, template=form, name="Campaigns", now=NOW)
    visitor = visit(office.admin.username, phone=phone)
    records = [
        f"people/{office.director.uuid}/", f"people/{office.director.uuid}/deactivate/", f"teams/{office.team.uuid}/",
        f"forms/{revised.uuid}/", f"forms/{form.uuid}/", f"workflows/{workflow.uuid}/",
    ]  # fmt: skip
    for place in [*PLACES, *records]:
        page = visitor.open(f"/setup/{place}")
        visitor.check_accessibility()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place


def test_refusals_and_the_closed_door_are_accessible(visit, office):
    visitor = visit(office.admin.username)
    page = visitor.open("/setup/people/new/")
    page.get_by_role("button", name="Add the person").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is saved yet")
    visitor.check_accessibility()
    page = visitor.open("/setup/forms/new/")
    page.get_by_role("button", name="Make the form").click()
    expect(page.locator(".has-error").first).to_be_visible()
    visitor.check_accessibility()
    other = visit(office.manager.username)
    expect(other.open("/setup/").get_by_role("link", name=office.admin.email)).to_be_visible()
    other.check_accessibility()


def test_form_is_built_with_the_preview_beside_it(visit, office, form):
    visitor = visit(office.admin.username)
    page = visitor.open(f"/setup/forms/{form.uuid}/")
    preview = page.locator("#preview")
    page.get_by_role("button", name="Add a field").click()
    added = page.locator(".row-box").nth(2)
    expect(added.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Colour")
    expect(preview.get_by_label("Colour")).to_be_visible()
    added.get_by_label("Type").select_option("Choice")
    added.get_by_label("Choices, one a line").fill("Red\nGreen")
    expect(preview.get_by_label("Colour").locator("option", has_text="Green")).to_have_count(1)
    visitor.check_accessibility()
    page.get_by_role("button", name="Move up: Colour").press("Enter")
    expect(page.get_by_role("button", name="Move up: Colour")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#rows input[name$='-name']").first).to_have_value("Colour")
    page.get_by_role("button", name="Remove: Campaign").click()
    expect(preview.get_by_label("Campaign")).to_have_count(0)
    visitor.check_accessibility()
    page.get_by_role("button", name="Undo").click()
    expect(preview.get_by_label("Campaign")).to_have_count(1)
    page.get_by_role("button", name="Remove: Campaign").click()
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.locator("#toasts")).to_contain_text("is saved as version 2")
    names = FormTemplate.objects.get(team=office.team, in_use=True).fields.values_list("name", flat=True)
    assert list(names) == ["Colour", "Budget Amount"]


def test_row_is_dragged_and_enter_adds_one_without_saving(visit, office, form):
    page = visit(office.admin.username).open(f"/setup/forms/{form.uuid}/")
    grip = row(page, "Campaign").locator("[data-grip]")
    above = row(page, "Budget Amount").bounding_box()
    grip.hover()
    page.mouse.down()
    page.mouse.move(above["x"] + 20, above["y"] + 2, steps=8)
    page.mouse.up()
    expect(page.locator("#rows input[name$='-name']").first).to_have_value("Campaign")
    expect(page.locator("#preview .field label").nth(1)).to_contain_text("Campaign")
    row(page, "Budget Amount").get_by_label("Name").press("Enter")
    expect(page.locator(".row-box")).to_have_count(3)
    assert FormTemplate.objects.filter(lineage=form.lineage).count() == 1


def test_what_was_typed_is_not_left_by_accident(visit, office, form):
    page = visit(office.admin.username).open(f"/setup/forms/{form.uuid}/")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    row(page, "Campaign").get_by_label("Name").fill("Season")
    page.get_by_role("link", name="Overview").click(no_wait_after=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert page.url.endswith(f"/setup/forms/{form.uuid}/")


def test_workflow_warns_while_it_is_built(visit, office, workflow):
    page = visit(office.admin.username).open(f"/setup/workflows/{workflow.uuid}/")
    step = row(page, "Director Approval")
    step.get_by_label("Director", exact=True).uncheck()
    step.get_by_label("Initiator").check()
    expect(page.locator("#preview")).to_contain_text(office.requester.name)
    step.get_by_label("And somebody by name").select_option(office.finance.name)
    expect(step.get_by_role("button", name=f"Take {office.finance.name} out")).to_be_visible()
    expect(page.locator("#preview")).to_contain_text(f"{office.requester.name} and {office.finance.name}")
    page.get_by_role("button", name="Remove: Manager Approval").click()
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.locator("#toasts")).to_contain_text("is saved as version 2")
    steps = WorkflowTemplate.objects.get(team=office.team, in_use=True).steps
    assert list(steps.values_list("step_name", flat=True)) == ["Director Approval", "Finance Review"]


def test_matrix_gives_a_role_where_one_stands(visit, office):
    page = visit(office.admin.username).open(f"/setup/teams/{office.team.uuid}/")
    cell = page.get_by_role("button", name=f"{office.manager.name}: Director")
    cell.press("Enter")
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(cell).to_be_focused()
    assert office.manager.access_scopes.filter(team=office.team, role__code="DIRECTOR").exists()


def test_form_is_built_without_script(visit, office, form):
    page = visit(office.admin.username, script=False).open(f"/setup/forms/{form.uuid}/")
    page.get_by_role("button", name="Add a field").click()
    page.locator(".row-box").nth(2).get_by_label("Name").fill("Colour")
    page.get_by_role("button", name="Show the preview").click()
    expect(page.locator("#preview").get_by_label("Colour")).to_be_visible()
    page.get_by_role("button", name="Move up: Colour").click()
    page.get_by_role("button", name="Save as version 2").click()
    names = FormTemplate.objects.get(team=office.team, in_use=True).fields.values_list("name", flat=True)
    assert list(names) == ["Budget Amount", "Colour", "Campaign"]


def test_person_is_deactivated_after_a_question(visit, office):
    page = visit(office.admin.username).open(f"/setup/people/{office.director.uuid}/")
    page.get_by_role("link", name="Deactivate…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Director, Marketing")
    dialog.get_by_role("button", name="Keep the account").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Deactivate…").click()
    dialog.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("button", name="Activate")).to_be_visible()
