"""Cases in the pages: found, started, worked on line by line and step by step, and hidden from others."""

from copy import deepcopy
from datetime import date, timedelta
from io import BytesIO

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from bureau.cases.models import Case, CaseDocument, CaseLink
from bureau.cases.services import links
from bureau.cases.services.cases import set_step_status, update_case
from bureau.cases.services.products import DocumentInput
from bureau.core.models import Job
from bureau.parties.models import Customer
from bureau.web.templatetags.cases import due
from tests.core import samples
from tests.factories.accounts import make_user
from tests.factories.cases import fill, fill_required, make_agency, make_case
from tests.factories.parties import make_customer
from tests.factories.products import make_document_type, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def first_agency(once):
    return once(make_agency)


@pytest.fixture
def agency(first_agency):
    return deepcopy(first_agency)


@pytest.fixture
def case(agency):
    return make_case(agency)


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def url(name: str, *args) -> str:
    return reverse(f"web:{name}", args=args)


def passport_case(agency, **options) -> Case:
    """With one document, which has a number and an expiry date."""
    kind = make_document_type(agency.organization, "Passport", has_number=True, has_expiry_date=True)
    product = make_product(agency.organization, document_inputs=[DocumentInput(kind.pk, True)])
    return make_case(agency, product=product, **options)


def only(case: Case) -> CaseDocument:
    return CaseDocument.objects.get(case=case)


def pdf(name: str = "scan.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, samples.pdf_bytes(), "application/pdf")


# --- The list and the board


def test_list_stands_in_the_order_of_urgency(agency, sign_in):
    late = make_case(agency, now=timezone.now() - timedelta(days=40), customer=customer(agency, "Late"))
    new = make_case(agency, customer=customer(agency, "New"))
    text = text_of(sign_in(agency.staff).get(url("cases")))
    assert text.index(late.number) < text.index(new.number)
    assert "days overdue" in text
    assert "2 missing" in text


def customer(agency, name: str) -> Customer:
    return make_customer(agency.organization, owner=agency.member, first_name=name, last_name="Person")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ("Ada", "Ben")),
        ("q=ada", ("Ada",)),
        ("due=overdue", ("Ben",)),
        ("due=week", ("Ada", "Ben")),
        ("step=waiting", ()),
        ("step=1", ("Ada", "Ben")),
        ("status=completed", ()),
        ("status=all", ("Ada", "Ben")),
        ("product=nothing", ()),
        ("mine=1", ("Ben",)),
        ("q=%00&status=nothing&due=nothing&step=99999999999", ("Ada", "Ben")),
    ],
)
def test_list_is_narrowed(agency, sign_in, query, found):
    make_case(agency, customer=customer(agency, "Ada"))
    make_case(agency, actor=agency.staff, customer=customer(agency, "Ben"), now=timezone.now() - timedelta(days=30))
    text = text_of(sign_in(agency.staff).get(f"{url('cases')}?{query}"))
    assert tuple(name for name in ("Ada", "Ben") if f"{name} Person" in text) == found


def test_list_of_a_product_offers_its_steps(agency, case, sign_in):
    text = text_of(sign_in(agency.staff).get(f"{url('cases')}?product={agency.product.code}"))
    assert '<option value="2">2 Task 2</option>' in text


def test_list_is_exported_as_filtered(agency, case, sign_in):
    answer = sign_in(agency.staff).get(f"{url('cases')}?q={case.number}&export=csv")
    assert case.number in b"".join(answer.streaming_content).decode()


def test_list_and_board_cost_the_same_however_long(agency, sign_in, django_assert_max_num_queries):
    browser = sign_in(agency.staff)

    def cost(path: str) -> int:
        browser.get(path)
        with django_assert_max_num_queries(60) as queries:
            text_of(browser.get(path))
        return len(queries)

    make_case(agency)
    before = [cost(url("cases")), cost(url("case-board"))]
    for _ in range(3):
        make_case(agency)
    assert [cost(url("cases")), cost(url("case-board"))] == before


def test_board_has_a_column_a_task_and_what_was_done(agency, case, sign_in):
    fill_required(case, actor=agency.staff)
    for step in (1, 2, 3):
        complete(sign_in(agency.staff), case, step)
    make_case(agency, customer=customer(agency, "Waiting"))
    text = text_of(sign_in(agency.staff).get(f"{url('case-board')}?product={agency.product.code}"))
    columns = [text.index(f">{name}</h2>") for name in ("Task 1", "Task 2", "Task 3", "Completed recently")]
    assert columns == sorted(columns)
    assert columns[0] < text.index("Waiting Person") < columns[1]
    assert columns[3] < text.index(case.number)


def test_board_shows_the_first_of_a_long_column_and_leads_to_all(agency, sign_in):
    for _ in range(21):
        make_case(agency)
    text = text_of(sign_in(agency.staff).get(f"{url('case-board')}?product={agency.product.code}"))
    assert text.count("board-card") == 20
    assert "Show all 21" in text
    assert f"{url('cases')}?step=1&amp;product={agency.product.code}" in text


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-8, "8 days overdue"),
        (-1, "1 day overdue"),
        (0, "today"),
        (1, "tomorrow"),
        (7, "in 7 days"),
        (8, "18 Mar 2026"),
    ],
)
def test_due_date_is_told_by_how_far_away_it_is(days, words):
    today = date(2026, 3, 10)
    shown = due(today + timedelta(days=days), today)
    assert words in shown
    assert ("overdue" in shown) == (days < 0)
    assert "overdue" not in due(today + timedelta(days=days), today, open=False)


# --- Who sees it

ADDRESSES = [
    ("get", "case"), ("get", "case-edit"), ("post", "case-notes"), ("post", "case-move"), ("get", "case-delete"),
    ("post", "case-delete"), ("post", "case-document-add"), ("get", "case-merge"), ("post", "case-link-new"),
]  # fmt: skip
OF_DOCUMENTS = [
    ("get", "case-document"), ("get", "case-document-file"), ("get", "case-document-thumbnail"),
    ("post", "case-document-save"), ("post", "case-document-check"), ("post", "case-document-remove"),
]  # fmt: skip


@pytest.mark.parametrize("who", ["other", "stranger"])
def test_case_of_others_is_not_there(agency, case, sign_in, who):
    document = fill(case.documents.first(), actor=agency.staff)
    person = agency.other if who == "other" else make_user(role="admin")
    browser = sign_in(person)
    assert case.number not in text_of(browser.get(url("cases")))
    assert case.number not in text_of(browser.get(url("case-board")))
    for method, name in ADDRESSES:
        assert getattr(browser, method)(url(name, case.pk), {"decision": "processing"}).status_code == 404, name
    for method, name in OF_DOCUMENTS:
        assert getattr(browser, method)(url(name, document.pk)).status_code == 404, name
    assert browser.get(url("case-document-page", document.pk, 1)).status_code == 404
    assert browser.post(url("case-document-action", document.pk, "use-previous")).status_code == 404
    link, _token = links.create_link(actor=agency.staff, case=case, now=timezone.now())
    assert browser.post(url("case-link-revoke", case.pk, link.uuid)).status_code == 404
    document.refresh_from_db()
    assert document.file is not None
    assert browser.get(url("case", 2**70)).status_code == 404


def test_page_leads_to_the_customer_only_who_sees_their_record(agency, sign_in):
    case = make_case(agency, actor=agency.staff, customer=make_customer(agency.organization, owner=agency.staff))
    update_case(actor=agency.staff, case=case, changes={"owner": agency.other}, now=timezone.now())
    address = url("customer", case.customer_id)
    assert address in text_of(sign_in(agency.staff).get(url("case", case.pk)))
    text = text_of(sign_in(agency.other).get(url("case", case.pk)))
    assert address not in text
    assert case.customer.party.name in text


def test_pages_ask_to_sign_in(client, case):
    for name in ("cases", "case-board", "case-new"):
        assert client.get(url(name)).status_code == 302


# --- The page of one


def test_page_says_what_is_left_and_offers_no_completion_before(agency, case, sign_in):
    browser = sign_in(agency.member)
    text = text_of(browser.get(url("case", case.pk)))
    assert "2 documents missing · 3 steps left" in text
    assert "Can be finished on" in text
    assert "Complete the step" not in text
    assert "The step can be completed once these are there." in text
    fill_required(case, actor=agency.member)
    text = text_of(browser.get(url("case", case.pk)))
    assert "Complete the step" in text
    assert "missing" not in text.split("What happened")[0].split("work-left")[1].split("</span>")[0]


def test_page_costs_the_same_with_more_documents(agency, sign_in, django_assert_max_num_queries):
    browser = sign_in(agency.staff)

    def cost(case: Case) -> int:
        browser.get(url("case", case.pk))
        with django_assert_max_num_queries(60) as queries:
            text_of(browser.get(url("case", case.pk)))
        return len(queries)

    short = make_case(agency)
    long = make_case(agency, product=make_product(agency.organization, required=6, optional=4))
    assert cost(short) == cost(long)


def test_note_is_added_and_an_empty_one_comes_back(agency, case, sign_in):
    browser = sign_in(agency.member)
    assert browser.post(url("case-notes", case.pk), {"text": "Called back"}).status_code == 302
    assert "Called back" in text_of(browser.get(url("case", case.pk)))
    refused = browser.post(url("case-notes", case.pk), {"text": " "})
    assert refused.status_code == 422
    assert "Write something first." in refused.content.decode()


def test_date_owner_and_notes_are_changed(agency, case, sign_in):
    browser = sign_in(agency.staff)
    given = {"doc_date": "2026-03-02", "owner": agency.staff.pk, "notes": "In a hurry"}
    assert browser.post(url("case-edit", case.pk), given).status_code == 302
    case.refresh_from_db()
    assert (case.doc_date, case.owner, case.notes) == (date(2026, 3, 2), agency.staff, "In a hurry")
    refused = browser.post(url("case-edit", case.pk), {**given, "doc_date": "1066-10-14"})
    assert refused.status_code == 422
    assert "between 1990 and 2100" in refused.content.decode()
    stranger = make_user()
    assert browser.post(url("case-edit", case.pk), {**given, "owner": stranger.pk}).status_code == 422


def test_owner_is_not_changed_by_a_member(agency, case, sign_in):
    browser = sign_in(agency.member)
    assert 'name="owner"' not in text_of(browser.get(url("case-edit", case.pk)))
    browser.post(url("case-edit", case.pk), {"doc_date": "2026-03-02", "owner": agency.other.pk, "notes": ""})
    case.refresh_from_db()
    assert case.owner == agency.member


# --- The checklist


def test_file_is_put_on_its_line_and_the_page_follows(agency, sign_in):
    case = passport_case(agency)
    document = only(case)
    given = {"number": "C01X", "expiry_date": "2099-01-31", "file": pdf()}
    answer = sign_in(agency.member).post(url("case-document-save", document.pk), given, headers={"HX-Request": "true"})
    text = text_of(answer)
    assert text.count('<li class="doc"') == 1
    assert "Uploaded" in text
    for part in ("case-title", "case-actions", "case-steps", "case-events"):
        assert f'id="{part}" hx-swap-oob="true"' in text or f'id="{part}"' in text.split("hx-swap-oob")[0] + text
    assert "Complete the step" in text
    document.refresh_from_db()
    assert (document.number, document.expiry_date, document.file.filename) == ("C01X", date(2099, 1, 31), "scan.pdf")


def test_file_is_put_on_its_line_without_script(agency, case, sign_in):
    document = case.documents.first()
    answer = sign_in(agency.member).post(url("case-document-save", document.pk), {"file": pdf()})
    assert answer.url == f"{url('case', case.pk)}#document-{document.pk}"
    document.refresh_from_db()
    assert document.file is not None


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"file": SimpleUploadedFile("scan.pdf", samples.png_bytes(), "application/pdf")}, "the content is not pdf"),
        ({"file": SimpleUploadedFile("run.exe", samples.exe_bytes())}, "accepted"),
        ({"expiry_date": "31.12.2030"}, "Give a day"),
        ({"expiry_date": "0099-01-01"}, "between 1990 and 2100"),
        ({"number": "x" * 101}, "100"),
    ],
    ids=["lying", "program", "no-day", "old", "long"],
)
def test_what_is_wrong_stands_on_its_line_and_nothing_changes(agency, sign_in, given, words, script):
    document = only(passport_case(agency))
    given = {"number": "KEEP-ME", **given}
    for value in given.values():
        if hasattr(value, "seek"):
            value.seek(0)
    headers = {"HX-Request": "true"} if script else {}
    answer = sign_in(agency.member).post(url("case-document-save", document.pk), given, headers=headers)
    assert answer.status_code == 422
    text = answer.content.decode().split(f'id="document-{document.pk}"')[1].split("</li></ul>")[0]
    assert words in text
    assert given["number"] in text
    document.refresh_from_db()
    assert (document.number, document.expiry_date, document.file) == ("", None, None)


def test_line_says_what_a_document_lacks(agency, sign_in):
    case = passport_case(agency)
    browser = sign_in(agency.member)
    browser.post(url("case-document-save", only(case).pk), {"file": pdf()})
    assert "Still needed: its number, the day on which it expires." in text_of(browser.get(url("case", case.pk)))
    browser.post(url("case-document-save", only(case).pk), {"number": "C1", "expiry_date": "2020-01-01"})
    text = text_of(browser.get(url("case", case.pk)))
    assert "It has expired: ask for a new one." in text


def test_document_is_checked_and_unchecked(agency, case, sign_in):
    document = fill(case.documents.first(), actor=agency.staff)
    browser = sign_in(agency.member)
    browser.post(url("case-document-check", document.pk), {"checked": "on"})
    document.refresh_from_db()
    assert document.checked_by == agency.member
    text = text_of(
        browser.post(url("case-document-check", document.pk), {"checked": ""}, headers={"HX-Request": "true"})
    )
    assert "Uploaded" in text
    document.refresh_from_db()
    assert document.checked_at is None


def test_incomplete_document_is_not_checked(agency, case, sign_in):
    document = case.documents.first()
    answer = sign_in(agency.member).post(
        url("case-document-check", document.pk), {"checked": "on"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422
    assert "not complete" in answer.content.decode()


def test_document_is_added_removed_and_not_twice(agency, case, sign_in):
    kind = make_document_type(agency.organization, "Contract")
    browser = sign_in(agency.member)
    made = browser.post(url("case-document-add", case.pk), {"document_type": kind.pk, "required": "on"})
    document = case.documents.get(document_type=kind)
    assert made.url.endswith(f"#document-{document.pk}")
    again = browser.post(url("case-document-add", case.pk), {"document_type": kind.pk})
    assert again.status_code == 422
    assert "already" in again.content.decode()
    stranger = make_document_type(make_user().organization)
    for wrong in (stranger.pk, "x", "", "9" * 5000):
        assert browser.post(url("case-document-add", case.pk), {"document_type": wrong}).status_code == 422
    optional = case.documents.get(required=False)
    browser.post(url("case-document-remove", optional.pk))
    assert not case.documents.filter(pk=optional.pk).exists()


def test_action_that_the_type_offers_fills_the_line(agency, sign_in):
    kind = make_document_type(agency.organization, "Passport", actions=["use-previous"])
    product = make_product(agency.organization, document_inputs=[DocumentInput(kind.pk, True)])
    fill(only(make_case(agency, product=product)), actor=agency.member)
    case = make_case(agency, product=product)
    browser = sign_in(agency.member)
    assert "Use the previous one" in text_of(browser.get(url("case", case.pk)))
    assert browser.post(url("case-document-action", only(case).pk, "use-previous")).status_code == 302
    assert only(case).file is not None
    assert browser.post(url("case-document-action", only(case).pk, "ask-customer")).status_code == 404


def test_pages_are_looked_at_and_the_file_is_downloaded(agency, case, sign_in):
    document = fill(case.documents.first(), actor=agency.staff)
    browser = sign_in(agency.member)
    text = text_of(browser.get(url("case-document", document.pk)))
    assert "Page 1 of 1" in text
    for address in (url("case-document-page", document.pk, 1), url("case-document-thumbnail", document.pk)):
        picture = browser.get(address)
        assert (picture.status_code, picture["Content-Type"]) == (200, "image/webp")
    assert browser.get(url("case-document-page", document.pk, 2)).status_code == 404
    part = browser.get(url("case-document", document.pk), headers={"HX-Request": "true", "HX-Target": "viewer-body"})
    assert "<html" not in text_of(part)
    sent = browser.get(url("case-document-file", document.pk))
    assert sent["Content-Disposition"].startswith("attachment")
    empty = case.documents.filter(file=None).first()
    for name in ("case-document", "case-document-file", "case-document-thumbnail"):
        assert browser.get(url(name, empty.pk)).status_code == 404


def test_documents_are_merged_in_the_chosen_order(agency, case, sign_in):
    first, second = case.documents.all()[:2]
    browser = sign_in(agency.member)
    for document, pages in ((first, 1), (second, 2)):
        given = SimpleUploadedFile("scan.pdf", pages_of(pages), "application/pdf")
        browser.post(url("case-document-save", document.pk), {"file": given})
    text = text_of(browser.get(f"{url('case-merge', case.pk)}?document={second.pk}&document={first.pk}"))
    assert text.index(f"place-{second.pk}") < text.index(f"place-{first.pk}")
    order = {f"place-{first.pk}": "2", f"place-{second.pk}": "1"}
    merged = pikepdf.open(BytesIO(browser.post(url("case-merge", case.pk), order).content))
    assert [round(float(page.mediabox[2])) for page in merged.pages] == [102, 102, 101]
    refused = browser.post(url("case-merge", case.pk), {f"place-{first.pk}": "x"})
    assert refused.status_code == 422
    assert "Number one at least." in refused.content.decode()


def pages_of(count: int) -> bytes:
    """A PDF whose pages are 100 points wide, and one more for each page."""
    made, content = pikepdf.new(), BytesIO()
    for _ in range(count):
        made.add_blank_page(page_size=(100 + count, 200))
    made.save(content)
    return content.getvalue()


# --- Moving on


def complete(browser, case: Case, step: int):
    return browser.post(url("case-move", case.pk), {"decision": "completed", "step": step})


def test_case_is_worked_to_its_end_and_reopened(agency, case, sign_in):
    fill_required(case, actor=agency.staff)
    browser = sign_in(agency.member)
    browser.post(url("case-move", case.pk), {"decision": "waiting", "step": 1})
    assert "waits for the customer, clock stopped on" in text_of(browser.get(url("case", case.pk)))
    browser.post(url("case-move", case.pk), {"decision": "processing", "step": 1})
    for step in (1, 2, 3):
        complete(browser, case, step)
    case.refresh_from_db()
    assert case.status == "completed"
    text = text_of(browser.get(url("case", case.pk)))
    assert "Completed." in text
    assert "data-drop-line" not in text
    browser.post(url("case-move", case.pk), {"decision": "reopen"})
    case.refresh_from_db()
    assert case.status == "processing"


def test_step_is_completed_once_however_often_the_button_is_pressed(agency, case, sign_in):
    fill_required(case, actor=agency.staff)
    browser = sign_in(agency.member)
    complete(browser, case, 1)
    answer = browser.post(url("case-move", case.pk), {"decision": "completed", "step": 1}, follow=True)
    assert "The current step is 2 Task 2." in answer.content.decode()
    case.refresh_from_db()
    assert case.step_number == 2


def test_step_is_not_completed_while_documents_are_missing(agency, case, sign_in):
    answer = sign_in(agency.member).post(
        url("case-move", case.pk), {"decision": "completed", "step": 1}, follow=True, headers={"Referer": "/cases/"}
    )
    assert "Upload valid ones first." in answer.content.decode()
    case.refresh_from_db()
    assert case.step_number == 1


def test_step_is_rejected_and_taken_up_again(agency, case, sign_in):
    browser = sign_in(agency.member)
    browser.post(url("case-move", case.pk), {"decision": "rejected", "step": 1})
    text = text_of(browser.get(url("case", case.pk)))
    assert "Rejected at step 1 Task 1." in text
    assert "Take it up again" in text
    browser.post(url("case-move", case.pk), {"decision": "processing", "step": 1})
    case.refresh_from_db()
    assert case.status == "processing"


def test_case_is_closed_by_force_with_a_reason(agency, case, sign_in):
    browser = sign_in(agency.staff)
    assert "Close as it is" in text_of(browser.get(url("case", case.pk)))
    refused = browser.post(url("case-move", case.pk), {"decision": "force_close", "reason": " "})
    assert refused.status_code == 422
    assert "Say why the case is closed." in refused.content.decode()
    browser.post(url("case-move", case.pk), {"decision": "force_close", "reason": "Withdrawn"})
    case.refresh_from_db()
    assert (case.status, case.closing_reason) == ("completed", "Withdrawn")
    assert "Withdrawn" in text_of(browser.get(url("case", case.pk)))


def test_member_neither_closes_by_force_nor_deletes(agency, case, sign_in):
    browser = sign_in(agency.member)
    text = text_of(browser.get(url("case", case.pk)))
    assert "Close as it is" not in text
    assert "Delete the case" not in text
    assert browser.get(f"{url('case-move', case.pk)}?decision=force_close").status_code == 403
    assert browser.post(url("case-move", case.pk), {"decision": "force_close", "reason": "x"}).status_code == 403
    assert browser.get(url("case-delete", case.pk)).status_code == 403
    assert browser.post(url("case-delete", case.pk)).status_code == 403
    assert Case.objects.filter(pk=case.pk, status="pending").exists()


def test_case_is_deleted_after_a_question(agency, case, sign_in):
    browser = sign_in(agency.staff)
    assert "This cannot be undone." in text_of(browser.get(url("case-delete", case.pk)))
    assert browser.post(url("case-delete", case.pk)).url == url("cases")
    assert not Case.objects.filter(pk=case.pk).exists()


@pytest.mark.parametrize("decision", ["", "nothing", "deleted"])
def test_unknown_decision_is_not_there(agency, case, sign_in, decision):
    assert sign_in(agency.staff).post(url("case-move", case.pk), {"decision": decision}).status_code == 404


def test_overdue_case_says_so(agency, sign_in):
    case = make_case(agency, now=timezone.now() - timedelta(days=60))
    set_step_status(actor=agency.staff, case=case, step=case.steps.get(), status="processing", now=timezone.now())
    text = text_of(sign_in(agency.staff).get(url("case", case.pk)))
    assert "days overdue" in text


# --- Starting one


def test_case_is_started_for_a_known_customer(agency, sign_in):
    given = {"customer": agency.customer.pk, "product": agency.product.code, "doc_date": "2026-05-04", "notes": "Soon"}
    answer = sign_in(agency.member).post(url("case-new"), given)
    case = Case.objects.get()
    assert answer.url == url("case", case.pk)
    assert (case.customer, case.doc_date, case.notes) == (agency.customer, date(2026, 5, 4), "Soon")
    assert case.documents.count() == 3


def test_customer_is_found_by_name_without_script(agency, sign_in):
    browser = sign_in(agency.member)
    browser.post(url("case-new"), {"customer_name": agency.customer.party.name, "product": agency.product.code})
    assert Case.objects.get().customer == agency.customer
    refused = browser.post(url("case-new"), {"customer_name": "Nobody At All", "product": agency.product.code})
    assert "Nobody is called like this" in refused.content.decode()
    (
        customer(agency, "Twin"),
        make_customer(
            agency.organization, owner=agency.member, first_name="Twin", last_name="Person", email="other@example.com"
        ),
    )
    refused = browser.post(url("case-new"), {"customer_name": "Twin Person", "product": agency.product.code})
    assert "choose one of the list" in refused.content.decode()
    assert Case.objects.count() == 1


def test_customer_and_case_are_made_at_once(agency, sign_in):
    given = {"first_name": "Ana", "last_name": "Ruiz", "email": "ana@example.com", "product": agency.product.code}
    answer = sign_in(agency.member).post(url("case-new"), {**given, "customer_type": "person"})
    assert answer.status_code == 302
    case = Case.objects.get()
    assert (case.customer.party.name, case.customer.owner) == ("Ana Ruiz", agency.member)


@pytest.mark.parametrize(
    "wrong",
    [{"product": "NOTHING"}, {"doc_date": "1066-10-14"}, {"email": "no address"}],
    ids=["product", "date", "mail"],
)
def test_neither_customer_nor_case_is_made_where_one_is_wrong(agency, sign_in, wrong):
    before = Customer.objects.count()
    given = {
        "first_name": "Ana",
        "last_name": "Ruiz",
        "customer_type": "person",
        "product": agency.product.code,
        **wrong,
    }
    answer = sign_in(agency.member).post(url("case-new"), given)
    assert answer.status_code == 422
    assert "Ruiz" in answer.content.decode()
    assert (Customer.objects.count(), Case.objects.count()) == (before, 0)


def test_customer_like_another_is_made_only_when_that_is_meant(agency, sign_in):
    make_customer(agency.organization, owner=agency.member, email="ana@example.com")
    given = {
        "first_name": "Ana", "last_name": "Ruiz", "email": "ana@example.com", "product": agency.product.code,
        "customer_type": "person",
    }  # fmt: skip
    browser = sign_in(agency.member)
    refused = browser.post(url("case-new"), given)
    assert refused.status_code == 422
    assert "It is another one: keep both" in refused.content.decode()
    assert "Start the case for" in refused.content.decode()
    assert browser.post(url("case-new"), {**given, "allow_duplicate": "on"}).status_code == 302


def test_customers_of_others_are_not_offered_nor_taken(agency, sign_in):
    browser = sign_in(agency.other)
    assert agency.customer.party.name not in text_of(browser.get(url("case-customers")))
    assert agency.customer.party.name not in text_of(browser.get(f"{url('case-new')}?customer={agency.customer.pk}"))
    refused = browser.post(url("case-new"), {"customer": agency.customer.pk, "product": agency.product.code})
    assert "There is no such customer." in refused.content.decode()
    stranger = make_user(role="admin")
    refused = sign_in(stranger).post(url("case-new"), {"customer": agency.customer.pk, "product": agency.product.code})
    assert refused.status_code == 422
    assert not Case.objects.exists()


def test_new_case_is_offered_whatever_its_address_says(agency, sign_in):
    browser = sign_in(agency.member)
    for wrong in ("0", "x", "9" * 5000, "%00"):
        assert browser.get(f"{url('case-new')}?customer={wrong}").status_code == 200


def test_new_case_shows_what_the_product_takes(agency, sign_in):
    browser = sign_in(agency.member)
    query = f"product={agency.product.code}&doc_date=2026-03-02"
    text = text_of(browser.get(f"{url('case-outlook')}?{query}"))
    assert "Task 3" in text
    assert "23 Mar 2026" in text, "15 working days"
    assert "Choose a product" in text_of(browser.get(f"{url('case-outlook')}?product=x&doc_date=9999-12-31"))
    text_of(browser.get(f"{url('case-outlook')}?product={agency.product.code}&doc_date=9999-12-31"))
    found = text_of(browser.get(f"{url('case-new')}?customer={agency.customer.pk}&product={agency.product.code}"))
    assert f'value="{agency.customer.pk}"' in found


# --- The customer's link


def test_link_is_made_shown_once_and_revoked(agency, case, sign_in, client):
    browser = sign_in(agency.member)
    answer = browser.post(url("case-link-new", case.pk), {"days": "7"})
    text = text_of(answer)
    path = text.split('id="link-url" readonly value="')[1].split('"')[0]
    assert answer["Cache-Control"] == "no-store"
    assert client.get(path[path.index("/c/") :]).status_code == 200
    assert path not in text_of(browser.get(url("case", case.pk)))
    link = CaseLink.objects.get()
    assert browser.post(url("case-link-revoke", case.pk, link.uuid)).status_code == 302
    assert client.get(path[path.index("/c/") :]).status_code == 404
    for days in ("0", "x", "", "9999"):
        browser.post(url("case-link-new", case.pk), {"days": days})
    assert CaseLink.objects.count() == 1


def test_link_of_another_case_is_not_revoked_by_this_one(agency, case, sign_in):
    other = make_case(agency)
    link, _token = links.create_link(actor=agency.staff, case=other, now=timezone.now())
    assert sign_in(agency.member).post(url("case-link-revoke", case.pk, link.uuid)).status_code == 404


def test_link_is_mailed(agency, sign_in):
    case = make_case(agency, customer=make_customer(agency.organization, owner=agency.member, email="a@example.com"))
    sign_in(agency.member).post(url("case-link-new", case.pk), {"days": "14", "mail": "on"})
    assert Job.objects.filter(kind="send_case_link").exists()
