"""What a token is good for, and what it is not."""

import base64
import json
import threading
import uuid
from datetime import timedelta

import jwt
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from bureau.accounts import tokens
from bureau.accounts.models import RefreshFamily
from bureau.accounts.services import sign_in as service
from bureau.accounts.services.users import deactivate_user
from bureau.accounts.tokens import Claims, TokenInvalid
from bureau.core.models import AuditEntry
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def pair(user):
    return service.sign_in(login=user.username, password=PASSWORD, address=None, now=timezone.now())


def refused(token, *, now=None):
    with pytest.raises(TokenInvalid):
        service.authenticate_access(token, now=now or timezone.now())
    return True


def test_access_token_names_its_person_in_one_query(user, pair, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = service.authenticate_access(pair.access, now=timezone.now())
        assert found.organization.name
    assert found == user
    assert RefreshFamily.objects.get(pk=found.family_id).user == user


def test_access_token_lives_fifteen_minutes(pair):
    now = timezone.now()
    service.authenticate_access(pair.access, now=now + timedelta(minutes=14))
    assert refused(pair.access, now=now + timedelta(minutes=15, seconds=1))


def test_refresh_token_lives_seven_days(pair):
    now = timezone.now()
    with pytest.raises(TokenInvalid):
        service.refresh_tokens(token=pair.refresh, now=now + timedelta(days=7, seconds=1))
    service.refresh_tokens(token=pair.refresh, now=now + timedelta(days=6, hours=23))


def test_refresh_token_is_no_access_token_and_the_reverse(pair):
    assert refused(pair.refresh)
    with pytest.raises(TokenInvalid):
        service.refresh_tokens(token=pair.access, now=timezone.now())


def part(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def forged(pair):
    head, body, signature = pair.access.split(".")
    claims = jwt.decode(pair.access, options={"verify_signature": False})
    other = {**claims, "sub": str(int(claims["sub"]) + 1)}
    yield "altered claims", f"{head}.{part(other)}.{signature}"
    yield "altered signature", f"{head}.{body}.{signature[:-2]}AA"
    yield "no signature", f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}."
    yield "empty signature, algorithm kept", f"{head}.{body}."
    yield "another algorithm, our key", jwt.encode(claims, tokens._key("access") * 2, algorithm="HS512")
    yield "the secret itself as key", jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256")
    yield "said to be RSA", f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{body}.{signature}"
    for name in ("sub", "fam", "typ", "exp", "iat", "jti"):
        less = {key: value for key, value in claims.items() if key != name}
        yield f"without {name}", jwt.encode(less, tokens._key("access"), algorithm="HS256")
    yield "a family that is no UUID", jwt.encode({**claims, "fam": "1"}, tokens._key("access"), algorithm="HS256")
    yield (
        "a family that is not there",
        tokens.write("access", Claims(int(claims["sub"]), uuid.uuid4(), 0), now=timezone.now()),
    )
    yield "two parts", f"{head}.{body}"
    yield "no token", "hello"
    yield "nothing", ""
    yield "not even text", "\x00\ud7ff.é.ü"


def test_forged_tokens_are_refused(pair):
    for name, token in forged(pair):
        assert refused(token), name


def test_access_token_of_another_person_in_the_family_is_refused(pair):
    stranger = make_user()
    family = RefreshFamily.objects.get()
    assert refused(tokens.write("access", Claims(stranger.pk, family.pk, 0), now=timezone.now()))


def test_refresh_rotates_and_the_old_token_revokes_all(pair, user):
    now = timezone.now()
    second = service.refresh_tokens(token=pair.refresh, now=now)
    third = service.refresh_tokens(token=second.refresh, now=now)
    assert service.authenticate_access(third.access, now=now) == user
    with pytest.raises(TokenInvalid):
        service.refresh_tokens(token=pair.refresh, now=now)
    assert refused(third.access)
    with pytest.raises(TokenInvalid):
        service.refresh_tokens(token=third.refresh, now=now)
    assert RefreshFamily.objects.get().revoked_because == "reused"
    assert AuditEntry.objects.filter(action="refresh_reused").count() == 1


def test_reuse_in_one_family_leaves_the_others(pair, user):
    other = service.sign_in(login=user.username, password=PASSWORD, address=None, now=timezone.now())
    service.refresh_tokens(token=pair.refresh, now=timezone.now())
    with pytest.raises(TokenInvalid):
        service.refresh_tokens(token=pair.refresh, now=timezone.now())
    assert service.authenticate_access(other.access, now=timezone.now()) == user


def test_sign_out_ends_the_access_token_and_the_refresh_token(pair):
    user = service.authenticate_access(pair.access, now=timezone.now())
    service.sign_out(user=user, now=timezone.now())
    assert refused(pair.access)
    with pytest.raises(TokenInvalid):
        service.refresh_tokens(token=pair.refresh, now=timezone.now())


def test_deactivated_person_is_out_at_once(pair, user):
    admin = make_user(user.organization, role="admin")
    deactivate_user(actor=admin, user=user, now=timezone.now())
    assert refused(pair.access)
    with pytest.raises(TokenInvalid):
        service.refresh_tokens(token=pair.refresh, now=timezone.now())


def test_verify_accepts_living_tokens_only(pair):
    now = timezone.now()
    service.verify_token(token=pair.access, now=now)
    service.verify_token(token=pair.refresh, now=now)
    newer = service.refresh_tokens(token=pair.refresh, now=now)
    service.verify_token(token=newer.refresh, now=now)
    for token in (pair.refresh, "hello", newer.refresh + "x"):
        with pytest.raises(TokenInvalid):
            service.verify_token(token=token, now=now)


@pytest.mark.django_db(transaction=True)
def test_one_of_forty_parallel_refreshes_succeeds():
    user = make_user()
    pair = service.sign_in(login=user.username, password=PASSWORD, address=None, now=timezone.now())
    start, results = threading.Barrier(40), []

    def refresh():
        try:
            start.wait()
            results.append(service.refresh_tokens(token=pair.refresh, now=timezone.now()))
        except TokenInvalid:
            results.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=refresh) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 40
    assert len([result for result in results if result]) == 1
    family = RefreshFamily.objects.get()
    assert (family.generation, family.revoked_because) == (2, "reused")
    assert AuditEntry.objects.filter(action="refresh_reused").count() == 1
