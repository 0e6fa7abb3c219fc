"""Teams, roles, memberships and the settings of an organization."""

import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.utils import timezone

from bureau.accounts.models import AccessScope, Role, Team
from bureau.accounts.selectors import general_team
from bureau.accounts.services import teams
from bureau.accounts.services.organizations import create_organization, is_iban, update_organization
from bureau.core.models import AuditEntry, Organization
from bureau.kit.errors import BusinessRule, Forbidden, Invalid
from tests.core.samples import png_bytes
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_user(role="admin")


def role_of(organization, code):
    return Role.objects.get(organization=organization, code=code)


def settle(admin, **changes):
    return update_organization(actor=admin, organization=admin.organization, changes=changes, now=timezone.now())


def test_new_organization_has_four_roles_and_its_general_team():
    organization = create_organization(name="Northwind Builders", currency="usd", now=timezone.now())
    assert organization.currency == "USD"
    assert set(Role.objects.filter(organization=organization).values_list("code", flat=True)) == {
        "INITIATOR", "MANAGER", "DIRECTOR", "FINANCE_REVIEWER",
    }  # fmt: skip
    assert general_team(organization).name == "General"
    assert AuditEntry.objects.get(organization=organization, entity_type="organization").action == "created"


def test_organization_without_a_name_is_refused():
    with pytest.raises(Invalid):
        create_organization(name=" ", now=timezone.now())


def test_administrator_makes_and_changes_teams(admin):
    team = teams.create_team(actor=admin, name=" Marketing ", description="Campaigns", now=timezone.now())
    assert (team.name, team.organization) == ("Marketing", admin.organization)
    team = teams.update_team(actor=admin, team=team, changes={"is_active": False, "id": 5}, now=timezone.now())
    team.refresh_from_db()
    assert team.is_active is False
    entries = AuditEntry.objects.filter(entity_type="team").order_by("position")
    assert list(entries.values_list("action", flat=True)) == ["created", "updated"]


@pytest.mark.parametrize("name", ["", "general", "x" * 101, "a\x00b"])
def test_team_needs_a_name_of_its_own(admin, name):
    with pytest.raises(Invalid) as refusal:
        teams.create_team(actor=admin, name=name, now=timezone.now())
    assert list(refusal.value.fields) == ["name"]


def test_same_team_name_in_another_organization_is_fine(admin):
    teams.create_team(actor=admin, name="Marketing", now=timezone.now())
    teams.create_team(actor=make_user(role="owner"), name="Marketing", now=timezone.now())


def test_general_team_stays_active(admin):
    team = general_team(admin.organization)
    with pytest.raises(BusinessRule):
        teams.update_team(actor=admin, team=team, changes={"is_active": False}, now=timezone.now())
    assert Team.objects.get(pk=team.pk).is_active


def test_organization_has_one_general_team(admin):
    with pytest.raises(IntegrityError):
        Team.objects.create(organization=admin.organization, name="Second", is_general=True)


@pytest.mark.parametrize("role", ["member", "staff", "pm"])
def test_others_manage_nothing(admin, role):
    actor, team = make_user(admin.organization, role=role), general_team(admin.organization)
    manager = role_of(admin.organization, "MANAGER")
    for act in (
        lambda: teams.create_team(actor=actor, name="X", now=timezone.now()),
        lambda: teams.update_team(actor=actor, team=team, changes={"name": "X"}, now=timezone.now()),
        lambda: teams.create_role(actor=actor, code="X", name="X", now=timezone.now()),
        lambda: teams.add_member(actor=actor, team=team, user=actor, role=manager, now=timezone.now()),
        lambda: teams.remove_member(actor=actor, team=team, user=actor, role=manager, now=timezone.now()),
        lambda: update_organization(
            actor=actor, organization=actor.organization, changes={"name": "Mine"}, now=timezone.now()
        ),
    ):
        with pytest.raises(Forbidden):
            act()


def test_administrator_of_another_organization_manages_nothing_here(admin):
    stranger, team = make_user(role="admin"), general_team(admin.organization)
    with pytest.raises(Forbidden):
        teams.update_team(actor=stranger, team=team, changes={"name": "X"}, now=timezone.now())
    with pytest.raises(Forbidden):
        update_organization(actor=stranger, organization=admin.organization, changes={"name": "X"}, now=timezone.now())


def test_member_is_added_once_and_removed(admin):
    team, user = general_team(admin.organization), make_user(admin.organization)
    manager = role_of(admin.organization, "MANAGER")
    for _ in range(2):
        teams.add_member(actor=admin, team=team, user=user, role=manager, now=timezone.now())
    assert AccessScope.objects.filter(user=user, role=manager).count() == 1
    teams.remove_member(actor=admin, team=team, user=user, role=manager, now=timezone.now())
    with pytest.raises(Invalid):
        teams.remove_member(actor=admin, team=team, user=user, role=manager, now=timezone.now())
    entries = AuditEntry.objects.filter(entity_type="team").order_by("position")
    assert list(entries.values_list("action", flat=True)) == ["member_added", "member_removed"]


def test_everybody_stays_an_initiator_of_general(admin):
    team, initiator = general_team(admin.organization), role_of(admin.organization, "INITIATOR")
    with pytest.raises(BusinessRule):
        teams.remove_member(actor=admin, team=team, user=admin, role=initiator, now=timezone.now())


def test_member_and_role_belong_to_the_teams_organization(admin):
    team, stranger = general_team(admin.organization), make_user()
    manager = role_of(admin.organization, "MANAGER")
    with pytest.raises(Invalid):
        teams.add_member(actor=admin, team=team, user=stranger, role=manager, now=timezone.now())
    foreign = role_of(stranger.organization, "MANAGER")
    with pytest.raises(Invalid):
        teams.add_member(actor=admin, team=team, user=admin, role=foreign, now=timezone.now())


def test_role_has_a_code_of_its_own(admin):
    assert teams.create_role(actor=admin, code="lawyer", name="Lawyer", now=timezone.now()).code == "LAWYER"
    for code in ("LAWYER", "manager", "1ST", "A-B", ""):
        with pytest.raises(Invalid) as refusal:
            teams.create_role(actor=admin, code=code, name="X", now=timezone.now())
        assert list(refusal.value.fields) == ["code"]


def test_settings_are_kept_in_their_standard_form(admin):
    organization = settle(
        admin,
        name=" Northwind ", country="de", currency="chf", default_tax_rate="19", iban="de89 3704 0044 0532 0130 00",
        bic="cobadeffxxx", request_prefix="pr", completion_email="books@example.com", id=9, created_at=None,
    )  # fmt: skip
    organization.refresh_from_db()
    assert (organization.name, organization.country, organization.currency) == ("Northwind", "DE", "CHF")
    assert organization.default_tax_rate == Decimal("19.00")
    assert (organization.iban, organization.bic) == ("DE89370400440532013000", "COBADEFFXXX")
    assert (organization.request_prefix, organization.completion_email) == ("PR", "books@example.com")
    entry = AuditEntry.objects.get(entity_type="organization", action="updated")
    assert entry.old_values["currency"] == "EUR"
    assert entry.user == admin


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("currency", "EURO"),
        ("currency", "XQX"),
        ("country", "XX"),
        ("default_tax_rate", Decimal("-1")),
        ("default_tax_rate", Decimal("100.01")),
        ("default_tax_rate", "many"),
        ("iban", "DE89370400440532013001"),
        ("bic", "NOPE"),
        ("request_prefix", "PR-1"),
        ("request_prefix", ""),
        ("completion_email", "nobody"),
        ("address", "a\x00b"),
    ],
)
def test_unfit_setting_is_refused_and_changes_nothing(admin, name, value):
    with pytest.raises(Invalid) as refusal:
        settle(admin, **{"tax_number": "T1", name: value})
    assert list(refusal.value.fields) == [name]
    assert Organization.objects.get(pk=admin.organization_id).tax_number == ""


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("GB82WEST12345698765432", True),
        ("NL91ABNA0417164300", True),
        ("GB82WEST12345698765433", False),
        ("GB82", False),
        ("", False),
    ],
)
def test_iban_is_checked(value, good):
    assert is_iban(value) is good


def test_logo_is_a_picture(admin):
    organization = settle(admin, logo=SimpleUploadedFile("logo.png", png_bytes(), "image/png"))
    assert organization.logo.content_type == "image/png"
    with pytest.raises(Invalid) as refusal:
        settle(admin, logo=SimpleUploadedFile("logo.png", io.BytesIO(b"<svg onload=alert(1)>").read(), "image/png"))
    assert list(refusal.value.fields) == ["logo"]
    assert settle(admin, logo=None).logo is None
