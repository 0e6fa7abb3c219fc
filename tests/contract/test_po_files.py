"""Every documented example of the files of purchase orders."""

from copy import deepcopy
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bureau.core.models import AuditEntry, ScanState, StoredFile
from bureau.purchasing.models import OrderFile
from bureau.purchasing.services.orders import additions
from bureau.purchasing.states import OrderStatus as S
from tests.clients import ApiClient, assert_shape
from tests.core.samples import EICAR, jpg_bytes, pdf_bytes, png_bytes
from tests.factories.orders import attach, make_order, make_site, order_in

pytestmark = pytest.mark.django_db
URL = "/api/v1/purchase-orders"
ROW = {
    "id": 1,
    "original_filename": "quote.pdf",
    "file_size": 245760,
    "mime_type": "application/pdf",
    "virus_scan_status": "clean",
    "uploaded_by": {"id": 123, "name": "John Doe"},
    "uploaded_at": "2025-07-29T09:20:00Z",
}


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site):
    return deepcopy(first_site)


@pytest.fixture
def foreman(site):
    return ApiClient(site.foreman)


def upload(client, order, content=None, name="quote.pdf", kind="application/pdf"):
    file = SimpleUploadedFile(name, pdf_bytes("Quote") if content is None else content, kind)
    return client.call("POST", f"{URL}/{order.pk}/files", {"file": file}, files=True)


def code_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_file_is_uploaded_listed_downloaded_and_deleted_as_documented(site, foreman):
    order = make_order(site)
    added = upload(foreman, order)
    assert added.status_code == 201
    body = added.json()
    assert_shape(body, {**ROW, "stored_filename": "550e8400-e29b-41d4-a716-446655440000_quote.pdf"})
    assert (body["original_filename"], body["mime_type"]) == ("quote.pdf", "application/pdf")
    assert body["uploaded_by"] == {"id": site.foreman.pk, "name": site.foreman.name}
    assert body["file_size"] == len(pdf_bytes("Quote"))
    stored = StoredFile.objects.get()
    assert body["stored_filename"] == f"{stored.uuid}_quote.pdf"

    listed = foreman.get(f"{URL}/{order.pk}/files")
    assert listed.status_code == 200
    assert listed.json() == {"data": [{name: body[name] for name in ROW}]}
    assert foreman.get(f"{URL}/{order.pk}").json()["files"] == [
        {**{name: body[name] for name in ROW}, "uploaded_by": site.foreman.name}
    ]

    answer = foreman.get(f"/api/v1/files/{body['id']}/download")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="quote.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer.getvalue() == pdf_bytes("Quote")
    entry = AuditEntry.objects.filter(action="downloaded").get()
    assert (entry.user, entry.new_values["filename"]) == (site.foreman, "quote.pdf")

    deleted = foreman.call("DELETE", f"/api/v1/files/{body['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert foreman.get(f"{URL}/{order.pk}/files").json() == {"data": []}
    assert code_of(foreman.get(f"/api/v1/files/{body['id']}/download")) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [("p.png", "image/png", png_bytes()), ("p.jpg", "image/jpeg", jpg_bytes()), ("p.JPEG", "image/jpeg", jpg_bytes())],
)
def test_photos_are_taken(site, foreman, name, kind, content):
    added = upload(foreman, make_order(site), content, name, kind)
    assert (added.status_code, added.json()["mime_type"]) == (201, kind)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "quote.pdf"),
        (b"MZ\x90", "setup.exe"),
        (b"<svg/>", "a.svg"),
        (png_bytes(), "quote.pdf"),
        (b"%PDF-1", "a.pdf"),
    ],
)
def test_wrong_or_empty_file_is_a_field_error(site, foreman, content, name):
    answer = upload(foreman, make_order(site), content, name)
    assert code_of(answer) == (400, "VALIDATION_ERROR")
    assert answer.json()["error"]["details"]["field"] == "file"
    assert not OrderFile.objects.exists()


def test_upload_without_a_file_says_so(site, foreman):
    order = make_order(site)
    for body, options in (({}, {"files": True}), ({"file": "quote.pdf"}, {}), ({"file": "x"}, {"files": True})):
        answer = foreman.call("POST", f"{URL}/{order.pk}/files", body, **options)
        assert code_of(answer) == (400, "VALIDATION_ERROR")
        assert list(answer.json()["error"]["details"]["errors"]) == ["file"]


def test_infected_file_is_refused_at_once(site, foreman):
    assert code_of(upload(foreman, make_order(site), pdf_bytes(attachments={"a.com": EICAR}))) == (
        422,
        "VIRUS_DETECTED",
    )
    assert not StoredFile.objects.exists()


def test_too_large_and_too_many_files_are_413(site, foreman, monkeypatch):
    order = make_order(site)
    size = len(pdf_bytes("Quote"))
    monkeypatch.setattr(additions, "MAX_BYTES", size - 1)
    assert code_of(upload(foreman, order)) == (413, "PAYLOAD_TOO_LARGE")
    monkeypatch.setattr(additions, "MAX_BYTES", size)
    monkeypatch.setattr(additions, "MAX_BYTES_IN_ALL", 2 * size - 1)
    assert upload(foreman, order).status_code == 201
    assert code_of(upload(foreman, order)) == (413, "PAYLOAD_TOO_LARGE")
    monkeypatch.setattr(additions, "MAX_BYTES_IN_ALL", 100 * size)
    monkeypatch.setattr(additions, "MAX_FILES", 2)
    assert upload(foreman, order).status_code == 201
    assert code_of(upload(foreman, order)) == (413, "PAYLOAD_TOO_LARGE")
    assert len(foreman.get(f"{URL}/{order.pk}/files").json()["data"]) == 2


def test_limits_are_those_of_the_rules():
    assert (additions.MAX_BYTES, additions.MAX_FILES, additions.MAX_BYTES_IN_ALL) == (20 << 20, 10, 50 << 20)


@pytest.mark.parametrize(
    ("state", "code"),
    [(ScanState.PENDING, "SCAN_PENDING"), (ScanState.INFECTED, "LOCKED"), (ScanState.FAILED, "LOCKED")],
)
def test_file_that_is_not_known_to_be_clean_is_locked(site, foreman, state, code):
    file = attach(make_order(site))
    StoredFile.objects.filter(pk=file.file_id).update(scan_state=state)
    assert code_of(foreman.get(f"/api/v1/files/{file.pk}/download")) == (423, code)
    [row] = foreman.get(f"{URL}/{file.order_id}/files").json()["data"]
    assert row["virus_scan_status"] == state


def test_file_goes_with_its_order_for_those_who_see_that(site, foreman):
    file = attach(make_order(site))
    assert ApiClient(site.superintendent).get(f"/api/v1/files/{file.pk}/download").status_code == 200
    for stranger in (site.finance, make_site().admin):
        for method, path in (("GET", "/download"), ("DELETE", "")):
            answer = ApiClient(stranger).call(method, f"/api/v1/files/{file.pk}{path}")
            assert code_of(answer) == (404, "NOT_FOUND")
    for pk in (file.pk + 1000, 10**25):
        assert code_of(foreman.get(f"/api/v1/files/{pk}/download")) == (404, "NOT_FOUND")


def test_file_that_was_decided_on_stays(site, foreman):
    order = make_order(site)
    file = attach(order)
    assert code_of(ApiClient(site.superintendent).call("DELETE", f"/api/v1/files/{file.pk}")) == (403, "FORBIDDEN")
    foreman.call("PATCH", f"{URL}/{order.pk}/submit")
    assert code_of(foreman.call("DELETE", f"/api/v1/files/{file.pk}")) == (403, "FORBIDDEN")


def test_file_is_added_after_the_approval_but_not_to_what_is_over(site, foreman):
    assert upload(foreman, order_in(S.APPROVED, site)).status_code == 201
    assert code_of(upload(foreman, order_in(S.CANCELLED, site))) == (422, "WRONG_STATE")


def test_uploads_have_a_limit_of_their_own(site, foreman, settings):
    settings.THROTTLING = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "upload": "2/minute"}
    order = make_order(site)
    answers = [upload(foreman, order) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].json()["error"]["retry_after"] > 0


def test_pdf_of_an_order_is_its_paper(site, foreman):
    order = order_in(S.APPROVED, site)
    answer = foreman.get(f"{URL}/{order.pk}/pdf")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{order.po_number}.pdf"'
    assert BytesIO(answer.getvalue()).read(5) == b"%PDF-"
    assert code_of(ApiClient(make_site().admin).get(f"{URL}/{order.pk}/pdf")) == (404, "NOT_FOUND")
