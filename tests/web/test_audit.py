"""The audit log in the pages: who reads it, what it tells, how it is found and verified."""

import pytest
from django.db import connection
from django.utils import timezone

from bureau.accounts.services.organizations import update_organization
from bureau.accounts.services.users import update_user
from bureau.core.models import AuditEntry
from tests.core.test_audit import tampering
from tests.factories.purchasing import make_office, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(office, sign_in):
    return sign_in(office.admin)


def test_log_is_for_administrators(office, sign_in):
    assert sign_in(office.manager).get("/audit/").status_code == 403
    assert sign_in(office.admin).get("/audit/").status_code == 200


def test_entry_tells_each_value_before_and_after(office, browser):
    changes = {"name": "Harbour Works", "iban": "DE89370400440532013000"}
    old = office.organization.name
    update_organization(actor=office.admin, organization=office.organization, changes=changes, now=timezone.now())
    text = browser.get("/audit/?kind=organization&action=updated").content.decode()
    assert f'<del><span class="sr-only">was </span>{old}</del>' in text
    assert '<ins><span class="sr-only">is </span>Harbour Works</ins>' in text
    assert office.admin.name in text
    assert AuditEntry.objects.latest("pk").hash[:10] in text


def test_entry_leads_to_its_record(office, browser):
    request = submit(office)
    text = browser.get("/audit/?kind=purchase_request").content.decode()
    assert f'href="/requests/{request.uuid}/"' in text
    assert request.subject in text


def test_log_is_narrowed_by_what_is_asked(office, browser):
    submit(office)
    update_user(actor=office.admin, user=office.manager, changes={"first_name": "Mara"}, now=timezone.now())
    entries = AuditEntry.objects.filter(organization=office.organization)

    def shown(query: str) -> int:
        answer = browser.get(f"/audit/?{query}")
        assert answer.status_code == 200
        return answer.content.decode().count('class="log-when"')

    assert shown(f"person={office.requester.pk}") == entries.filter(user=office.requester).count() > 0
    assert shown("person=system") == min(25, entries.filter(user=None).count())
    assert shown(f"kind=user&record={office.manager.pk}&action=updated") == 1
    assert shown("from=2031-01-01") == shown("to=2001-01-01") == 0
    assert shown("from=x&person=x&before=x&record=%00") == min(25, entries.count())


def test_older_entries_follow_page_by_page(office, browser):
    for number in range(60):
        update_user(actor=office.admin, user=office.manager, changes={"first_name": f"M{number}"}, now=timezone.now())
    first = browser.get("/audit/").content.decode()
    last = AuditEntry.objects.filter(chain=office.organization.pk).latest("position").position
    assert f"before={last - 24}" in first
    second = browser.get(f"/audit/?before={last - 24}").content.decode()
    assert "M34" in second
    assert "M35<" not in second


def test_nothing_of_another_organization_is_there(office, browser):
    theirs = make_office()
    submit(theirs)
    entry = AuditEntry.objects.filter(organization=theirs.organization).latest("pk")
    assert entry.hash[:10] not in browser.get("/audit/").content.decode()
    office.admin.is_superuser = True
    office.admin.save()
    assert entry.hash[:10] not in browser.get("/audit/").content.decode()


def test_chain_is_verified_and_a_changed_entry_is_named(office, browser):
    assert "The chain is whole" in browser.post("/audit/").content.decode()
    entry = AuditEntry.objects.filter(organization=office.organization).first()
    connection.check_constraints()  # PostgreSQL alters no table while it has some of its rows still to check
    tampering(f"UPDATE core_auditentry SET action = 'forged' WHERE id = {entry.pk}")
    text = browser.post("/audit/").content.decode()
    assert "The chain is broken" in text
    assert f"entry {entry.position}: " in text


def test_page_costs_the_same_however_many_records_it_names(office, browser, django_assert_max_num_queries):
    submit(office)
    browser.get("/audit/")
    with django_assert_max_num_queries(40) as before:
        browser.get("/audit/?kind=purchase_request")
    for _more in range(3):
        submit(office)
    with django_assert_max_num_queries(40) as after:
        browser.get("/audit/?kind=purchase_request")
    assert len(before) == len(after)
