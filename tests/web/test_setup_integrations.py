"""Setup -> Integrations: what is shown, syncing by hand, and a file that is looked at before it is taken."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bureau.core import jobs
from bureau.core.models import AuditEntry, Job, JobState
from bureau.purchasing.connectors.circuit import Circuit
from bureau.purchasing.connectors.files import FileConnector
from bureau.purchasing.models import Project
from tests.factories.accounts import make_user
from tests.factories.orders import make_site, order_in

pytestmark = pytest.mark.django_db
HOME = "/setup/integrations/"
CSV = b"id;name;budget\nPRJ001;Downtown Office Building;\nPRJ009;Bridge;1500,50\nPRJ010;;\n"


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def site():
    return make_site()


def upload(browser, content=CSV, part="projects"):
    return browser.post(HOME, {"part": part, "file": SimpleUploadedFile("books.csv", content)})


def text(answer):
    return " ".join(answer.content.decode().split())


def checked(page):
    """Of the file that a page shows: what names it when it is taken."""
    return page.partition('name="checked" value="')[2].partition('"')[0]


def test_it_is_for_administrators(site, sign_in):
    for person in (site.foreman, site.pm, site.staff):
        for path in ("", "sync/", "posts/", "check/", "take/"):
            for verb in ("get", "post"):
                assert getattr(sign_in(person), verb)(HOME + path).status_code == 403
    assert sign_in(site.admin).get(HOME).status_code == 200


def test_nothing_is_there_at_first(site, sign_in):
    page = text(sign_in(site.admin).get(HOME))
    assert page.count("No file yet") == 3
    assert "No approved order waits to be posted" in page
    assert f"connectors/{site.organization.uuid}" in page


def test_file_is_checked_before_anything_changes(site, sign_in):
    browser = sign_in(site.admin)
    answer = upload(browser)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{HOME}check/?part=projects")
    page = text(browser.get(answer.headers["Location"]))
    assert "1 new, 0 changed, 1 unchanged, 1 left out. Nothing is changed yet." in page
    assert "PRJ010 is new, and has no name" in page or "blank" in page
    assert not Project.objects.filter(code="PRJ009").exists()
    answer = browser.post(f"{HOME}take/", {"part": "projects", "take": "", "checked": checked(page)}, follow=True)
    assert "Synced: 1 new, 0 changed, 1 unchanged. 1 row was left out." in text(answer)
    assert Project.objects.filter(organization=site.organization, code="PRJ009").exists()
    assert (FileConnector.of(site.organization).folder / "projects.csv").read_bytes() == CSV
    assert AuditEntry.objects.filter(action="file_taken", user=site.admin).exists()
    page = text(browser.get(HOME))
    assert "Some rows left out" in page
    assert "Left out of Projects" in page
    assert "1 new, 0 changed, 1 unchanged" in page


def test_file_of_other_columns_says_which_are_read_and_is_not_taken(site, sign_in):
    browser = sign_in(site.admin)
    page = text(browser.get(upload(browser, b"code,title\nPRJ900,Warehouse\n").headers["Location"]))
    assert "id is missing" in page
    assert "Those that are read: id, name, status" in page
    assert "Take this file" not in page


def test_file_that_is_taken_is_the_one_that_was_checked(site, sign_in):
    """A colleague could else slip another one in between, in the name of who takes it."""
    browser = sign_in(site.admin)
    page = text(browser.get(upload(browser).headers["Location"]))
    colleague = sign_in(make_user(site.organization, role="admin"))
    colleague.post(HOME, {"part": "projects", "file": SimpleUploadedFile("b.csv", b"id,name\nPRJ666,Mine\n")})
    for digest in (checked(page), ""):
        answer = browser.post(f"{HOME}take/", {"part": "projects", "take": "", "checked": digest}, follow=True)
        assert "Another file was uploaded since" in text(answer)
    assert not Project.objects.filter(code__in=["PRJ009", "PRJ666"]).exists()


def test_file_is_dropped(site, sign_in):
    browser = sign_in(site.admin)
    upload(browser)
    browser.post(f"{HOME}take/", {"part": "projects", "drop": ""})
    assert browser.get(f"{HOME}check/?part=projects").status_code == 404
    assert browser.post(f"{HOME}take/", {"part": "projects"}).status_code == 404
    assert not Project.objects.filter(code="PRJ009").exists()


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"\n"])
def test_file_that_cannot_be_read_comes_back_beside_its_field(site, sign_in, content):
    answer = upload(sign_in(site.admin), content)
    assert answer.status_code == 422
    assert "error" in text(answer)


def test_unknown_list_is_not_there(site, sign_in):
    browser = sign_in(site.admin)
    assert browser.get(f"{HOME}check/?part=../projects").status_code == 404
    assert browser.post(f"{HOME}take/", {"part": "users"}).status_code == 404
    assert upload(browser, part="users").status_code == 422


def test_upload_is_not_for_what_a_service_serves(site, sign_in, settings):
    settings.JOBCOST_URL, settings.JOBCOST_API_KEY = "http://127.0.0.1:9", "key"
    settings.CONNECTOR_ORGANIZATION = str(site.organization.uuid)
    browser = sign_in(site.admin)
    page = text(browser.get(HOME))
    assert "JobCost" in page
    assert 'value="projects"' not in page
    assert upload(browser).status_code == 422
    assert browser.get(f"{HOME}check/?part=projects").status_code == 422


def test_sync_now_tells_what_it_did_and_what_failed(site, sign_in, settings):
    settings.JOBCOST_URL, settings.JOBCOST_API_KEY = "http://127.0.0.1:9", "key"
    settings.CONNECTOR_ORGANIZATION = str(site.organization.uuid)
    folder = FileConnector.of(site.organization).folder
    folder.mkdir(parents=True)
    (folder / "vendors.csv").write_text("id,name\nVEN009,Steel Co.\n")
    page = text(sign_in(site.admin).post(f"{HOME}sync/", follow=True))
    assert "The connection to JobCost failed" in page
    assert "Synced: 1 new, 0 changed, 0 unchanged." in page
    assert sign_in(site.admin).post(f"{HOME}sync/", {"connector": "sap"}).status_code == 404


def test_circuit_is_told_in_words(site, sign_in, settings):
    settings.JOBCOST_URL, settings.JOBCOST_API_KEY = "http://127.0.0.1:9", "key"
    settings.CONNECTOR_ORGANIZATION = str(site.organization.uuid)
    browser = sign_in(site.admin)
    assert "JobCost: nothing is known to be wrong" in text(browser.get(HOME))
    Circuit("JobCost").failed()
    assert "the last 1 calls failed" in text(browser.get(HOME))
    for _ in range(5):
        Circuit("JobCost").failed()
    assert "JobCost does not work now. It is asked again in" in text(browser.get(HOME))


def test_orders_that_wait_are_shown_and_posted_at_once(site, sign_in):
    order = order_in("approved", site)
    Job.objects.filter(kind="post_order").update(
        state=JobState.FAILURE, error="Timberline refused the call (status 422).", attempts=150
    )
    browser = sign_in(site.admin)
    page = text(browser.get(HOME))
    assert order.po_number in page
    assert "status 422" in page
    assert "1 order is being posted" in text(browser.post(f"{HOME}posts/", follow=True))
    job = Job.objects.get(kind="post_order")
    assert (job.state, job.run_after <= timezone.now()) == (JobState.PENDING, True)


@pytest.mark.django_db(transaction=True)
def test_posted_order_is_counted(sign_in):
    site = make_site()
    order = order_in("approved", site)
    Job.objects.filter(kind="post_order").update(run_after=timezone.now())
    jobs.run(Job.objects.get(kind="post_order").pk)
    page = text(sign_in(site.admin).get(HOME))
    assert "1 order was posted" in page
    assert order.po_number in page


def test_page_costs_no_more_queries_with_more_rows(site, sign_in, django_assert_num_queries):
    browser = sign_in(site.admin)
    order_in("approved", site)
    browser.get(HOME)
    with CaptureQueriesContext(connection) as one:
        browser.get(HOME)
    for _ in range(3):
        order_in("approved", site)
    with django_assert_num_queries(len(one)):
        browser.get(HOME)
