"""Projects kept by hand: who may, what is refused, and that every budget change is in the ledger and the log."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from bureau.core.audit import entity_type
from bureau.core.models import AuditEntry
from bureau.kit.errors import Forbidden, Invalid
from bureau.purchasing.models import CostCode, EntryKind, LedgerEntry, Project
from bureau.purchasing.services import projects
from bureau.purchasing.services.budgets import differences, figures_as_of
from tests.factories.accounts import make_organization, make_user
from tests.factories.purchasing import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_user(make_organization(), role="admin")


@pytest.fixture
def project(admin):
    return projects.create_project(actor=admin, code="PRJ001", name="Harbour", budget=Decimal(200000), now=NOW)


def entries(record, action):
    return AuditEntry.objects.filter(entity_type=entity_type(record), entity_id=str(record.pk), action=action)


def test_project_starts_with_its_budget_in_the_ledger(project):
    assert (project.code, project.budget) == ("PRJ001", Decimal(200000))
    assert figures_as_of(project, timezone.localdate(NOW))[EntryKind.BUDGET] == Decimal(200000)
    assert entries(project, "created").get().new_values["budget"] == "200000"


@pytest.mark.parametrize("role", ["member", "staff", "foreman", "super"])
def test_others_keep_no_projects(project, role):
    other = make_user(project.organization, role=role)
    for act in (
        lambda: projects.create_project(actor=other, code="X", name="X", now=NOW),
        lambda: projects.update_project(actor=other, project=project, changes={"name": "X"}, now=NOW),
        lambda: projects.add_project_member(actor=other, project=project, user=other, now=NOW),
        lambda: projects.create_cost_code(actor=other, project=project, external_id="X", code="X", now=NOW),
    ):
        with pytest.raises(Forbidden):
            act()
    assert not project.memberships.exists()


def test_project_manager_keeps_those_of_their_own_organization_only(project):
    own = make_user(project.organization, role="pm")
    assert projects.update_project(actor=own, project=project, changes={"name": "Pier"}, now=NOW).name == "Pier"
    with pytest.raises(Forbidden):
        projects.update_project(actor=make_user(role="pm"), project=project, changes={"name": "Mine"}, now=NOW)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "PRJ001"}, "code"),
        ({"code": "a/b"}, "code"),
        ({"code": ""}, "code"),
        ({"name": " "}, "name"),
        ({"status": "gone"}, "status"),
        ({"budget": Decimal(-1)}, "budget"),
        ({"budget": Decimal("1.005")}, "budget"),
        ({"budget": None}, "budget"),
        ({"start_date": date(2026, 5, 2), "end_date": date(2026, 5, 1)}, "end_date"),
    ],
)
def test_unusable_project_is_refused_at_its_field(admin, project, values, field):
    with pytest.raises(Invalid) as refusal:
        projects.create_project(actor=admin, now=NOW, **{"code": "PRJ002", "name": "Quay", **values})
    assert list(refusal.value.fields) == [field]
    assert Project.objects.count() == 1


def test_budget_changes_with_a_reason_only(admin, project):
    with pytest.raises(Invalid) as refusal:
        projects.update_project(actor=admin, project=project, changes={"budget": Decimal(250000)}, now=NOW)
    assert list(refusal.value.fields) == ["reason"]
    changes = {"budget": Decimal(250000), "name": "Harbour wall"}
    project = projects.update_project(actor=admin, project=project, changes=changes, reason="Phase 2", now=NOW)
    assert (project.budget, project.name) == (Decimal(250000), "Harbour wall")
    entry = LedgerEntry.objects.filter(project=project).last()
    assert (entry.amount, entry.reason, entry.user) == (Decimal(50000), "Phase 2", admin)
    written = entries(project, "updated").get()
    assert written.old_values == {"name": "Harbour", "budget": "200000.00"}
    assert written.new_values == {"name": "Harbour wall", "budget": "250000", "reason": "Phase 2"}
    assert list(differences()) == []


def test_same_values_leave_no_trace(admin, project):
    changes = {"name": project.name, "budget": Decimal(200000)}
    projects.update_project(actor=admin, project=project, changes=changes, now=NOW)
    assert not entries(project, "updated").exists()


def test_members_come_and_go(admin, project):
    person = make_user(project.organization, role="foreman")
    for _again in range(2):
        projects.add_project_member(actor=admin, project=project, user=person, now=NOW)
    assert Project.objects.visible_to(person).get() == project
    assert entries(project, "member_added").count() == 1
    projects.remove_project_member(actor=admin, project=project, user=person, now=NOW)
    assert not Project.objects.visible_to(person).exists()
    with pytest.raises(Invalid):
        projects.remove_project_member(actor=admin, project=project, user=person, now=NOW)


def test_members_are_active_people_of_the_organization(admin, project):
    gone = make_user(project.organization)
    gone.is_active = False
    for person in (gone, make_user()):
        with pytest.raises(Invalid):
            projects.add_project_member(actor=admin, project=project, user=person, now=NOW)


def test_cost_code_is_made_and_changed(admin, project):
    code = projects.create_cost_code(
        actor=admin, project=project, external_id="CC-001", code="01-100", budget=Decimal(150000), now=NOW
    )
    changes = {"description": "Earthworks", "budget": Decimal(140000), "active": False}
    with pytest.raises(Invalid):
        projects.update_cost_code(actor=admin, cost_code=code, changes=changes, now=NOW)
    projects.update_cost_code(actor=admin, cost_code=code, changes=changes, reason="Moved to CC-002", now=NOW)
    code = CostCode.objects.get()
    assert (code.description, code.budget, code.remaining, code.active) == (
        "Earthworks",
        Decimal(140000),
        Decimal(140000),
        False,
    )
    assert entries(code, "updated").get().organization == project.organization
    assert list(differences()) == []
    with pytest.raises(Invalid) as refusal:
        projects.create_cost_code(actor=admin, project=project, external_id="CC-001", code="02-100", now=NOW)
    assert list(refusal.value.fields) == ["external_id"]


def test_what_a_connector_keeps_only_gets_members(admin, project):
    code = projects.create_cost_code(actor=admin, project=project, external_id="CC-001", code="01-100", now=NOW)
    CostCode.objects.update(synced_at=NOW)
    with pytest.raises(Forbidden):
        projects.update_cost_code(actor=admin, cost_code=code, changes={"code": "X"}, now=NOW)
    Project.objects.update(synced_at=NOW)
    project.refresh_from_db()
    for act in (
        lambda: projects.update_project(actor=admin, project=project, changes={"name": "X"}, now=NOW),
        lambda: projects.create_cost_code(actor=admin, project=project, external_id="X", code="X", now=NOW),
    ):
        with pytest.raises(Forbidden):
            act()
    projects.add_project_member(actor=admin, project=project, user=admin, now=NOW)
    assert project.memberships.count() == 1
