"""The customer's page by link: one case, uploads only, for a time. Whatever else is tried there is refused."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from bureau.accounts.services.organizations import update_organization
from bureau.cases.models import Case, CaseDocument, CaseLink
from bureau.cases.services import links
from bureau.cases.services.cases import force_close_case
from bureau.cases.services.documents import set_checked
from bureau.cases.services.products import DocumentInput
from bureau.parties.services.customers import set_active
from tests.core import samples
from tests.factories.cases import fill, make_agency, make_case
from tests.factories.products import make_document_type, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency():
    return make_agency()


@pytest.fixture
def case(agency):
    return make_case(agency)


@pytest.fixture
def browser():
    """Without an account, and with the check for forged forms on."""
    return Client(enforce_csrf_checks=True, headers={"Origin": "null"})


def token_of(agency, case: Case, **options) -> str:
    return links.create_link(actor=agency.staff, case=case, now=options.pop("now", timezone.now()), **options)[1]


def first(case: Case) -> CaseDocument:
    return CaseDocument.objects.filter(case=case).select_related("document_type", "case__customer").first()


def photo(name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, samples.jpg_bytes(), "image/jpeg")


def send(browser, token: str, document: CaseDocument, **given):
    return browser.post(f"/c/{token}/documents/{document.pk}/", given)


def passport_case(agency) -> Case:
    kind = make_document_type(
        agency.organization, "Passport", has_number=True, has_expiry_date=True, description="The page with the photo"
    )
    return make_case(agency, product=make_product(agency.organization, document_inputs=[DocumentInput(kind.pk, True)]))


def test_page_shows_the_progress_and_what_is_needed(agency, browser):
    case = passport_case(agency)
    answer = browser.get(f"/c/{token_of(agency, case)}/")
    text = answer.content.decode()
    assert answer.status_code == 200
    for words in (
        agency.organization.name,
        case.customer.party.name,
        case.number,
        "Passport",
        "The page with the photo",
    ):
        assert words in text
    assert "We need 1 document from you." in text
    assert "Task 1" in text
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]
    assert CaseLink.objects.get().used_at is not None


def test_customer_sends_a_file_and_reads_that_it_has_arrived(agency, case, browser):
    token, document = token_of(agency, case), first(case)
    answer = send(browser, token, document, file=photo())
    assert answer.status_code == 302
    assert answer["Referrer-Policy"] == "no-referrer"
    text = browser.get(answer.url).content.decode()
    assert "Thank you: it has arrived." in text
    assert "We need 1 document from you." in text
    document.refresh_from_db()
    assert (document.file.filename, document.file.uploader, document.checked_at) == ("photo.jpg", None, None)
    assert CaseLink.objects.get().uploads == 1


def test_number_and_date_are_asked_for_and_what_was_typed_stays(agency, browser):
    case = passport_case(agency)
    token, document = token_of(agency, case), first(case)
    for given, words in (
        ({"number": "C01X", "expiry_date": ""}, "Please give the day"),
        ({"number": "", "expiry_date": "2099-01-01"}, "Please type the number"),
        ({"number": "C01X", "expiry_date": "soon"}, "Give a day"),
    ):
        answer = send(browser, token, document, file=photo(), **given)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert given["number"] in answer.content.decode()
    document.refresh_from_db()
    assert document.file is None
    assert send(browser, token, document, file=photo(), number="C01X", expiry_date="2099-01-01").status_code == 302
    document.refresh_from_db()
    assert (document.number, document.expiry_date) == ("C01X", date(2099, 1, 1))


def test_nothing_that_stands_in_a_document_is_shown(agency, browser, client):
    case = passport_case(agency)
    document = fill(first(case), actor=agency.staff, number="SECRET-77", expiry=date(2098, 7, 6))
    token = token_of(agency, case)
    text = browser.get(f"/c/{token}/").content.decode()
    for secret in ("SECRET-77", "2098", "passport.pdf", agency.staff.username, f"/documents/{document.pk}/file"):
        assert secret not in text
    assert "Received" in text
    for path in (
        f"/c/{token}/documents/{document.pk}/", f"/c/{token}/documents/{document.pk}/file/",
        f"/c/{token}/documents/{document.pk}/thumbnail/", f"/c/{token}/logo/", f"/c/{token}/links/",
    ):  # fmt: skip
        assert browser.get(path).status_code in (404, 405), path
    for path in (
        f"/cases/{case.pk}/", f"/cases/documents/{document.pk}/file/", f"/cases/documents/{document.pk}/thumbnail/",
    ):  # fmt: skip
        answer = browser.get(path)
        assert (answer.status_code, "/sign-in/" in answer.url) == (302, True), path
    bearer = {"Authorization": f"Bearer {token}"}
    for path in (f"/api/documents/{document.pk}/download/", f"/api/customer-applications/{case.pk}/"):
        assert browser.get(path, headers=bearer).status_code == 401


@pytest.mark.parametrize("ended", ["unknown", "expired", "revoked", "inactive", "strange"])
def test_link_that_does_not_work_is_one_and_the_same_page(agency, case, browser, ended):
    token = "x" * 43
    if ended == "expired":
        token = token_of(agency, case, now=timezone.now() - timedelta(days=15))
    elif ended == "revoked":
        token = token_of(agency, case)
        links.revoke_link(actor=agency.staff, link=CaseLink.objects.get(), now=timezone.now())
    elif ended == "inactive":
        token = token_of(agency, case)
        set_active(actor=agency.staff, customer=case.customer, active=False, now=timezone.now())
    elif ended == "strange":
        token = "%00%F0%9F%94%91\ud7ff"
    expected = browser.get(f"/c/{'y' * 43}/")
    for answer in (browser.get(f"/c/{token}/"), send(browser, token, first(case), file=photo())):
        assert answer.status_code == 404
        assert answer.content == expected.content
        assert answer["Cache-Control"] == "no-store"
    assert "This link does not work any more" in expected.content.decode()
    assert first(case).file is None


def test_link_opens_no_other_case(agency, case, browser):
    """Neither the same customer's nor another's."""
    other = make_case(agency)
    token = token_of(agency, case)
    stranger = make_agency()
    strange = make_case(stranger)
    for document in (first(other), first(strange)):
        assert send(browser, token, document, file=photo()).status_code == 404
        document.refresh_from_db()
        assert document.file is None
    assert other.number not in browser.get(f"/c/{token}/").content.decode()
    for pk in (0, 2**63, 10**30):
        assert browser.post(f"/c/{token}/documents/{pk}/", {"file": photo()}).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("photo.jpg", samples.exe_bytes(), "the content is not"),
        ("photo.jpg", samples.png_bytes(), "the content is not"),
        ("scan.html", b"<script>alert(1)</script>", "accepted"),
        ("photo.jpg", b"", "file"),
        ("scan.pdf", samples.pdf_bytes(streams=(samples.EICAR,)), "virus"),
    ],
    ids=["program", "lying", "html", "empty", "infected"],
)
def test_file_that_is_not_what_it_says_is_refused_beside_its_field(agency, case, browser, name, content, words):
    token, document = token_of(agency, case), first(case)
    answer = send(browser, token, document, file=SimpleUploadedFile(name, content))
    assert answer.status_code == 422
    assert words in answer.content.decode().split("errorlist")[1]
    document.refresh_from_db()
    assert document.file is None
    assert CaseLink.objects.get().uploads == 0


def test_form_without_a_file_says_so(agency, case, browser):
    answer = send(browser, token_of(agency, case), first(case))
    assert answer.status_code == 422
    assert "Choose a file or take a photo first." in answer.content.decode()


def test_too_many_files_have_to_wait(agency, case, browser, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "upload": "2/minute"}
    settings.THROTTLING = True
    token, document = token_of(agency, case), first(case)
    assert [send(browser, token, document, file=photo()).status_code for _ in range(2)] == [302, 302]
    answer = send(browser, token, document, file=photo())
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "Wait a minute" in answer.content.decode()
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert send(elsewhere, token, document, file=photo()).status_code == 429, "the link's own limit"
    other = make_case(agency)
    assert send(browser, token_of(agency, other), first(other), file=photo()).status_code == 429, "the address's"
    assert send(elsewhere, token_of(agency, other), first(other), file=photo()).status_code == 302
    assert browser.get(f"/c/{token}/").status_code == 200, "looking is not counted"


def test_checked_document_stays_as_it_is(agency, case, browser):
    document = fill(first(case), actor=agency.staff)
    set_checked(actor=agency.staff, document=document, checked=True, now=timezone.now())
    token = token_of(agency, case)
    text = browser.get(f"/c/{token}/").content.decode()
    assert "Received and right" in text
    assert f"/c/{token}/documents/{document.pk}/" not in text
    answer = send(browser, token, document, file=photo())
    assert answer.status_code == 422
    document.refresh_from_db()
    assert document.file.filename == "passport.pdf"


def test_checked_document_that_has_expired_is_sent_again(agency, browser):
    case, today = passport_case(agency), timezone.localdate()
    document = fill(first(case), actor=agency.staff, expiry=today)
    set_checked(actor=agency.staff, document=document, checked=True, now=timezone.now())
    CaseDocument.objects.update(expiry_date=today - timedelta(days=1))
    token = token_of(agency, case)
    text = browser.get(f"/c/{token}/").content.decode()
    assert "Please send one that is valid." in text
    assert f"/c/{token}/documents/{document.pk}/" in text
    answer = send(browser, token, document, file=photo(), number="X2", expiry_date="2099-01-01")
    assert answer.status_code == 302
    document.refresh_from_db()
    assert (document.file.filename, document.number, document.checked_at) == ("photo.jpg", "X2", None)


def test_completed_case_takes_nothing_more(agency, case, browser):
    token = token_of(agency, case)
    force_close_case(actor=agency.staff, case=case, reason="Done elsewhere", now=timezone.now())
    text = browser.get(f"/c/{token}/").content.decode()
    assert "All done." in text
    assert "<form" not in text
    assert "Done elsewhere" not in text
    assert send(browser, token, first(case), file=photo()).status_code == 422
    assert first(case).file is None


def test_replaced_number_is_never_shown_to_whoever_holds_the_link(agency, browser):
    case = passport_case(agency)
    fill(first(case), actor=agency.staff, number="SECRET-77")
    answer = send(browser, token_of(agency, case), first(case), number="MINE-1", expiry_date="")
    assert "SECRET-77" not in answer.content.decode()


def test_logo_of_the_organization_is_shown(agency, case, browser):
    token = token_of(agency, case)
    logo = SimpleUploadedFile("logo.png", samples.png_bytes(), "image/png")
    update_organization(
        actor=agency.admin, organization=agency.organization, changes={"logo": logo}, now=timezone.now()
    )
    assert f"/c/{token}/logo/" in browser.get(f"/c/{token}/").content.decode()
    answer = browser.get(f"/c/{token}/logo/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert browser.get(f"/c/{'x' * 43}/logo/").status_code == 404


def test_what_arrived_but_has_expired_is_asked_for_again_without_thanks(agency, browser):
    case = passport_case(agency)
    token, document = token_of(agency, case), first(case)
    answer = send(browser, token, document, number="C01X", expiry_date="2024-01-05", file=photo())
    page = browser.get(answer.url.partition("#")[0]).content.decode()
    assert "It has arrived, but it is not enough. Please send one that is valid." in page
    assert "Thank you" not in page
