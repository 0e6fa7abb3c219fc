"""The changed password and the forgotten one."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import get_user
from django.core import mail
from django.utils import timezone

from bureau.accounts.models import RefreshFamily
from bureau.accounts.services import passwords, sign_in
from bureau.accounts.services.users import create_user
from bureau.core import jobs
from bureau.core.models import AuditEntry, Job, User
from bureau.kit.errors import Forbidden, Invalid, RateLimited, WrongState
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db
NEW = "Quiet-Harbour-17"


@pytest.fixture
def user():
    return make_user(email="jo@example.com")


def change(user, old=PASSWORD, new=NEW):
    passwords.change_password(actor=user, old_password=old, new_password=new, now=timezone.now())


def reset_mail(address):
    """Asks for a link and returns (uid, token) of the message that was sent, or None."""
    passwords.request_password_reset(email=address, address="192.0.2.1", now=timezone.now())
    mail.outbox.clear()
    jobs.run(Job.objects.filter(kind="send_password_reset").latest("created_at").pk)
    if not mail.outbox:
        return None
    [message] = mail.outbox
    assert message.to == [address.lower()]
    return re.search(rf"{re.escape(settings.PUBLIC_URL)}/reset-password/([^/]+)/([^/]+)/", message.body).groups()


def reset(link, new=NEW):
    return passwords.reset_password(uid=link[0], token=link[1], new_password=new, now=timezone.now())


def test_changed_password_counts_and_signs_out_everywhere(user, rf, client):
    sign_in.sign_in(login=user.username, password=PASSWORD, address=None, now=timezone.now())
    client.force_login(user)
    change(user)
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert RefreshFamily.objects.get().revoked_because == "password_changed"
    request = rf.get("/")
    request.session = client.session
    assert get_user(request).is_anonymous
    assert AuditEntry.objects.filter(action="password_changed", user=user).count() == 1


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("wrong", NEW, "old_password"),
        ("", NEW, "old_password"),
        (PASSWORD, "123", "new_password"),
        (PASSWORD, "", "new_password"),
    ],
)
def test_refused_change_names_the_field_and_changes_nothing(user, old, new, field):
    with pytest.raises(Invalid) as refusal:
        change(user, old, new)
    assert list(refusal.value.fields) == [field]
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_tries_at_the_old_password_are_limited(user, settings):
    settings.THROTTLING = True
    for _ in range(10):
        with pytest.raises(Invalid):
            change(user, "wrong")
    with pytest.raises(RateLimited):
        change(user)


def test_reset_link_sets_the_password_once(user):
    sign_in.sign_in(login=user.username, password=PASSWORD, address=None, now=timezone.now())
    link = reset_mail("JO@example.com")
    reset(link)
    assert User.objects.get().check_password(NEW)
    assert RefreshFamily.objects.get().revoked_because == "password_reset"
    with pytest.raises(Invalid) as refusal:
        reset(link, "Another-Harbour-18")
    assert list(refusal.value.fields) == ["token"]


def test_reset_link_runs_out(user):
    link = reset_mail("jo@example.com")
    with time_machine.travel(timezone.now() + timedelta(minutes=61)), pytest.raises(Invalid):
        reset(link)


def test_reset_link_is_for_its_person_only(user):
    _, token = reset_mail("jo@example.com")
    other = make_user(email="other@example.com")
    for uid in (reset_mail("other@example.com")[0], "", "é", "9" * 400, str(other.pk)):
        with pytest.raises(Invalid):
            reset((uid, token))


def test_weak_new_password_is_refused_and_the_link_stays_good(user):
    link = reset_mail("jo@example.com")
    with pytest.raises(Invalid) as refusal:
        reset(link, "12345678")
    assert list(refusal.value.fields) == ["new_password"]
    reset(link)


def test_unknown_and_inactive_addresses_get_the_same_answer_and_no_mail(user):
    User.objects.filter(pk=user.pk).update(is_active=False)
    for address in ("nobody@example.com", "jo@example.com", "no address"):
        assert reset_mail(address) is None
    assert Job.objects.filter(kind="send_password_reset", state="SUCCESS").count() == 3


def test_reset_requests_are_limited_for_known_and_unknown_alike(user, settings):
    settings.THROTTLING = True
    for address in ("jo@example.com", "nobody@example.com"):
        for number in range(10):
            passwords.request_password_reset(email=address, address=f"192.0.2.{number}", now=timezone.now())
        with pytest.raises(RateLimited):
            passwords.request_password_reset(email=address, address="192.0.2.99", now=timezone.now())


def test_link_is_stored_nowhere(user):
    _uid, token = reset_mail("jo@example.com")
    for job in Job.objects.all():
        assert token not in f"{job.payload} {job.result}"
    for entry in AuditEntry.objects.all():
        assert token not in f"{entry.new_values}"


def test_person_added_without_a_password_sets_it_by_the_mailed_link(user):
    admin = make_user(user.organization, role="admin", first_name="Ada", last_name="Marsh")
    added = create_user(actor=admin, username="new", email="new@example.com", password=None, now=timezone.now())
    assert not added.has_usable_password()
    jobs.run(Job.objects.get(kind="send_password_reset").pk)
    [message] = mail.outbox
    assert message.to == ["new@example.com"]
    assert "Ada Marsh has made an account for you" in message.body
    assert "/forgot-password/" in message.body
    reset(re.search(r"/reset-password/([^/]+)/([^/]+)/", message.body).groups())
    sign_in.sign_in(login="new", password=NEW, address=None, now=timezone.now())


def test_first_link_is_sent_by_administrators_to_active_people_only(user):
    admin = make_user(user.organization, role="admin")
    with pytest.raises(Forbidden):
        passwords.send_first_password_link(actor=user, user=admin, now=timezone.now())
    user.is_active = False
    with pytest.raises(WrongState):
        passwords.send_first_password_link(actor=admin, user=user, now=timezone.now())
    assert not Job.objects.filter(kind="send_password_reset").exists()
