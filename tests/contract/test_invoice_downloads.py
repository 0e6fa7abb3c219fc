"""Invoices as files, at once and in the background (agency, "Invoices & Invoice Actions")."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO

import docx
import facturx
import pypdfium2
import pytest
from django.core.files.storage import default_storage

from bureau.core import jobs
from bureau.core.models import AuditEntry, Job
from bureau.sales.services.invoices import cancel_invoice
from tests.clients import ApiClient, assert_shape
from tests.factories.sales import make_invoice, make_shop
from tests.sales.judges import cii_problems, ubl_problems

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ubl": "application/xml",
    "xml": "application/xml",
}
JOB = {
    "job_id": "0f8e2c1e-0000-0000-0000-000000000000",
    "status": "PENDING",
    "progress": 0,
    "file_format": "pdf",
    "error": None,
    "status_url": "/api/invoices/download-async/status/0f8e2c1e/",
    "stream_url": "/api/invoices/download-async/stream/0f8e2c1e/",
    "download_url": "/api/invoices/download-async/file/0f8e2c1e/",
}


@pytest.fixture(scope="module")
def first_shop(once):
    def make():
        shop = make_shop(address="Hafenstrasse 12\n20457 Hamburg")
        return shop, make_invoice(shop, issued=True)

    return once(make)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop[0])


@pytest.fixture
def invoice(first_shop):
    return deepcopy(first_shop[1])


def content_of(answer):
    assert answer.status_code == 200, getattr(answer, "content", answer)
    return b"".join(answer.streaming_content)


def downloads(invoice):
    return AuditEntry.objects.filter(entity_type="invoice", entity_id=str(invoice.pk), action="downloaded")


def check(content, file_format, number):
    match file_format:
        case "pdf":
            text = pypdfium2.PdfDocument(content)[0].get_textpage().get_text_range()
            assert number in text
            assert facturx.get_xml_from_pdf(content)[0] == "factur-x.xml"
        case "docx":
            assert any(number in paragraph.text for paragraph in docx.Document(BytesIO(content)).paragraphs)
        case "ubl":
            assert ubl_problems(content) == []
        case "xml":
            assert cii_problems(content) == []


@pytest.mark.parametrize("file_format", list(TYPES))
def test_invoice_is_downloaded_in_every_format(shop, invoice, file_format):
    url = f"/api/invoices/{invoice.pk}/download/"
    answer = ApiClient(shop.member).call("GET", url, {"file_format": file_format})
    check(content_of(answer), file_format, invoice.number)
    assert answer["Content-Type"] == TYPES[file_format]
    assert f'attachment; filename="{invoice.number}' in answer["Content-Disposition"]
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "private, no-store")
    [entry] = downloads(invoice)
    assert (entry.user, entry.new_values["filename"][: len(invoice.number)]) == (shop.member, invoice.number)


def test_format_is_pdf_where_none_is_named(shop, invoice):
    answer = ApiClient(shop.staff).call("GET", f"/api/invoices/{invoice.pk}/download/")
    assert content_of(answer).startswith(b"%PDF-1.7")


def test_unknown_format_is_an_error_that_names_the_choices(shop, invoice):
    client = ApiClient(shop.member)
    for answer in (
        client.call("GET", f"/api/invoices/{invoice.pk}/download/?file_format=odt"),
        client.call("POST", f"/api/invoices/{invoice.pk}/download-async/", {"file_format": "odt"}),
    ):
        assert answer.status_code == 400
        assert "pdf, docx, ubl, xml" in answer.json()["details"]["file_format"][0]
    assert not Job.objects.filter(kind="render_invoice").exists()
    assert not downloads(invoice).exists()


def test_who_does_not_see_the_invoice_downloads_nothing(shop, invoice):
    stranger = make_shop().admin
    for user in (shop.other, stranger):
        client = ApiClient(user)
        assert client.call("GET", f"/api/invoices/{invoice.pk}/download/").status_code == 404
        assert client.call("POST", f"/api/invoices/{invoice.pk}/download-async/", {}).status_code == 404
    assert ApiClient().call("GET", f"/api/invoices/{invoice.pk}/download/").status_code == 401


@pytest.mark.parametrize("file_format", list(TYPES))
def test_credit_note_is_downloaded_in_every_format(shop, invoice, file_format):
    note = cancel_invoice(actor=shop.admin, invoice=invoice, now=NOW)
    url = f"/api/credit-notes/{note.pk}/download/"
    answer = ApiClient(shop.member).call("GET", url, {"file_format": file_format})
    check(content_of(answer), file_format, note.number)
    assert note.number in downloads(invoice).get().new_values["filename"]
    assert ApiClient(shop.other).call("GET", url).status_code == 404


@pytest.mark.parametrize("file_format", list(TYPES))
def test_file_is_made_in_the_background_and_fetched(shop, invoice, file_format):
    client = ApiClient(shop.member)
    answer = client.call("POST", f"/api/invoices/{invoice.pk}/download-async/", {"file_format": file_format})
    assert answer.status_code == 202
    job = answer.json()
    assert_shape(job, JOB)
    assert (job["status"], job["file_format"]) == ("PENDING", file_format)
    waiting = client.call("GET", job["download_url"])
    assert waiting.status_code == 400
    assert "Try again in a moment" in waiting.json()["error"]
    jobs.run(job["job_id"])
    done = client.call("GET", job["status_url"]).json()
    assert (done["status"], done["progress"], done["error"]) == ("SUCCESS", 100, None)
    assert not downloads(invoice).exists()
    check(content_of(client.call("GET", job["download_url"])), file_format, invoice.number)
    assert downloads(invoice).count() == 1


def test_format_in_the_background_is_pdf_where_none_is_named(shop, invoice):
    answer = ApiClient(shop.member).call("POST", f"/api/invoices/{invoice.pk}/download-async/")
    assert answer.json()["file_format"] == "pdf"


def test_stream_tells_how_far_the_file_is(shop, invoice):
    client = ApiClient(shop.member)
    job = client.call("POST", f"/api/invoices/{invoice.pk}/download-async/", {}).json()
    first = client.call("GET", job["stream_url"])
    assert (first["Content-Type"], bool(first["X-Bureau-Stream"])) == ("text/event-stream", True)
    jobs.run(job["job_id"])
    last = client.call("GET", job["stream_url"])
    events = [json.loads(line[6:]) for line in last.content.decode().splitlines() if line.startswith("data: ")]
    assert [(event["state"], event["progress"]) for event in events] == [
        ("PENDING", 0), ("STARTED", 0), ("STARTED", 10), ("SUCCESS", 100),
    ]  # fmt: skip
    assert "X-Bureau-Stream" not in last


def test_only_who_asked_sees_the_job(shop, invoice):
    job = ApiClient(shop.member).call("POST", f"/api/invoices/{invoice.pk}/download-async/", {}).json()
    jobs.run(job["job_id"])
    for user in (shop.admin, shop.staff, shop.other, make_shop().admin):
        client = ApiClient(user)
        for name in ("status_url", "stream_url", "download_url"):
            assert client.call("GET", job[name]).status_code == 404


def test_job_of_another_kind_is_no_download(shop):
    other = jobs.enqueue("clean_up_jobs", payload={}, now=NOW, organization=shop.organization, requested_by=shop.member)
    answer = ApiClient(shop.member).call("GET", f"/api/invoices/download-async/status/{other.pk}/")
    assert answer.status_code == 404


def test_who_does_not_see_the_invoice_any_more_gets_no_file(shop, invoice):
    client = ApiClient(shop.member)
    job = client.call("POST", f"/api/invoices/{invoice.pk}/download-async/", {}).json()
    jobs.run(job["job_id"])
    invoice.customer.owner = shop.other
    invoice.customer.save(update_fields=["owner"])
    invoice.owner = shop.other
    invoice.save(update_fields=["owner"])
    assert client.call("GET", job["download_url"]).status_code == 404


def test_file_that_is_not_kept_any_more_is_asked_for_again(shop, invoice):
    client = ApiClient(shop.member)
    job = client.call("POST", f"/api/invoices/{invoice.pk}/download-async/", {}).json()
    jobs.run(job["job_id"])
    name = job["job_id"].replace("-", "")
    default_storage.delete(f"{shop.organization.pk}/{name[:2]}/{name}")
    gone = client.call("GET", job["download_url"])
    assert gone.status_code == 404
    assert "Ask for it again" in gone.json()["error"]


def test_job_that_fails_says_why(shop, invoice, monkeypatch):
    client = ApiClient(shop.member)
    url = f"/api/invoices/{invoice.pk}/download-async/"
    job = client.call("POST", url, {"file_format": "docx"}).json()
    monkeypatch.setattr("bureau.sales.rendering.docx.SECONDS", 0)
    for _attempt in range(2):
        Job.objects.filter(pk=job["job_id"]).update(run_after=NOW)
        jobs.run(job["job_id"])
    state = client.call("GET", job["status_url"]).json()
    assert state["status"] == "FAILURE"
    assert "too long" in state["error"]
    answer = client.call("GET", job["download_url"])
    assert answer.status_code == 400
    assert "too long" in answer.json()["error"]
