"""What a sync makes of rows: once, row by row, with the audit log and the ledger, and for one organization only."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from bureau.core import audit, jobs
from bureau.core.models import AuditEntry, Job, JobState
from bureau.kit.errors import Forbidden, IntegrationFailed, NotFound
from bureau.parties.models import AccountState, Vendor
from bureau.parties.services.vendors import confirm_account, propose_account, refuse_account
from bureau.purchasing.connectors import sync, uploads
from bureau.purchasing.connectors.choosing import service_organization
from bureau.purchasing.connectors.files import FileConnector
from bureau.purchasing.connectors.interface import Part
from bureau.purchasing.connectors.selectors import circuits, last_syncs
from bureau.purchasing.connectors.syncing import sync_part
from bureau.purchasing.models import CostCode, LedgerEntry, Project
from bureau.purchasing.services import budgets
from tests.factories.accounts import make_organization, make_user
from tests.factories.orders import NOW, approve, make_order, make_site, submit
from tests.purchasing.connectors import accounting

pytestmark = pytest.mark.django_db

PROJECT = {
    "id": "PRJ009",
    "name": "Bridge",
    "status": "active",
    "budget": 2500000.00,
    "spent_uncoded": 10.5,
    "start_date": "2026-01-01",
    "end_date": "2026-12-31",
}
COST_CODE = {
    "project_id": "PRJ009",
    "id": "CC-001",
    "code": "01-100",
    "description": "Site",
    "category": "Construction",
    "budget": "150000.00",
    "spent": 75000,
    "active": True,
}
IBAN, OTHER_IBAN = "DE89370400440532013000", "GB29NWBK60161331926819"
VENDOR = {
    "id": "VEN009",
    "name": "Steel Co.",
    "contact_name": "Jo",
    "email": "jo@steel.example",
    "phone": "1",
    "address": "Here",
    "payment_terms": "Net 30",
    "active": True,
    "iban": "DE89 3704 0044 0532 0130 00",
}


@pytest.fixture
def site(connected):
    connected.projects, connected.cost_codes, connected.vendors = [PROJECT], [COST_CODE], [VENDOR]
    return make_site()


def synced(site, connector="jobcost", **options):
    return sync(**{"connector": connector, "organization": site.organization, "actor": None, "now": NOW, **options})


def put(organization, name, text):
    folder = FileConnector.of(organization).folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_projects_and_cost_codes_are_made(site):
    report = synced(site)
    assert (report.status, report.created, report.updated, report.unchanged, report.errors) == ("success", 2, 0, 0, [])
    project = Project.objects.get(organization=site.organization, code="PRJ009")
    assert (project.name, project.budget, project.external) == ("Bridge", Decimal(2500000), Decimal("10.50"))
    assert (str(project.end_date), project.synced_at) == ("2026-12-31", NOW)
    code = project.cost_codes.get()
    assert (code.external_id, code.budget, code.external, code.remaining) == ("CC-001", 150000, 75000, 75000)
    assert list(budgets.differences()) == []
    entries = AuditEntry.objects.filter(organization=site.organization, action="created", user=None)
    assert {"project", "cost_code"} <= set(entries.values_list("entity_type", flat=True))
    assert entries.get(entity_type="project", entity_id=project.pk).new_values["source"] == "JobCost"


def test_second_sync_writes_nothing(site):
    synced(site)
    synced(site, "timberline")
    before = AuditEntry.objects.count(), LedgerEntry.objects.count()
    later = NOW + timedelta(hours=1)
    assert synced(site, now=later).unchanged == 2
    assert synced(site, "timberline", now=later).unchanged == 1
    assert (AuditEntry.objects.count(), LedgerEntry.objects.count()) == before
    assert Project.objects.get(code="PRJ009").synced_at == NOW


def test_change_is_written_and_audited_as_what_it_is(site, connected):
    synced(site)
    connected.projects = [{"id": "PRJ009", "name": "Bridges", "budget": 2500000}]
    connected.cost_codes = [{**COST_CODE, "spent": 80000, "active": False}]
    report = synced(site, actor=site.admin)
    assert (report.created, report.updated, report.unchanged) == (0, 2, 0)
    project = Project.objects.get(code="PRJ009")
    assert (project.name, str(project.start_date)) == ("Bridges", "2026-01-01")  # what is left out stays
    change = AuditEntry.objects.get(entity_type="project", entity_id=project.pk, action="updated")
    assert (change.user, change.old_values) == (site.admin, {"name": "Bridge"})
    code = project.cost_codes.get()
    assert (code.external, code.active) == (80000, False)
    entry = LedgerEntry.objects.filter(cost_code=code, kind="external").last()
    assert (entry.amount, entry.reason, entry.user) == (5000, "synced from JobCost", site.admin)
    assert list(audit.breaks()) == []


def test_what_vanished_stays_until_the_source_says_so(site, connected):
    synced(site)
    connected.projects = connected.cost_codes = []
    synced(site)
    assert Project.objects.get(code="PRJ009").status == "active"
    connected.projects = [{"id": "PRJ009", "status": "closed"}]
    synced(site)
    assert Project.objects.get(code="PRJ009").status == "closed"
    assert CostCode.objects.filter(project__code="PRJ009").exists()


def test_bad_rows_do_not_stop_the_rest(site, connected):
    connected.projects = [{"id": "P1", "name": {}, "budget": []}, PROJECT, "?", {"name": "no id"}]
    connected.cost_codes = [{**COST_CODE, "project_id": "NONE"}, COST_CODE, {"project_id": "PRJ009", "id": "CC-2"}]
    report = synced(site)
    assert (report.status, report.created) == ("partial", 2)
    assert [(error["part"], error["row"]) for error in report.errors] == [
        ("projects", 1),
        ("projects", 3),
        ("projects", 4),
        ("cost_codes", 1),
        ("cost_codes", 3),
    ]
    assert "no project NONE" in report.errors[3]["message"]
    assert "no code" in report.errors[4]["message"]


def test_record_kept_by_hand_is_taken_over(site, connected):
    connected.projects = [{"id": "PRJ001", "name": site.project.name}]
    connected.cost_codes = []
    assert synced(site).unchanged == 1
    site.project.refresh_from_db()
    assert site.project.synced_at == NOW


def test_vendor_is_made_and_its_account_only_proposed(site, connected):
    report = synced(site, "timberline")
    assert (report.status, report.created) == ("success", 1)
    vendor = Vendor.objects.select_related("party").get(organization=site.organization, code="VEN009")
    assert (vendor.party.name, vendor.party.email, vendor.synced_at) == ("Steel Co.", "jo@steel.example", NOW)
    account = vendor.bank_accounts.get()
    assert (account.state, account.iban, account.proposed_by) == (AccountState.PROPOSED, IBAN, None)
    connected.vendors = [{**VENDOR, "payment_terms": "Net 60", "active": False}]
    assert synced(site, "timberline").updated == 1
    vendor.refresh_from_db()
    assert (vendor.payment_terms, vendor.active) == ("Net 60", False)
    assert vendor.bank_accounts.count() == 1


def test_account_that_somebody_refused_is_not_proposed_again(site):
    synced(site, "timberline")
    account = Vendor.objects.get(code="VEN009").bank_accounts.get()
    refuse_account(actor=site.admin, account=account, now=NOW)
    assert synced(site, "timberline").unchanged == 1


def test_changed_account_is_a_proposal_and_a_second_one_waits_for_the_first(site, connected):
    synced(site, "timberline")
    vendor = Vendor.objects.get(code="VEN009")
    confirm_account(actor=site.admin, account=vendor.bank_accounts.get(), now=NOW)
    connected.vendors = [{**VENDOR, "iban": OTHER_IBAN}]
    assert synced(site, "timberline").updated == 1
    assert vendor.bank_accounts.get(state=AccountState.CONFIRMED).iban == IBAN
    connected.vendors = [{**VENDOR, "iban": "FR1420041010050500013M02606", "phone": "2"}]
    report = synced(site, "timberline")
    assert (report.status, report.updated, len(report.errors)) == ("partial", 1, 1)
    vendor.party.refresh_from_db()
    assert vendor.party.phone == "2"


@pytest.mark.parametrize("trouble", [accounting.status(500), accounting.reset, accounting.body(b"no json")])
def test_failing_service_changes_nothing_and_is_told_to_who_asked(site, connected, trouble):
    connected.projects = [{**PROJECT, "id": f"P{number}"} for number in range(4)]
    connected.page_size = 2
    connected.troubles["/projects"] = [lambda e: e.answer(200, {"data": [PROJECT], "pagination": {"pages": 2}})]
    connected.always["/projects"] = trouble
    with pytest.raises(IntegrationFailed, match="JobCost"):
        synced(site, actor=site.admin)
    assert not Project.objects.filter(code="PRJ009").exists()
    last = last_syncs(site.organization)[0]
    assert (last.job.state, last.job.requested_by) == (JobState.FAILURE, site.admin)
    assert "JobCost" in last.job.error


def test_ordering_goes_on_while_everything_is_down(site, connected):
    connected.close()
    order = approve(site.pm, submit(make_order(site)))
    assert order.status == "approved"
    assert Job.objects.get(kind="post_order").state == JobState.PENDING


def test_sync_is_for_administrators_of_the_organization(site):
    for person in (site.foreman, site.pm, site.staff, make_user(role="admin")):
        with pytest.raises(Forbidden):
            synced(site, actor=person)
    with pytest.raises(NotFound):
        synced(site, "sap")


def test_service_fills_only_the_books_of_its_organization(site, connected, settings):
    other = make_organization()
    assert sync(connector="jobcost", organization=other, actor=None, now=NOW).status == "nothing_to_sync"
    assert sync(connector="timberline", organization=other, actor=None, now=NOW).status == "nothing_to_sync"
    assert connected.calls == []
    settings.CONNECTOR_ORGANIZATION = str(other.uuid)
    assert sync(connector="jobcost", organization=other, actor=None, now=NOW).created == 2
    assert synced(site).status == "nothing_to_sync"
    assert set(Project.objects.filter(code="PRJ009").values_list("organization", flat=True)) == {other.pk}


def test_service_belongs_to_whom_the_setting_names(site, settings):
    other = make_organization("Only One")
    assert service_organization() == site.organization
    settings.CONNECTOR_ORGANIZATION = "Only One"
    assert service_organization() == other
    make_organization("Only One")
    assert service_organization() is None  # nobody gets at a service by taking a name
    settings.CONNECTOR_ORGANIZATION = "9b0f3e2e-0000-4000-8000-000000000000"
    assert service_organization() is None


def test_files_serve_who_has_no_service(settings):
    site = make_site()
    put(site.organization, "projects.csv", "id;name;budget\nPRJ009;Bridge;1500,50\nPRJ010;;\n")
    report = synced(site)
    assert (report.status, report.created, len(report.errors)) == ("partial", 1, 1)
    assert Project.objects.get(organization=site.organization, code="PRJ009").budget == Decimal("1500.50")
    assert [(one.part.value, one.source) for one in last_syncs(site.organization)] == [
        ("projects", "Files"),
        ("cost_codes", "Files"),
        ("vendors", "Files"),
    ]
    assert list(circuits(site.organization)) == []


def test_who_uploaded_the_file_of_an_account_does_not_confirm_it(settings):
    """Nor when another proposal was in its way, and the schedule or a colleague took the row up later."""
    site = make_site()
    other_admin = make_user(site.organization, role="admin")
    give = {"organization": site.organization, "part": Part.VENDORS}
    propose_account(actor=site.admin, vendor=site.vendor, iban=OTHER_IBAN, reason="first", now=NOW)
    rows = f"id,name,iban\nVEN001,ABC Supply Co.,{IBAN}\n".encode()
    uploads.put_aside(actor=site.admin, file=io.BytesIO(rows), **give)
    _plan, digest = uploads.upload_to_check(actor=site.admin, **give)
    assert uploads.take_upload(actor=site.admin, checked=digest, now=NOW, **give).status == "partial"
    refuse_account(actor=site.admin, account=site.vendor.bank_accounts.get(), now=NOW)
    sync_part(site.organization, Part.VENDORS, actor=None, now=NOW)
    account = site.vendor.bank_accounts.get(state=AccountState.PROPOSED)
    assert (account.iban, account.proposed_by) == (IBAN, site.admin)
    with pytest.raises(Forbidden):
        confirm_account(actor=site.admin, account=account, now=NOW)
    account.delete()
    sync(connector="timberline", organization=site.organization, actor=other_admin, now=NOW)
    assert site.vendor.bank_accounts.get(state=AccountState.PROPOSED).proposed_by == site.admin


def run_due(kind):
    """What relay and worker would do."""
    for job in Job.objects.filter(kind=kind, state=JobState.PENDING):
        Job.objects.filter(pk=job.pk).update(run_after=timezone.now())
        jobs.run(job.pk)


def schedule(kind="sync_projects"):
    job = jobs.enqueue(kind, payload={}, now=timezone.now())
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.django_db(transaction=True)
def test_schedule_syncs_everybody_who_has_something(site):
    with_file, without = make_organization(), make_organization()
    make_user(with_file)
    make_user(without)
    put(with_file, "projects.csv", "id,name\nP1,Tower\n")
    put(make_organization(), "projects.csv", "id,name\nP2,Tower\n")  # nobody is there
    FileConnector.of(without).folder.parent.joinpath("not-a-uuid").mkdir()
    assert schedule().result == {"organizations": 2}
    run_due("sync_part")
    assert Project.objects.filter(organization=with_file, code="P1").exists()
    assert Project.objects.filter(organization=site.organization, code="PRJ009").exists()
    assert not Project.objects.filter(code="P2").exists()
    assert schedule("sync_vendors").result == {"organizations": 1}


@pytest.mark.django_db(transaction=True)
def test_failed_sync_is_tried_again_and_not_piled_up(site, connected):
    connected.always["/projects"] = accounting.status(500)
    schedule()
    run_due("sync_part")
    job = Job.objects.get(kind="sync_part")
    assert (job.state, job.attempts) == (JobState.PENDING, 1)
    assert "JobCost" in job.error
    assert last_syncs(site.organization)[0].job == job
    assert schedule().result == {"organizations": 0}
    connected.always.clear()
    run_due("sync_part")
    job.refresh_from_db()
    assert (job.state, job.result["created"]) == (JobState.SUCCESS, 1)
    assert last_syncs(site.organization)[0].result["status"] == "success"


@pytest.mark.parametrize("kind", ["sync_projects", "sync_cost_codes", "sync_vendors"])
def test_syncs_are_scheduled_as_documented(kind):
    hours = {"sync_projects": 0.5}.get(kind, 24)
    assert jobs.kinds[kind].every == timedelta(hours=hours)


@pytest.mark.django_db(transaction=True)
def test_syncs_at_the_same_time_make_each_record_once(site, connected):
    connected.projects = [{**PROJECT, "id": f"P{number:02}"} for number in range(12)]
    connected.cost_codes = [{**COST_CODE, "project_id": f"P{number:02}"} for number in range(12)]
    together = threading.Barrier(3)

    def work():
        try:
            together.wait()
            for _ in range(2):
                synced(site)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(work) for _ in range(3)]:
            done.result()
    assert Project.objects.filter(organization=site.organization, synced_at=NOW).count() == 12
    assert set(CostCode.objects.exclude(synced_at=None).values_list("budget", "external")) == {(150000, 75000)}
    assert list(budgets.differences()) == []
    created = AuditEntry.objects.filter(action="created", entity_type="project", new_values__source="JobCost")
    assert created.count() == 12
    assert list(audit.breaks()) == []
