"""Names, passwords and the number of tries."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate as django_authenticate
from django.contrib.auth.hashers import MD5PasswordHasher
from django.utils import timezone

from bureau.accounts.models import RefreshFamily
from bureau.accounts.services import sign_in as service
from bureau.accounts.services.users import deactivate_user
from bureau.accounts.tasks import clean_up_accounts
from bureau.core import jobs
from bureau.core.models import AuditEntry, IdempotencyKey, Job, User
from bureau.kit.errors import RateLimited, Unauthorized
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def attempt(login, password=PASSWORD, address="192.0.2.1"):
    return service.authenticate(login=login, password=password, address=address, now=timezone.now())


@pytest.fixture
def user():
    return make_user(username="Jane.Doe", email="Jane@Example.com")


@pytest.fixture
def throttled(settings):
    settings.THROTTLING = True


@pytest.mark.parametrize("login", ["Jane.Doe", "jane.doe", "JANE@example.COM", "Jane@Example.com"])
def test_username_and_address_count_in_any_case(user, login):
    assert attempt(login) == user
    assert django_authenticate(username=login, password=PASSWORD) == user


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("Jane.Doe", "wrong"),
        ("Jane.Doe", ""),
        ("Jane.Doe", PASSWORD.lower()),
        ("Jane.Doe", "x" * 5000),
        ("jane", PASSWORD),
        ("", PASSWORD),
        ("jane.doe\x00", PASSWORD),
        ("x" * 300, PASSWORD),
        ("%", PASSWORD),
    ],
)
def test_wrong_credentials_are_refused_in_the_same_words(user, login, password):
    with pytest.raises(Unauthorized, match="The username or the password is not right"):
        attempt(login, password)


def test_inactive_person_cannot_sign_in(user):
    User.objects.filter(pk=user.pk).update(is_active=False)
    with pytest.raises(Unauthorized, match="The username or the password is not right"):
        attempt("jane.doe")


class CountingHasher(MD5PasswordHasher):
    hashed = 0

    def encode(self, password, salt):
        type(self).hashed += 1
        return super().encode(password, salt)


def test_refusal_hashes_once_for_unknown_inactive_and_known(user, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    make_user(username="gone", password=PASSWORD)
    User.objects.filter(username="gone").update(is_active=False)
    for login in ("jane.doe", "nobody", "gone"):
        CountingHasher.hashed = 0
        with pytest.raises(Unauthorized):
            attempt(login, "wrong")
        assert (login, CountingHasher.hashed) == (login, 1)


def test_sign_in_is_audited_without_password_and_unknown_name(user):
    attempt("jane.doe")
    for login in ("jane.doe", "my-secret-password"):
        with pytest.raises(Unauthorized):
            attempt(login, "another-secret")
    entries = list(AuditEntry.objects.filter(action__in=["signed_in", "sign_in_failed"]).order_by("created_at"))
    assert [(e.action, e.user, e.entity_id) for e in entries] == [
        ("signed_in", user, str(user.pk)),
        ("sign_in_failed", None, str(user.pk)),
        ("sign_in_failed", None, "0"),
    ]
    assert entries[1].organization == user.organization
    assert "secret" not in str([e.new_values for e in entries])


def test_sign_in_remembers_when(user):
    attempt("jane.doe")
    user.refresh_from_db()
    assert timezone.now() - user.last_login < timedelta(seconds=5)


def test_eleventh_attempt_at_an_account_in_a_minute_waits_whatever_the_name_and_address(user, throttled):
    for number in range(10):
        with pytest.raises(Unauthorized):
            attempt("jane.doe" if number % 2 else "JANE@example.com", "wrong", address=f"192.0.2.{number}")
    with pytest.raises(RateLimited) as refusal:
        attempt("Jane.Doe", address="192.0.2.99")
    assert 0 < refusal.value.retry_after <= 60


def test_eleventh_attempt_from_an_address_in_a_minute_waits(user, throttled):
    for number in range(10):
        with pytest.raises(Unauthorized):
            attempt(f"nobody{number}", "wrong")
    with pytest.raises(RateLimited):
        attempt("jane.doe")
    assert attempt("jane.doe", address="192.0.2.2") == user


def test_unknown_accounts_are_limited_like_known_ones(throttled):
    for number in range(10):
        with pytest.raises(Unauthorized):
            attempt("nobody", "wrong", address=f"192.0.2.{number}")
    with pytest.raises(RateLimited):
        attempt("Nobody", "wrong", address="192.0.2.99")


def test_deactivation_ends_the_browser_session_for_good(user, client):
    admin = make_user(user.organization, role="admin")
    client.force_login(user)
    key = client.session.session_key
    deactivate_user(actor=admin, user=user, now=timezone.now())
    assert not type(client.session)(key).exists(key)


def test_nightly_clean_up_deletes_what_has_run_out(user):
    now = timezone.now()
    for age in (timedelta(days=8), timedelta(days=1)):
        started = now - age
        RefreshFamily.objects.create(user=user, created_at=started, expires_at=started + timedelta(days=7))
        IdempotencyKey.objects.create(user=user, key=str(age), fingerprint="", created_at=started + timedelta(hours=1))
    assert jobs.kinds["clean_up_accounts"].handler is clean_up_accounts
    jobs.enqueue_scheduled(now=now)
    job = Job.objects.get(kind="clean_up_accounts")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.result == {"refresh_families": 1, "sessions": 0, "idempotency_keys": 1}
    assert RefreshFamily.objects.count() == IdempotencyKey.objects.count() == 1
