"""Files of records: uploaded, mapped, checked, taken over."""

import pytest
from django.utils import timezone

from bureau.core import jobs
from bureau.core.files import ScanState
from bureau.core.models import AuditEntry, Job, JobState
from bureau.imports.models import Import, ImportState
from bureau.imports.selectors import rows_of, visible_imports, worst_first
from bureau.imports.services import check_import, map_import, run_import
from bureau.kit.errors import Forbidden, Invalid, WrongState
from bureau.parties.models import Customer
from tests.factories.accounts import make_organization, make_user
from tests.factories.imports import check, driven, imported, take_over, upload

pytestmark = pytest.mark.django_db
TWO = "Vorname;Nachname;E-Mail;Bemerkung\nAnn;Lee;ann@example.com;x\nBob;Ray;bob@example.com;y\n"


@pytest.fixture
def staff():
    return make_user(make_organization(), role="staff")


def many(count, start=0):
    lines = [f"Person {n},Nr {n},p{n}@example.com" for n in range(start, start + count)]
    return "first_name,last_name,email\n" + "\n".join(lines) + "\n"


def outcomes(record):
    return [(row.number, row.outcome) for row in rows_of(record)]


def test_columns_are_guessed_from_their_headings(staff):
    record = upload(staff, TWO)
    assert record.mapping == {"first_name": "Vorname", "last_name": "Nachname", "email": "E-Mail"}
    assert record.columns == ["Vorname", "Nachname", "E-Mail", "Bemerkung"]
    assert record.samples == [["Ann", "Lee", "ann@example.com", "x"], ["Bob", "Ray", "bob@example.com", "y"]]


def test_columns_are_guessed_from_german_headings(staff):
    headings = "Familienname;Straße;Staatsangehörigkeit;Passnummer;Pass gültig bis;Steuernummer"
    record = upload(staff, f"{headings}\nMüller;Am Wall 1;DEU;C01X;2030-01-31;12/345\n")
    assert record.mapping == {
        "last_name": "Familienname",
        "address": "Straße",
        "tax_number": "Steuernummer",
        "nationality": "Staatsangehörigkeit",
        "passport_number": "Passnummer",
        "passport_expiry_date": "Pass gültig bis",
    }


def test_check_changes_nothing_and_tells_what_would_become_of_each_row(staff):
    record = check(staff, upload(staff, TWO + "Cy;Poe;no address;z\n"))
    assert (record.state, record.rows_total, record.rows_done) == (ImportState.CHECKED, 3, 3)
    assert record.counts == {"created": 2, "refused": 1}
    assert outcomes(record) == [(2, "created"), (3, "created"), (4, "refused")]
    assert list(rows_of(record).last().problems) == ["email"]
    assert (Customer.objects.count(), AuditEntry.objects.filter(entity_type="customer").count()) == (0, 0)


def test_run_takes_over_what_can_be_and_reports_the_rest(staff):
    record = imported(staff, TWO + "Cy;Poe;no address;z\n")
    assert (record.state, record.counts) == (ImportState.IMPORTED, {"created": 2, "refused": 1})
    assert record.finished_at
    names = {customer.party.email: str(customer) for customer in Customer.objects.select_related("party")}
    assert names == {"ann@example.com": "Ann Lee", "bob@example.com": "Bob Ray"}
    row = rows_of(record).get(number=2)
    assert (row.label, Customer.objects.get(pk=row.record_id).party.email) == ("Ann Lee", "ann@example.com")
    assert Customer.objects.get(party__email="ann@example.com").owner == staff


def test_row_that_is_there_already_is_left_as_it_is(staff):
    imported(staff, TWO)
    record = imported(staff, TWO.replace("Lee", "Changed"))
    assert record.counts == {"duplicate": 2}
    assert Customer.objects.filter(last_name="Changed").count() == 0


def test_row_that_is_there_already_is_changed_where_that_is_wanted(staff):
    imported(staff, TWO)
    record = upload(staff, TWO.replace("Lee", "Changed"))
    map_import(actor=staff, imported=record, update_existing=True, now=timezone.now())
    record = take_over(staff, check(staff, record))
    assert record.counts == {"updated": 1, "unchanged": 1}
    assert Customer.objects.get(party__email="ann@example.com").last_name == "Changed"


@pytest.mark.parametrize("update", [False, True])
def test_repeated_row_is_found_by_the_check_and_by_the_run(update, staff):
    record = upload(staff, TWO + "Ann;Twice;ANN@example.com;z\n")
    map_import(actor=staff, imported=record, update_existing=update, now=timezone.now())
    for step in (check, take_over):
        record = step(staff, record)
        assert outcomes(record) == [(2, "created"), (3, "created"), (4, "duplicate")]
        assert "row 2" in rows_of(record).last().problems["email"][0]
    assert Customer.objects.get(party__email="ann@example.com").last_name == "Lee"


def test_row_like_a_refused_one_is_taken(staff):
    text = "last_name,email,birthdate\nLee,ann@example.com,someday\nLee,ann@example.com,31.12.1990\n"
    assert outcomes(imported(staff, text)) == [(2, "refused"), (3, "created")]


def test_worst_rows_come_first(staff):
    record = check(staff, upload(staff, TWO + "Cy;Poe;no address;z\n"))
    assert [row.number for row in worst_first(rows_of(record))] == [4, 2, 3]


@pytest.mark.parametrize(
    ("text", "filename", "words"),
    [
        ("", "list.csv", "empty"),
        ("\n\n;;\n", "list.csv", "empty"),
        ("name,email\n", "list.csv", "no rows"),
        ("Ann,ann@example.com\nBob,bob@example.com\n", "list.csv", "first row must name"),
        (b"name,email\n\x01\x02\x00,x\n", "list.csv", "not csv|not accepted|damaged"),
        (b"%PDF-1.4\n", "list.csv", "not csv|damaged"),
        (b"PK\x03\x04zip", "list.xlsx", "damaged"),
        ("name\nAnn\n", "list.xlsx", "not accepted|not xlsx"),
        ("name\nAnn\n", "list.exe", "not accepted"),
    ],
)
def test_bad_file_is_refused_at_once_and_leaves_nothing(text, filename, words, staff):
    with pytest.raises(Invalid, match=words) as refused:
        upload(staff, text, filename=filename)
    assert list(refused.value.fields) == ["file"]
    assert Import.objects.count() == 0


def test_file_that_cannot_be_read_to_its_end_fails_before_a_row_is_taken(staff):
    record = check(staff, upload(staff, TWO + 'Cy;Poe;c@example.com;z\nDi;"Fox;d@example.com;z\n'))
    assert (record.state, Customer.objects.count()) == (ImportState.FAILED, 0)
    assert "Line 5" in record.error
    assert record.job.state == JobState.SUCCESS
    with pytest.raises(WrongState, match="cannot be read"):
        check_import(actor=staff, imported=record, now=timezone.now())
    with pytest.raises(WrongState):
        run_import(actor=staff, imported=record, now=timezone.now())


def test_unknown_kind_is_refused(staff):
    with pytest.raises(Invalid, match="customers, invoices, products"):
        upload(staff, TWO, kind="bills")


def test_only_who_may_create_products_imports_them():
    member = make_user(make_organization(), role="member")
    with pytest.raises(Forbidden):
        upload(member, "code,name\nA,B\n", kind="products")


def test_import_is_seen_by_its_maker_and_by_those_who_see_the_organization(staff):
    member, other = make_user(staff.organization), make_user(staff.organization)
    record = upload(member, TWO)
    assert [list(visible_imports(user)) for user in (member, staff, other)] == [[record], [record], []]
    assert list(visible_imports(make_user(role="staff"))) == []


def test_somebody_of_another_organization_does_not_take_rows_over(staff):
    stranger = make_user(role="admin")
    stranger.is_superuser = True
    stranger.save()
    with pytest.raises(Forbidden):
        check_import(actor=stranger, imported=upload(staff, TWO), now=timezone.now())


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({"shoe_size": "Vorname"}, "mapping.shoe_size"),
        ({"email": "Spalte"}, "mapping.email"),
        ({"first_name": "Vorname", "last_name": "Vorname"}, "mapping.last_name"),
    ],
)
def test_mapping_that_fits_neither_fields_nor_columns_is_refused(mapping, field, staff):
    record = upload(staff, TWO)
    with pytest.raises(Invalid) as refused:
        map_import(actor=staff, imported=record, mapping=mapping, now=timezone.now())
    assert list(refused.value.fields) == [field]


def test_required_field_needs_a_column():
    admin = make_user(make_organization(), role="admin")
    record = upload(admin, "Bezeichnung\nVisa\n", kind="products")
    with pytest.raises(Invalid) as refused:
        check_import(actor=admin, imported=record, now=timezone.now())
    assert list(refused.value.fields) == ["mapping.code"]


def test_run_needs_a_check_of_what_is_mapped_now(staff):
    record = upload(staff, TWO)
    with pytest.raises(WrongState, match="Check the import first"):
        run_import(actor=staff, imported=record, now=timezone.now())
    record = check(staff, record)
    map_import(actor=staff, imported=record, mapping={"last_name": "Nachname"}, now=timezone.now())
    record.refresh_from_db()
    assert (record.state, record.counts, record.rows.count()) == (ImportState.UPLOADED, {}, 0)
    with pytest.raises(WrongState):
        run_import(actor=staff, imported=record, now=timezone.now())


def test_file_is_taken_over_once(staff):
    record = imported(staff, TWO)
    for service in (run_import, check_import, map_import):
        with pytest.raises(WrongState, match="has been imported"):
            service(actor=staff, imported=record, now=timezone.now())


def test_two_jobs_never_work_on_one_import(staff):
    record = check_import(actor=staff, imported=upload(staff, TWO), now=timezone.now())
    for service in (check_import, run_import, map_import):
        with pytest.raises(WrongState, match="being checked"):
            service(actor=staff, imported=record, now=timezone.now())


def test_what_was_done_is_in_the_audit_log(staff):
    record = imported(staff, TWO)
    entries = AuditEntry.objects.filter(entity_type="import").order_by("position")
    assert [entry.action for entry in entries] == ["created", "started", "imported"]
    assert entries.last().new_values == record.counts


def test_job_waits_for_the_virus_scan(staff):
    record = upload(staff, TWO)
    record.file.scan_state = ScanState.PENDING
    record.file.save()
    record = check(staff, record)
    assert (record.state, record.job.state) == (ImportState.CHECKING, JobState.PENDING)
    record.file.scan_state = ScanState.CLEAN
    record.file.save()
    Job.objects.update(run_after=timezone.now())
    assert driven(record).state == ImportState.CHECKED


def test_infected_file_is_not_read(staff):
    record = upload(staff, TWO)
    record.file.scan_state = ScanState.INFECTED
    record.file.save()
    record = check(staff, record)
    assert record.state == ImportState.FAILED
    assert "quarantined" in record.error


def test_failed_job_can_be_started_again(staff, monkeypatch):
    record = check_import(actor=staff, imported=upload(staff, TWO), now=timezone.now())
    Job.objects.filter(pk=record.job.pk).update(state=JobState.FAILURE)
    record.refresh_from_db()
    assert check(staff, record).state == ImportState.CHECKED


def test_progress_is_shown_while_rows_are_taken(staff, monkeypatch):
    monkeypatch.setattr("bureau.imports.jobs.TAKEN_AT_ONCE", 5)
    record = imported(staff, many(20))
    seen = record.job.events.filter(name="progress").values_list("data__progress", flat=True)
    assert list(seen) == [25, 50, 75, 99]
    assert record.job.counts == {"rows": 20, "of": 20}


class Killed(BaseException):
    """What a worker dies of."""


@pytest.mark.parametrize("update", [False, True])
def test_run_that_was_killed_goes_on_where_it_was(update, staff, monkeypatch):
    monkeypatch.setattr("bureau.imports.jobs.TAKEN_AT_ONCE", 4)
    text = many(18) + "Again,Again,p1@example.com\n"
    record = upload(staff, text)
    map_import(actor=staff, imported=record, update_existing=update, now=timezone.now())
    record = run_import(actor=staff, imported=check(staff, record), now=timezone.now())
    taken = []
    progress = jobs.Run.progress

    def dying(run, percent, **counts):
        progress(run, percent, **counts)
        taken.append(counts["rows"])
        if counts["rows"] >= 8:
            raise Killed  # before the transaction of these rows ends

    monkeypatch.setattr(jobs.Run, "progress", dying)
    with pytest.raises(Killed):
        jobs.run(record.job.pk)
    monkeypatch.setattr(jobs.Run, "progress", progress)
    record.refresh_from_db()
    assert record.rows_done == Customer.objects.count() == (7 if update else 4)
    Job.objects.filter(pk=record.job.pk).update(lease_until=timezone.now())
    assert jobs.release_lost(now=timezone.now()) == 1
    record = driven(record)
    assert (record.state, record.counts) == (ImportState.IMPORTED, {"created": 18, "duplicate": 1})
    assert len(set(outcomes(record))) == 19
    assert Customer.objects.count() == 18


def test_worker_that_was_given_up_too_early_leaves_nothing(staff, monkeypatch):
    record = run_import(actor=staff, imported=check(staff, upload(staff, TWO)), now=timezone.now())
    progress = jobs.Run.progress

    def overtaken(run, percent, **counts):
        Job.objects.filter(pk=run.job.pk).update(attempts=run.attempt + 1)
        progress(run, percent, **counts)

    monkeypatch.setattr(jobs.Run, "progress", overtaken)
    jobs.run(record.job.pk)
    record.refresh_from_db()
    assert (Customer.objects.count(), record.rows.filter(trial=False).count(), record.rows_done) == (0, 0, 0)
