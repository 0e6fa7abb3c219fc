"""Documents of cases as the agency suite documents them: kept, shown page by page, merged, acted on."""

import io
from copy import deepcopy
from datetime import date, timedelta

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from PIL import Image

from bureau.cases.models import CaseDocument
from bureau.cases.services.cases import force_close_case
from bureau.core.models import AuditEntry, ScanState, StoredFile
from tests.clients import ApiClient, assert_shape
from tests.contract.test_cases import DOCUMENT, MOMENT
from tests.core.samples import EICAR, docx_bytes, exe_bytes, jpg_bytes, pdf_bytes, png_bytes
from tests.factories.cases import fill, make_agency, make_case
from tests.factories.products import make_document_type

pytestmark = pytest.mark.django_db
URL = "/api/documents/"
KEPT = {
    **DOCUMENT,
    "doc_number": "C01X",
    "expiry_date": "2099-01-01",
    "details": "Page 2",
    "filename": "passport.pdf",
    "size": 700,
    "content_type": "application/pdf",
    "scan_state": "clean",
    "state": "uploaded",
    "completed": True,
    "uploaded_at": MOMENT,
}


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture(scope="module")
def first_agency(once):
    return once(make_agency)


@pytest.fixture
def agency(first_agency):
    return deepcopy(first_agency)


@pytest.fixture
def api(agency):
    return ApiClient(agency.member)


@pytest.fixture
def case(agency):
    return make_case(agency)


@pytest.fixture
def document(case):
    return case.documents.first()


@pytest.fixture
def kept(agency, document):
    return fill(document, actor=agency.member)


def file(content=None, name="passport.pdf"):
    return SimpleUploadedFile(name, pdf_bytes() if content is None else content, "application/pdf")


def path(document, action=""):
    return f"{URL}{document if isinstance(document, int) else document.pk}/{action}"


def form(api, method, address, body):
    """A multipart form; Django's client makes one of the body of a POST alone."""
    if method != "POST":
        return api.generic(method, address, encode_multipart(BOUNDARY, body), MULTIPART_CONTENT)
    return api.call(method, address, body, files=True)


def body(case, kind, **changes):
    return {"customer_application": case.pk, "doc_type": kind.pk, **changes}


def test_document_is_added_with_its_file(agency, api, case):
    kind = make_document_type(agency.organization, "Passport", actions=["ask-customer"])
    given = body(
        case, kind, file=file(), doc_number="C01X", expiry_date="2099-01-01", details="Page 2", required="true"
    )
    answer = form(api, "POST", URL, given)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert_shape(made, KEPT)
    assert {name: made[name] for name in ("doc_type_name", "required", "state", "completed", "actions")} == {
        "doc_type_name": "Passport",
        "required": True,
        "state": "uploaded",
        "completed": True,
        "actions": ["ask-customer"],
    }
    assert api.call("GET", path(made["id"])).json() == made


def test_document_is_added_without_a_file_by_json(agency, api, case):
    answer = api.call("POST", URL, body(case, make_document_type(agency.organization)))
    assert (answer.status_code, answer.json()["state"], answer.json()["required"]) == (201, "missing", False)


def test_second_document_of_a_type_is_a_conflict(api, case, document):
    answer = api.call("POST", URL, body(case, document.document_type))
    assert answer.status_code == 409
    assert set(answer.json()) == {"error", "details"}
    assert CaseDocument.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customer_application": None}, "customer_application"),
        ({"customer_application": "x"}, "customer_application"),
        ({"customer_application": 2**70}, "customer_application"),
        ({"doc_type": None}, "doc_type"),
        ({"doc_type": 2**70}, "doc_type"),
        ({"doc_number": "x" * 101}, "doc_number"),
        ({"expiry_date": "soon"}, "expiry_date"),
        ({"expiry_date": "0001-01-01"}, "expiry_date"),
        ({"details": "x" * 1001}, "details"),
        ({"file": "text"}, "file"),
    ],
)
def test_what_cannot_be_read_is_named(agency, api, case, changes, field):
    given = {**body(case, make_document_type(agency.organization)), **changes}
    answer = api.call("POST", URL, {name: value for name, value in given.items() if value is not None})
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])
    assert CaseDocument.objects.count() == 3


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.pdf"),
        (png_bytes(), "really-a-picture.pdf"),
        (exe_bytes(), "program.pdf"),
        (b"%PDF-1.7 cut", "cut.pdf"),
        (b"plain text", "notes.txt"),
        (pdf_bytes(password="secret"), "locked.pdf"),
        (pdf_bytes(streams=(EICAR,)), "virus.pdf"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_file_that_must_not_come_in_leaves_nothing(agency, api, case, document, method, content, name):
    kind = make_document_type(agency.organization)
    address, given = (URL, body(case, kind)) if method == "POST" else (path(document), {"doc_number": "X"})
    answer = form(api, method, address, {**given, "file": file(content, name)})
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["details"]) == ["file"] or "virus" in answer.json()["error"]
    assert not StoredFile.objects.exists()
    assert CaseDocument.objects.count() == 3
    assert CaseDocument.objects.get(pk=document.pk).number == ""


def test_files_that_replace_others_are_counted_as_uploads(api, document, settings):
    settings.THROTTLING, settings.RATE_LIMITS = True, settings.RATE_LIMITS | {"upload": "1/minute"}
    answers = [form(api, "PATCH", path(document), {"file": file()}).status_code for _ in range(2)]
    described = api.call("PATCH", path(document), {"details": "Page 1"})
    assert ([*answers, described.status_code]) == [200, 429, 200]


def test_file_that_is_too_large_is_413(api, document):
    answer = form(api, "PATCH", path(document), {"file": file(b"%PDF-1.7" + b"0" * (20 << 20))})
    assert answer.status_code == 413
    assert CaseDocument.objects.get(pk=document.pk).file is None


def test_foreign_ids_are_unknown(agency, case):
    theirs, caller = make_agency(), ApiClient(agency.admin)
    kind = make_document_type(agency.organization)
    for field, foreign in (
        ("customer_application", make_case(theirs).pk),
        ("doc_type", make_document_type(theirs.organization).pk),
    ):
        answers = [caller.call("POST", URL, {**body(case, kind), field: pk}) for pk in (foreign, 2**40)]
        assert [answer.status_code for answer in answers] == [400, 400]
        assert answers[0].json() == answers[1].json()
        assert list(answers[0].json()["details"]) == [field]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_document_is_changed_by_json_and_by_form(api, document, method):
    sent = form(api, method, path(document), {"file": file(), "doc_number": "C01X"})
    assert (sent.status_code, sent.json()["doc_number"], sent.json()["completed"]) == (200, "C01X", True)
    told = api.call(method, path(document), {"expiry_date": "2099-01-01", "details": "Page 2", "state": "checked"})
    assert told.status_code == 200, told.content
    changed = told.json()
    assert_shape(changed, KEPT)
    assert (changed["doc_number"], changed["filename"], changed["state"]) == ("C01X", "passport.pdf", "uploaded")
    emptied = form(api, method, path(document), {"doc_number": "", "expiry_date": ""})
    assert (emptied.json()["doc_number"], emptied.json()["expiry_date"]) == ("", None)
    assert emptied.json()["details"] == "Page 2"


def test_state_follows_from_what_is_there(agency, api, case):
    document = case.documents.first()
    kind = document.document_type
    kind.has_number = kind.has_expiry_date = True
    kind.save()
    form(api, "PATCH", path(document), {"file": file()})
    assert api.call("GET", path(document)).json()["completed"] is False
    days = [
        (timezone.localdate() - timedelta(days=1), "expired"),
        (case.due_date - timedelta(days=1), "expiring"),
        (date(2099, 1, 1), "uploaded"),
    ]
    for day, expected in days:
        answer = api.call("PATCH", path(document), {"doc_number": "1", "expiry_date": day.isoformat()})
        assert (answer.json()["completed"], answer.json()["state"]) == (True, expected)
    StoredFile.objects.update(scan_state=ScanState.INFECTED)
    answer = api.call("GET", path(document)).json()
    assert (answer["completed"], answer["state"], answer["scan_state"]) == (False, "missing", "infected")


def test_document_is_checked_and_unchecked(agency, api, kept, case):
    address = path(kept, "check/")
    checked = api.call("POST", address, {"checked": True})
    assert (checked.status_code, checked.json()["state"]) == (200, "checked")
    assert checked.json()["checked_by"] == agency.member.pk
    assert api.call("POST", address, {"checked": False}).json()["state"] == "uploaded"
    for wrong in ({}, {"checked": "perhaps"}, {"checked": None}):
        refused = api.call("POST", address, wrong)
        assert (refused.status_code, list(refused.json()["details"])) == (400, ["checked"])
    missing = case.documents.filter(file=None).first()
    assert api.call("POST", path(missing, "check/"), {"checked": True}).status_code == 400


def test_removed_document_is_gone_or_missing_again(api, case, kept):
    assert api.call("DELETE", path(kept)).status_code == 204
    assert api.call("GET", path(kept)).json()["state"] == "missing"
    optional = case.documents.get(required=False)
    assert api.call("DELETE", path(optional)).status_code == 204
    assert api.call("GET", path(optional)).status_code == 404


def test_nothing_is_changed_in_a_completed_case(agency, api, case, kept):
    force_close_case(actor=agency.staff, case=case, reason="x", now=timezone.now())
    kind = make_document_type(agency.organization)
    for answer in (
        api.call("PATCH", path(kept), {"doc_number": "other"}),
        api.call("DELETE", path(kept)),
        api.call("POST", path(kept, "check/"), {"checked": True}),
        api.call("POST", URL, body(case, kind)),
    ):
        assert answer.status_code == 400
        assert "Reopen" in answer.json()["error"]


def test_file_is_downloaded_and_that_is_kept(api, kept):
    answer = api.call("GET", path(kept, "download/"))
    assert b"".join(answer.streaming_content) == pdf_bytes()
    assert answer["Content-Disposition"] == 'attachment; filename="passport.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert AuditEntry.objects.filter(action="downloaded", new_values__document=kept.pk).count() == 1


@pytest.mark.parametrize("action", ["download/", "pages/", "pages/1/", "thumbnail/"])
def test_file_leaves_only_when_it_was_found_clean(api, document, action, agency):
    assert api.call("GET", path(document, action)).status_code == 404
    kept = fill(document, actor=agency.member)
    tag = api.call("GET", path(kept, action)).headers.get("ETag", "")
    for state in (ScanState.PENDING, ScanState.INFECTED, ScanState.FAILED):
        StoredFile.objects.update(scan_state=state)
        assert api.call("GET", path(kept, action), HTTP_IF_NONE_MATCH=tag).status_code == 423


def test_print_data_has_all_around_the_document(agency, api, kept, case):
    answer = api.call("GET", path(kept, "print/"))
    assert answer.status_code == 200
    printed = answer.json()
    assert_shape(printed, DOCUMENT)
    assert_shape(
        printed,
        {
            "application": {"id": 1, "number": "CASE", "doc_date": "2026-03-10", "due_date": "2026-03-10"},
            "customer": {"id": 1, "name": "Jane", "email": "", "phone": "", "address": ""},
            "product": {"id": 1, "code": "P", "name": "Product"},
            "organization": {"name": "Office", "address": "", "country": "DE", "tax_number": ""},
        },
    )
    assert printed["application"]["number"] == case.number
    assert printed["customer"]["name"] == agency.customer.party.name


def three_kept(agency, case):
    """A page of text, a picture held upright, another page."""
    given = [
        (pdf_bytes("One"), "one.pdf"),
        (jpg_bytes((100, 300)), "two.jpg"),
        (pdf_bytes("Three"), "three.pdf"),
    ]
    api = ApiClient(agency.member)
    documents = list(case.documents.all())
    for document, (content, name) in zip(documents, given, strict=True):
        answer = form(api, "PATCH", path(document), {"file": file(content, name)})
        assert answer.status_code == 200, answer.content
    return documents


def test_files_are_merged_in_the_order_asked_for(agency, api, case):
    one, two, three = three_kept(agency, case)
    answer = api.call("POST", f"{URL}merge-pdf/", {"document_ids": [three.pk, two.pk, one.pk]})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{case.number}.pdf"'
    pages = pikepdf.open(io.BytesIO(b"".join(answer.streaming_content))).pages
    assert len(pages) == 3
    assert b"Three" in pages[0].Contents.read_bytes()
    assert b"One" in pages[2].Contents.read_bytes()
    taken = AuditEntry.objects.get(action="documents_merged").new_values["documents"]
    assert [document["filename"] for document in taken] == ["three.pdf", "two.jpg", "one.pdf"]


def test_merge_of_what_is_not_complete_or_not_mergeable_is_refused(agency, api, case):
    one, two, three = three_kept(agency, case)
    address = f"{URL}merge-pdf/"
    form(api, "PATCH", path(two), {"file": file(docx_bytes(), "letter.docx")})
    refused = api.call("POST", address, {"document_ids": [one.pk, two.pk]})
    assert refused.status_code == 400
    assert "letter.docx" in refused.json()["error"]
    CaseDocument.objects.filter(pk=three.pk).update(file=None)
    refused = api.call("POST", address, {"document_ids": [one.pk, three.pk]})
    assert refused.status_code == 400
    assert three.document_type.name in refused.json()["error"]
    assert not AuditEntry.objects.filter(action="documents_merged").exists()


@pytest.mark.parametrize("ids", [[], None, "x", ["x"], [2**70], [-1], [0]])
def test_ids_that_cannot_be_merged_are_a_field_error(api, kept, ids):
    answer = api.call("POST", f"{URL}merge-pdf/", {} if ids is None else {"document_ids": ids})
    assert answer.status_code == 400
    assert [name.partition(".")[0] for name in answer.json()["details"]] == ["document_ids"]


def test_foreign_document_is_not_merged(agency, api, kept):
    theirs = make_agency()
    foreign = fill(make_case(theirs).documents.first(), actor=theirs.member)
    answer = api.call("POST", f"{URL}merge-pdf/", {"document_ids": [kept.pk, foreign.pk]})
    assert answer.json()["details"] == {"document_ids": [f"There is no such document: {foreign.pk}."]}


def test_pages_are_counted_and_shown(api, kept):
    pages = api.call("GET", path(kept, "pages/")).json()
    assert pages == {"count": 1, "pages": [{"number": 1, "url": f"http://testserver{path(kept, 'pages/1/')}"}]}
    answer = api.call("GET", path(kept, "pages/1/"), {"width": 300})
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(answer.content)).width == 300
    assert AuditEntry.objects.filter(action="viewed", new_values__document=kept.pk).count() == 1
    assert Image.open(io.BytesIO(api.call("GET", path(kept, "pages/1/")).content)).width == 1000
    for number in (0, 2, 2**70):
        assert api.call("GET", path(kept, f"pages/{number}/")).status_code == 404
    for width in ("39", "2001", "wide", "-5"):
        refused = api.call("GET", path(kept, "pages/1/"), {"width": width})
        assert (refused.status_code, list(refused.json()["details"])) == (400, ["width"])


def test_thumbnail_is_kept_by_the_caller_alone(api, kept, agency):
    answer = api.call("GET", path(kept, "thumbnail/"))
    assert Image.open(io.BytesIO(answer.content)).width == 240
    assert answer["Cache-Control"] == "private, no-cache"
    assert api.call("GET", path(kept, "thumbnail/"), {"v": "1"})["Cache-Control"] == "private, max-age=86400"
    again = api.call("GET", path(kept, "thumbnail/"), HTTP_IF_NONE_MATCH=answer["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    form(api, "PATCH", path(kept), {"file": file(jpg_bytes((300, 300)), "photo.jpg")})
    changed = api.call("GET", path(kept, "thumbnail/"), HTTP_IF_NONE_MATCH=answer["ETag"])
    assert changed.status_code == 200
    assert Image.open(io.BytesIO(changed.content)).size == (240, 240)


def test_what_has_no_pages_says_so(api, document):
    form(api, "PATCH", path(document), {"file": file(docx_bytes(), "letter.docx")})
    for action in ("pages/", "pages/1/", "thumbnail/"):
        answer = api.call("GET", path(document, action))
        assert answer.status_code == 400
        assert "letter.docx" in answer.json()["error"]


def test_action_is_run_where_its_type_offers_it(agency, api, document):
    kind = document.document_type
    kind.actions = ["fill-from-customer"]
    kind.save()
    agency.customer.passport_number = "C01X"
    agency.customer.save()
    answer = api.call("POST", path(document, "actions/fill-from-customer/"))
    assert (answer.status_code, answer.json()["doc_number"]) == (200, "C01X")
    for name in ("use-previous", "unknown"):
        assert api.call("POST", path(document, f"actions/{name}/")).status_code == 404


def test_list_is_narrowed_and_sorted(agency, api, case, kept):
    other = make_case(agency)
    make_case(make_agency())
    answer = api.call("GET", URL).json()
    assert answer["count"] == 6
    assert_shape(answer["results"][0], DOCUMENT)

    def found(**parameters):
        answer = api.call("GET", URL, parameters)
        assert answer.status_code == 200, answer.content
        return {row["id"] for row in answer.json()["results"]}

    of_case, of_other = ({row.pk for row in one.documents.all()} for one in (case, other))
    assert found(customer_application=case.pk) == of_case
    assert found(doc_type=kept.document_type_id, customer_application=case.pk) == {kept.pk}
    assert found(customer=agency.customer.pk) == of_case | of_other
    assert found(required="true", customer_application=case.pk) < of_case
    assert found(completed="true") == {kept.pk}
    assert found(completed="false") == (of_case | of_other) - {kept.pk}
    assert found(checked="true") == set()
    assert found(checked="false") == of_case | of_other
    assert found(expiry_date__gte="2099-01-01") == {kept.pk} == found(expiry_date__lte="2099-01-01")
    assert found(search=f"{case.number} passport.pdf") == {kept.pk}
    assert found(created_at__gte="2100-01-01") == set()
    assert found(ordering="-doc_number", page_size=1) == {kept.pk}
    for name in ("customer_application", "completed", "expiry_date__gte", "ordering"):
        refused = api.call("GET", URL, {name: "x"})
        assert (refused.status_code, list(refused.json()["details"])) == (400, [name])


@pytest.mark.parametrize("address", ["upload/", "processing-status/1/"])
def test_addresses_of_document_intake_are_not_taken_for_documents(api, address):
    assert api.call("GET", f"{URL}{address}").status_code == 404


@pytest.mark.parametrize(
    ("method", "action", "given"),
    [
        ("GET", "", None),
        ("PUT", "", {}),
        ("PATCH", "", {"doc_number": "x"}),
        ("DELETE", "", None),
        ("GET", "download/", None),
        ("GET", "print/", None),
        ("GET", "pages/", None),
        ("GET", "pages/1/", None),
        ("GET", "thumbnail/", None),
        ("POST", "check/", {"checked": True}),
        ("POST", "actions/use-previous/", None),
    ],
)
def test_document_that_one_does_not_see_is_not_there(agency, kept, method, action, given):
    for caller in (agency.other, make_agency().admin):
        assert ApiClient(caller).call(method, path(kept, action), given).status_code == 404
    assert ApiClient(agency.admin).call(method, path(2**70, action), given).status_code == 404
    assert ApiClient().call(method, path(kept, action), given).status_code == 401


def test_other_methods_are_refused(api, kept):
    for method, action in (("POST", ""), ("GET", "merge-pdf/"), ("POST", "download/"), ("GET", "check/")):
        address = f"{URL}{action}" if action == "merge-pdf/" else path(kept, action)
        assert api.call(method, address).status_code == 405
