import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from bureau.core import audit
from bureau.core.models import AuditEntry, AuditHead, Organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization():
    return Organization.objects.create(name="Northwind")


def written(organization, count=3):
    return [
        audit.record(
            organization,
            "changed",
            actor=None,
            now=timezone.now(),
            old={"n": n},
            new={"n": n + 1},
            organization=organization,
        )
        for n in range(count)
    ]


def tampering(sql):
    """Changes the table as somebody with the database's password would, triggers away."""
    drop = "DROP TRIGGER {} ON core_auditentry" if connection.vendor == "postgresql" else "DROP TRIGGER {}"
    with connection.cursor() as cursor:
        for name in ("core_auditentry_no_update", "core_auditentry_no_delete"):
            if connection.vendor == "postgresql" or name.endswith("update"):
                cursor.execute(drop.format(name))
        cursor.execute(sql)


def test_chain_of_untouched_entries_holds(organization):
    entries = written(organization)
    assert list(audit.breaks()) == []
    assert [entry.previous_hash for entry in entries] == ["", entries[0].hash, entries[1].hash]


def test_chains_of_two_organizations_are_independent(organization):
    other = Organization.objects.create(name="Other")
    written(organization, 2)
    written(other, 1)
    written(organization, 1)
    assert AuditHead.objects.get(chain=organization.pk).position == 3
    assert AuditHead.objects.get(chain=other.pk).position == 1
    assert list(audit.breaks()) == []


@pytest.mark.parametrize(
    ("sql", "position"),
    [
        ("UPDATE core_auditentry SET new_values = '{\"n\": 9}' WHERE position = 2", 2),
        ("UPDATE core_auditentry SET action = 'created' WHERE position = 1", 1),
    ],
)
def test_changed_entry_is_found_and_named(organization, sql, position):
    written(organization)
    tampering(sql)
    (found,) = audit.breaks()
    assert (found.chain, found.position) == (organization.pk, position)
    with pytest.raises(CommandError, match="does not hold"):
        call_command("verify_audit")


def test_removed_entry_is_found(organization):
    written(organization)
    tampering("DELETE FROM core_auditentry WHERE position = 2")
    assert [(found.position, "missing" in found.reason) for found in audit.breaks()] == [(2, True)]


def test_cut_end_is_found(organization):
    written(organization)
    tampering("DELETE FROM core_auditentry WHERE position = 3")
    assert [found.position for found in audit.breaks()] == [3]


@pytest.mark.parametrize("sql", ["UPDATE core_auditentry SET action = 'x'", "DELETE FROM core_auditentry"])
def test_database_refuses_to_change_entries(organization, sql):
    written(organization)
    if connection.vendor == "sqlite":  # the suite drops one of the two, to be able to empty its tables
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS core_auditentry_no_update")
            for statement in audit.trigger_statements():
                cursor.execute(statement)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEntry.objects.filter(action="changed").count() == 3


def test_entry_of_a_rolled_back_change_is_gone_with_it(organization):
    written(organization, 1)
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        written(organization, 1)
        raise RuntimeError
    written(organization, 1)
    assert list(audit.breaks()) == []
    assert AuditHead.objects.get(chain=organization.pk).position == 2
