"""Files on a request: who adds, removes and downloads them."""

from io import BytesIO

import pytest

from bureau.core.models import AuditEntry, ScanState, StoredFile
from bureau.kit.errors import DomainError, Forbidden, Invalid, Locked, NotFound, TooLarge
from bureau.purchasing.models import Attachment
from bureau.purchasing.services import attachments, requests
from bureau.purchasing.states import RequestStatus
from tests.core.samples import EICAR, pdf_bytes, png_bytes
from tests.factories.accounts import make_user
from tests.factories.purchasing import NOW, make_draft, make_office, pdf, request_in

pytestmark = pytest.mark.django_db
S = RequestStatus


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def attach(person, request, content=None, filename="quote.pdf", **options) -> Attachment:
    upload = pdf() if content is None else BytesIO(content)
    return attachments.attach_file(actor=person, request=request, upload=upload, filename=filename, now=NOW, **options)


def test_attached_file_is_kept_with_its_true_type():
    office = make_office()
    request = make_draft(office)
    attachment = attach(office.requester, request, category=" Quote ", declared_type="image/png")
    file = attachment.file
    assert (attachment.category, file.filename, file.content_type) == ("Quote", "quote.pdf", "application/pdf")
    content = attachments.open_attachment(actor=office.requester, attachment=attachment, now=NOW)
    assert content.read() == pdf_bytes()


@pytest.mark.parametrize(
    ("content", "filename", "error"),
    [
        (b"", "empty.pdf", Invalid),
        (png_bytes(), "really.pdf", Invalid),
        (b"hello", "note.txt", Invalid),
        (EICAR, "virus.pdf", DomainError),
        (b"%PDF-1.4" + b"0" * (10 * 1024 * 1024), "big.pdf", TooLarge),
    ],
)
def test_file_that_must_not_come_in_leaves_nothing(content, filename, error):
    office = make_office()
    request = make_draft(office)
    with pytest.raises(error):
        attach(office.requester, request, content, filename)
    assert not StoredFile.objects.exists()
    assert not request.attachments.exists()


def test_request_takes_twenty_files():
    office = make_office()
    request = make_draft(office)
    file = attach(office.requester, request).file
    Attachment.objects.bulk_create(Attachment(request=request, file=file, created_at=NOW) for _ in range(19))
    with pytest.raises(Invalid, match="20"):
        attach(office.requester, request)
    assert StoredFile.objects.count() == 1


@pytest.mark.parametrize("category", ["x" * 51, "a\x00"])
def test_wrong_category_is_refused(category):
    office = make_office()
    with pytest.raises(Invalid) as refused:
        attach(office.requester, make_draft(office), category=category)
    assert list(refused.value.fields) == ["category"]


@pytest.mark.parametrize("who", ["manager", "finance", "admin"])
def test_only_the_requestor_attaches_to_a_draft(who):
    office = make_office()
    with pytest.raises(Forbidden):
        attach(getattr(office, who), make_draft(office))


def test_finance_reviewers_attach_during_their_review():
    office = make_office()
    request = request_in(S.FINANCE_REVIEW, office)
    attach(office.finance, request, category="Proof of payment")
    request.refresh_from_db()
    assert request.status == S.FINANCE_REVIEW
    with pytest.raises(Forbidden):
        attach(office.manager, request)


def test_removed_file_empties_the_field_that_named_it():
    office = make_office(fields=[{"field_id": "quote", "name": "Quote", "field_type": "FILE"}])
    request = make_draft(office, field_values={})
    attachment = attach(office.requester, request)
    requests.update_request(
        actor=office.requester, request=request, field_values={"quote": str(attachment.uuid)}, now=NOW
    )
    assert request.field_values.get().value == attachment
    attachments.remove_attachment(actor=office.requester, attachment=attachment, now=NOW)
    assert not request.field_values.exists()
    assert not request.attachments.exists()
    with pytest.raises(NotFound):
        attachments.remove_attachment(actor=office.requester, attachment=attachment, now=NOW)


def test_file_is_removed_by_whoever_added_it_only():
    office = make_office()
    request = request_in(S.FINANCE_REVIEW, office)
    quote = Attachment.objects.create(request=request, file=attach(office.finance, request).file, created_at=NOW)
    StoredFile.objects.update(uploader=office.requester)
    with pytest.raises(Forbidden, match="added"):
        attachments.remove_attachment(actor=office.finance, attachment=quote, now=NOW)


def test_download_is_audited():
    office = make_office()
    attachment = attach(office.requester, make_draft(office))
    attachments.open_attachment(actor=office.admin, attachment=attachment, now=NOW)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.user, entry.entity_type) == ("downloaded", office.admin, "purchase_request")
    assert entry.new_values["filename"] == "quote.pdf"


def test_download_by_somebody_who_does_not_see_the_request_is_not_found():
    office = make_office()
    attachment = attach(office.requester, make_draft(office))
    for person in (office.manager, make_user()):
        with pytest.raises(NotFound):
            attachments.open_attachment(actor=person, attachment=attachment, now=NOW)
        assert not Attachment.objects.visible_to(person).exists()
    assert Attachment.objects.visible_to(office.requester).get() == attachment


@pytest.mark.parametrize("state", [ScanState.PENDING, ScanState.INFECTED, ScanState.FAILED])
def test_file_that_is_not_clean_does_not_leave(state):
    office = make_office()
    attachment = attach(office.requester, make_draft(office))
    StoredFile.objects.update(scan_state=state)
    attachment.refresh_from_db()
    entries = AuditEntry.objects.count()
    with pytest.raises(Locked):
        attachments.open_attachment(actor=office.requester, attachment=attachment, now=NOW)
    assert AuditEntry.objects.count() == entries
