"""`manage.py create_organization`: the way in for an installation without demo data."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from bureau.accounts.models import Team
from bureau.accounts.services.sign_in import sign_in
from bureau.core.models import Organization, User

pytestmark = pytest.mark.django_db


def create(monkeypatch, name, username, password="correct horse 5", email=None):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    call_command(
        "create_organization", name, username=username, email=email or f"{username}@example.com", stdout=io.StringIO()
    )


def test_first_person_is_superuser_and_administers_a_working_organization(monkeypatch):
    create(monkeypatch, "Acme Ltd", "ada")
    ada = User.objects.select_related("organization").get(username="ada")
    assert (ada.organization.name, ada.role, ada.is_superuser) == ("Acme Ltd", "admin", True)
    general = Team.objects.get(organization=ada.organization)
    assert general.is_general
    assert general.workflowtemplates.get(in_use=True).steps.count() == 2


def test_password_signs_in(monkeypatch, settings):
    create(monkeypatch, "Acme Ltd", "ada")
    assert sign_in(login="ada", password="correct horse 5", address=None, now=timezone.now()).access


def test_second_organization_has_an_ordinary_administrator(monkeypatch):
    create(monkeypatch, "Acme Ltd", "ada")
    create(monkeypatch, "Umbra Ltd", "bob")
    bob = User.objects.select_related("organization").get(username="bob")
    assert (bob.organization.name, bob.role, bob.is_superuser) == ("Umbra Ltd", "admin", False)


@pytest.mark.parametrize(
    ("username", "password", "named"), [("ada", "123", "password"), ("a b", "correct horse 5", "username")]
)
def test_bad_input_is_named_and_makes_nothing(monkeypatch, username, password, named):
    with pytest.raises(CommandError, match=f"Nothing was made. {named}: "):
        create(monkeypatch, "Acme Ltd", username, password, email="ada@example.com")
    assert not Organization.objects.exists()
