"""Who may make and change whom, and what they get."""

import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from bureau.accounts import permissions
from bureau.accounts.models import AccessScope, RefreshFamily, Role, Team
from bureau.accounts.permissions import SYSTEM
from bureau.accounts.services import sign_in
from bureau.accounts.services.users import (
    LastAdministrator,
    create_user,
    deactivate_user,
    update_profile,
    update_user,
)
from bureau.core.hooks import organization_created
from bureau.core.models import AuditEntry, Job, Organization, User
from bureau.kit.errors import Forbidden, Invalid, RateLimited, Unauthorized
from tests.factories.accounts import PASSWORD, make_organization, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_user(role="admin")


def create(actor, username="newcomer", **values):
    values = {"email": f"{username}@example.com", "password": PASSWORD, **values}
    return create_user(actor=actor, username=username, now=timezone.now(), **values)


def change(actor, user, **changes):
    return update_user(actor=actor, user=user, changes=changes, now=timezone.now())


def scopes(user):
    return {(scope.team.name, scope.role.code) for scope in AccessScope.objects.filter(user=user)}


def test_new_person_joins_the_administrators_organization_and_its_general_team(admin):
    user = create(admin, first_name=" Jo ", last_name="Doe")
    assert (user.organization, user.role, user.name) == (admin.organization, "member", "Jo Doe")
    assert user.check_password(PASSWORD)
    assert scopes(user) == {("General", "INITIATOR")}


def test_owner_without_an_organization_gets_one(admin):
    heard = []

    def handler(**event):
        heard.append((event["organization"].name, event["sole_trader"]))

    organization_created.handlers.append(handler)
    try:
        user = create(admin, role="owner", first_name="Ada", last_name="Lovelace")
    finally:
        organization_created.handlers.remove(handler)
    assert user.organization != admin.organization
    assert user.organization.name == "Ada Lovelace"
    assert heard == [("Ada Lovelace", True)]
    assert scopes(user) == {("General", "INITIATOR")}
    assert Role.objects.filter(organization=user.organization).count() == 4


def test_owner_of_a_named_organization_joins_it(admin):
    assert create(admin, role="owner", organization=admin.organization).organization == admin.organization


@pytest.mark.parametrize(
    ("role", "limit"),
    [("foreman", "5000"), ("super", "25000"), ("pm", "100000"), ("admin", None), ("staff", None), ("member", None)],
)
def test_role_brings_its_limit(admin, role, limit):
    assert create(admin, role=role).authorization_limit == (limit and Decimal(limit))


def test_given_limit_counts(admin):
    assert create(admin, role="foreman", authorization_limit=Decimal("750.50")).authorization_limit == Decimal("750.50")


@pytest.mark.parametrize("role", ["member", "staff", "foreman", "super", "pm"])
def test_only_administrators_make_people(admin, role):
    actor = make_user(admin.organization, role=role)
    with pytest.raises(Forbidden):
        create(actor)
    assert not User.objects.filter(username="newcomer").exists()


def test_administrator_cannot_make_people_elsewhere(admin):
    with pytest.raises(Forbidden):
        create(admin, organization=make_organization())


def test_only_a_superuser_makes_a_superuser(admin):
    with pytest.raises(Forbidden):
        create(admin, superuser=True)
    assert create(make_user(superuser=True, role="admin"), superuser=True).is_superuser


def test_registration_is_closed_by_default():
    with pytest.raises(Unauthorized):
        create(None, role="owner")


def test_open_registration_makes_owners_only(settings):
    settings.OPEN_REGISTRATION = True
    organization = make_organization()
    for values in (
        {"role": "admin"},
        {"role": "owner", "organization": organization},
        {"role": "owner", "superuser": True},
    ):
        with pytest.raises(Forbidden):
            create(None, **values)
    user = create(None, role="owner")
    assert (user.role, user.is_superuser, user.organization.name) == ("owner", False, "newcomer")


def test_registrations_from_one_address_are_limited(settings):
    settings.OPEN_REGISTRATION = settings.THROTTLING = True
    from bureau.core import context

    context.begin("192.0.2.7")
    try:
        for number in range(10):
            create(None, f"new{number}", role="owner")
        with pytest.raises(RateLimited):
            create(None, "new10", role="owner")
    finally:
        context.begin()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "jo hn"}, "username"),
        ({"username": "jo\x00hn"}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"username": "TAKEN"}, "username"),
        ({"username": "somebody@example.com", "email": "else@example.com"}, "username"),
        ({"email": "Taken@EXAMPLE.com"}, "email"),
        ({"email": "no address"}, "email"),
        ({"email": ""}, "email"),
        ({"first_name": "x" * 151}, "first_name"),
        ({"first_name": "\x00"}, "first_name"),
        ({"role": "emperor"}, "role"),
        ({"authorization_limit": Decimal("-1")}, "authorization_limit"),
        ({"authorization_limit": Decimal("1.234")}, "authorization_limit"),
        ({"authorization_limit": Decimal("NaN")}, "authorization_limit"),
        ({"authorization_limit": Decimal(10) ** 13}, "authorization_limit"),
        ({"password": "short"}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "newcomer1"}, "password"),
    ],
)
def test_unfit_value_is_an_error_of_its_field_and_leaves_nothing(admin, values, field):
    make_user(username="taken", email="taken@example.com")
    before = User.objects.count(), Organization.objects.count()
    with pytest.raises(Invalid) as refusal:
        create(admin, **{"email": "newcomer@example.com", **values})
    assert list(refusal.value.fields) == [field]
    assert (User.objects.count(), Organization.objects.count()) == before


def test_every_unfit_value_is_told_at_once(admin):
    with pytest.raises(Invalid) as refusal:
        create(admin, username="a b", email="x", password="1", role="emperor")
    assert set(refusal.value.fields) == {"username", "email", "password", "role"}


def test_address_as_username_is_fine_and_follows_the_address(admin):
    user = create(admin, "jo@example.com", email="jo@example.com")
    user = change(admin, user, email="joe@example.com")
    assert (user.username, user.email) == ("joe@example.com", "joe@example.com")


def test_administrator_changes_people_of_the_organization(admin):
    user = create(admin, role="foreman")
    changed = change(admin, user, role="pm", first_name="Pat", id=77, is_superuser=True, organization=None)
    changed.refresh_from_db()
    assert (changed.role, changed.first_name, changed.authorization_limit) == ("pm", "Pat", Decimal("100000"))
    assert (changed.is_superuser, changed.organization) == (False, admin.organization)
    entry = AuditEntry.objects.get(entity_type="user", entity_id=str(user.pk), action="updated")
    assert entry.old_values == {"first_name": "", "role": "foreman", "authorization_limit": "5000.00"}
    assert entry.user == admin


def test_unchanged_values_leave_no_entry(admin):
    user = create(admin)
    change(admin, user, first_name="")
    assert not AuditEntry.objects.filter(entity_id=str(user.pk), action="updated").exists()


def test_others_do_not_change_people(admin):
    user = create(admin)
    for actor in (make_user(admin.organization, role="pm"), make_user(role="admin"), user):
        with pytest.raises(Forbidden):
            change(actor, user, first_name="Eve")


def test_superuser_is_changed_by_superusers_only(admin):
    root = make_user(admin.organization, role="admin", superuser=True)
    for changes in ({"email": "mine@example.com"}, {"password": PASSWORD}, {"is_active": False}, {"role": "member"}):
        with pytest.raises(Forbidden):
            change(admin, root, **changes)


def test_profile_ignores_what_is_not_ones_own_to_change(admin):
    user = create(admin, role="foreman")
    changed = update_profile(
        actor=user,
        changes={
            "last_name": "Doe",
            "role": "admin",
            "authorization_limit": 1,
            "is_active": False,
            "is_superuser": True,
        },
        now=timezone.now(),
    )
    changed.refresh_from_db()
    assert (changed.last_name, changed.role, changed.is_active, changed.is_superuser) == ("Doe", "foreman", True, False)
    assert changed.authorization_limit == Decimal(5000)


def test_new_address_is_told_to_the_old_one(admin):
    user = create(admin)
    update_profile(actor=user, changes={"email": "other@example.com"}, now=timezone.now())
    assert Job.objects.get(kind="send_mail").payload["to"] == "newcomer@example.com"


def test_nobody_deactivates_or_demotes_themselves(admin):
    make_user(admin.organization, role="admin")
    for changes in ({"is_active": False}, {"role": "member"}):
        with pytest.raises(Forbidden):
            change(admin, admin, **changes)
    change(admin, admin, role="admin", first_name="Still here")


def test_last_administrator_stays(admin):
    for changes in ({"is_active": False}, {"role": "pm"}):
        with pytest.raises(LastAdministrator):
            change(SYSTEM, admin, **changes)
    change(SYSTEM, admin, role="owner")
    other = make_user(admin.organization, role="admin")
    assert change(other, admin, is_active=False).is_active is False


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_dismiss_each_other_leave_one():
    first = make_user(role="admin")
    second = make_user(first.organization, role="admin")
    start = threading.Barrier(2)

    def dismiss(actor, user):
        try:
            start.wait()
            deactivate_user(actor=actor, user=user, now=timezone.now())
        except LastAdministrator:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=dismiss, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.filter(organization=first.organization, is_active=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_of_ten_people_gets_a_username():
    admin = make_user(role="admin")
    start, results = threading.Barrier(10), []

    def join(number):
        try:
            start.wait()
            results.append(create(admin, "popular" if number % 2 else "Popular", email=f"p{number}@example.com"))
        except Invalid as refusal:
            results.append(refusal.fields)
        finally:
            connection.close()

    threads = [threading.Thread(target=join, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refusals = [result for result in results if isinstance(result, dict)]
    assert refusals == [{"username": ["This username is already taken."]}] * 9
    assert Team.objects.count() == 1


def test_deactivation_revokes_and_reactivation_does_not_bring_back(admin):
    user = create(admin)
    pair = sign_in.sign_in(login="newcomer", password=PASSWORD, address=None, now=timezone.now())
    deactivate_user(actor=admin, user=user, now=timezone.now())
    assert RefreshFamily.objects.get(user=user).revoked_because == "deactivated"
    change(admin, user, is_active=True)
    with pytest.raises(Unauthorized):
        sign_in.authenticate_access(pair.access, now=timezone.now())
    assert sign_in.authenticate(login="newcomer", password=PASSWORD, address=None, now=timezone.now()) == user


def test_password_set_by_an_administrator_signs_out_and_is_never_recorded(admin):
    user = create(admin)
    sign_in.sign_in(login="newcomer", password=PASSWORD, address=None, now=timezone.now())
    user = change(admin, user, password="Quiet-Harbour-17")
    assert user.check_password("Quiet-Harbour-17")
    assert RefreshFamily.objects.get(user=user).revoked_at
    for entry in AuditEntry.objects.all():
        assert "Quiet" not in str(entry.new_values)
        assert "password" not in (entry.new_values or {})


def test_codes_follow_the_role():
    people = {role: make_user(role=role) for role in ("foreman", "super", "pm", "admin", "owner", "staff", "member")}
    codes = {role: set(permissions.codes(user)) for role, user in people.items()}
    assert codes["foreman"] == {"po:create", "po:submit", "file:upload"}
    assert codes["super"] == codes["foreman"] | {"po:approve"}
    assert codes["pm"] == codes["super"] | {"po:cancel", "po:view_all", "user:view"}
    assert codes["admin"] == codes["owner"] == codes["pm"] | {"user:manage", "audit:read", "integration:trigger"}
    assert codes["staff"] == codes["member"] == set()
