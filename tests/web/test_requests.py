"""Purchase requests in the pages: lists, one request, its form, its files, and deciding on it."""

import json
import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bureau.accounts.models import Role
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.services import attachments, templates
from bureau.purchasing.states import RequestStatus
from tests.core.samples import pdf_bytes
from tests.factories.accounts import give_role, make_user
from tests.factories.purchasing import (
    NOW,
    REASON,
    approve,
    make_draft,
    make_office,
    reject,
    request_in,
    submit,
)

pytestmark = pytest.mark.django_db
S = RequestStatus
SIDE = {"HX-Request": "true", "HX-Target": "side"}


def page_of(request, name="request"):
    return reverse(f"web:{name}", args=[request.uuid])


def fresh(request):
    return PurchaseRequest.objects.get(pk=request.pk)


def an_upload(name="quote.pdf"):
    return SimpleUploadedFile(name, pdf_bytes("Quote"), "application/pdf")


def decisions_shown(html):
    return set(re.findall(r'data-dialog="(approve|reject|complete)-dialog"', html))


def queries(browser, path):
    browser.get(path)  # what is read once per process
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


# --- Lists


def test_home_lists_what_waits_oldest_day_first_then_dearest(sign_in, office):
    def submitted(subject, amount, day):
        request = submit(office, make_draft(office, subject=subject, field_values={"budget_amount": amount}))
        PurchaseRequest.objects.filter(pk=request.pk).update(submitted_at=NOW.replace(day=day))

    submitted("cheap", "10", 3)
    submitted("dear", "9000", 3)
    submitted("new", "99000", 4)
    submitted("old", "1", 2)
    waiting = sign_in(office.manager).get("/").context["waiting"]
    assert [row.subject for row in waiting] == ["old", "dear", "cheap", "new"]
    assert sign_in(office.director).get("/").context["waiting"] == []


def test_home_shows_finance_what_to_complete(sign_in, office):
    request = request_in(S.FINANCE_REVIEW, office)
    assert sign_in(office.finance).get("/").context["waiting"] == [request]


def test_home_shows_the_requester_where_theirs_stand(sign_in, office):
    request_in(S.PENDING_APPROVAL, office)
    request_in(S.REJECTED, office)
    request_in(S.COMPLETED, office)
    answer = sign_in(office.requester).get("/")
    assert {row.status for row in answer.context["mine"]} == {S.PENDING_APPROVAL, S.REJECTED}
    assert "read why" in answer.content.decode()


def test_home_figures_lead_to_the_requests_that_they_count(sign_in, office):
    for status in (S.DRAFT, S.PENDING_APPROVAL, S.IN_REVIEW, S.FINANCE_REVIEW, S.COMPLETED, S.REJECTED):
        request_in(status, office)
    for person in (office.requester, office.admin):
        browser = sign_in(person)
        under_way = browser.get("/").context["figures"][0]
        assert under_way["value"] == 3
        assert len(browser.get(under_way["url"]).context["page"].object_list) == 3


def test_list_shows_own_requests_and_to_the_organization_wide_all(sign_in, office):
    mine = make_draft(office)
    assert [r.pk for r in sign_in(office.requester).get("/requests/").context["page"]] == [mine.pk]
    assert list(sign_in(office.admin).get("/requests/").context["page"]) == []
    assert [r.pk for r in sign_in(office.admin).get("/requests/?scope=all").context["page"]] == [mine.pk]
    # A scope that is not theirs is their own list.
    assert [r.pk for r in sign_in(office.requester).get("/requests/?scope=all").context["page"]] == [mine.pk]
    assert list(sign_in(office.manager).get("/requests/?scope=all").context["page"]) == []


def test_list_keeps_what_one_has_decided(sign_in, office):
    request = approve(office.manager, submit(office))
    assert [r.pk for r in sign_in(office.manager).get("/requests/?scope=decided").context["page"]] == [request.pk]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "DRAFT"}, {"Tripod"}),
        ({"status": "UNDER_WAY"}, {"Camera lenses"}),
        ({"q": "lens"}, {"Camera lenses"}),
        ({"q": "foto"}, {"Camera lenses"}),
        ({"q": "lens", "status": "DRAFT"}, set()),
        ({"status": "nonsense"}, {"Tripod", "Camera lenses"}),
        ({"team": "nonsense"}, {"Tripod", "Camera lenses"}),
        ({"page": "99"}, {"Tripod", "Camera lenses"}),
        ({"page": "x"}, {"Tripod", "Camera lenses"}),
    ],
)
def test_list_filters(sign_in, office, query, found):
    make_draft(office, subject="Tripod")
    submit(office, make_draft(office, vendor_name="Foto Meyer"))
    answer = sign_in(office.requester).get("/requests/", query)
    assert {row.subject for row in answer.context["page"]} == found
    assert answer.status_code == 200


def test_list_filters_by_team(sign_in, office):
    make_draft(office)
    give = {"team": str(office.team.uuid)}
    assert len(sign_in(office.requester).get("/requests/", give).context["page"].object_list) == 1
    general = office.organization.teams.get(is_general=True)
    assert (
        len(sign_in(office.requester).get("/requests/", {"team": str(general.uuid)}).context["page"].object_list) == 0
    )


def test_finance_inbox_is_for_finance_reviewers(sign_in, office):
    waiting = request_in(S.FINANCE_REVIEW, office)
    request_in(S.IN_REVIEW, office)
    answer = sign_in(office.finance).get("/finance/")
    assert [row.pk for row in answer.context["page"]] == [waiting.pk]
    assert answer.context["total"] == waiting.amount
    refused = sign_in(office.manager).get("/finance/")
    assert refused.status_code == 403
    assert "finance reviewers" in refused.content.decode()


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("manager", "/"),
        ("requester", "/"),
        ("requester", "/requests/"),
        ("admin", "/requests/?scope=all"),
        ("manager", "/search/?q=lens"),
    ],
)
def test_list_costs_the_same_number_of_queries_for_more_rows(sign_in, office, who, path):
    browser = sign_in(getattr(office, who))
    submit(office)
    one = queries(browser, path)
    submit(office)
    submit(office)
    assert queries(browser, path) == one


def test_finance_inbox_costs_the_same_number_of_queries_for_more_rows(sign_in, office):
    browser = sign_in(office.finance)
    request_in(S.FINANCE_REVIEW, office)
    one = queries(browser, "/finance/")
    request_in(S.FINANCE_REVIEW, office)
    request_in(S.FINANCE_REVIEW, office)
    assert queries(browser, "/finance/") == one


# --- One request


@pytest.mark.parametrize(
    ("status", "who", "shown"),
    [
        (S.PENDING_APPROVAL, "manager", {"approve", "reject"}),
        (S.PENDING_APPROVAL, "requester", set()),
        (S.PENDING_APPROVAL, "admin", set()),
        (S.IN_REVIEW, "director", {"approve", "reject"}),
        (S.IN_REVIEW, "manager", set()),
        (S.FINANCE_REVIEW, "finance", {"complete", "reject"}),
        (S.FINANCE_REVIEW, "director", set()),
        (S.COMPLETED, "finance", set()),
        (S.REJECTED, "manager", set()),
    ],
)
def test_page_offers_only_the_decisions_that_are_the_persons_now(sign_in, office, status, who, shown):
    request = request_in(status, office)
    html = sign_in(getattr(office, who)).get(page_of(request)).content.decode()
    assert decisions_shown(html) == shown


@pytest.mark.parametrize("status", list(S))
def test_page_offers_the_requester_to_edit_only_what_can_be_edited(sign_in, office, status):
    request = request_in(status, office)
    html = sign_in(office.requester).get(page_of(request)).content.decode()
    editable = status in (S.DRAFT, S.REJECTED, S.RESUBMITTED)
    assert (f'href="{page_of(request, "request-edit")}"' in html) is editable
    assert (f'action="{page_of(request, "request-submit")}"' in html) is editable
    assert (f'action="{page_of(request, "request-delete")}"' in html) is (status == S.DRAFT)


def test_page_says_who_decides_next_and_why_it_is_you(sign_in, office):
    request = request_in(S.IN_REVIEW, office)
    director = sign_in(office.director).get(page_of(request)).content.decode()
    assert "you are Director of Marketing. After you: Finance Review." in director
    assert "waits for you" in director
    requester = sign_in(office.requester).get(page_of(request)).content.decode()
    assert f"Next: {office.director.name} (Director Approval)." in requester
    assert f"waits for {office.director.name}" in requester
    manager = sign_in(office.manager).get(page_of(request)).content.decode()
    assert f"Next: {office.director.name} (Director Approval)." in manager


def test_page_shows_values_lines_files_and_what_happened(sign_in, office):
    request = make_draft(
        office,
        field_values={"budget_amount": "4200", "campaign": "Spring <b>"},
    )
    attachments.attach_file(actor=office.requester, request=request, upload=an_upload(), filename="quote.pdf", now=NOW)
    submit(office, request)
    approve(office.manager, request, comment="Good price.")
    html = sign_in(office.requester).get(page_of(request)).content.decode()
    for text in (
        "4,200.00",
        "Spring &lt;b&gt;",
        "quote.pdf",
        "Good price.",
        "approved it (Manager Approval)",
        request.number,
    ):
        assert text in html
    assert "<b>" not in html


def test_rejected_page_shows_the_reason(sign_in, office):
    request = reject(office.manager, submit(office), comment="Too expensive, ask again.")
    html = sign_in(office.requester).get(page_of(request)).content.decode()
    assert "Too expensive, ask again." in html
    assert "Edit it and submit it again" in html


def test_side_panel_is_a_part_and_has_the_same_buttons(sign_in, office):
    request = submit(office)
    html = sign_in(office.manager).get(page_of(request), headers=SIDE).content.decode()
    assert "<html" not in html
    assert set(re.findall(r'name="decision" value="(\w+)"', html)) == {"approve", "reject"}
    other = sign_in(office.requester).get(page_of(request), headers=SIDE).content.decode()
    assert 'name="decision"' not in other


@pytest.mark.parametrize("who", ["requester", "manager", "finance"])
def test_page_costs_the_same_number_of_queries_for_more_of_everything(sign_in, office, who):
    browser = sign_in(getattr(office, who))
    request = submit(office, make_draft(office, field_values={"budget_amount": "1"}))
    few = queries(browser, page_of(request))
    again = make_draft(office, field_values={"budget_amount": "1", "campaign": "Spring"})
    for number in range(3):
        attachments.attach_file(
            actor=office.requester, request=again, upload=an_upload(), filename=f"{number}.pdf", now=NOW
        )
    submit(office, again)
    give_role(make_user(office.organization), office.team, Role.MANAGER)
    assert queries(browser, page_of(again)) <= few + 1


# --- Deciding


def test_approve_from_the_page_moves_on_and_says_who_is_next(sign_in, office):
    request = submit(office)
    browser = sign_in(office.manager)
    answer = browser.post(page_of(request, "request-decide"), {"decision": "approve", "comment": "Fine"}, follow=True)
    assert fresh(request).status == S.IN_REVIEW
    assert f"Approved. Camera lenses. Next: {office.director.name} (Director Approval)." in answer.content.decode()


def test_reject_without_a_reason_stays_beside_the_field_with_what_was_typed(sign_in, office):
    request = submit(office)
    browser = sign_in(office.manager)
    answer = browser.post(page_of(request, "request-decide"), {"decision": "reject", "comment": "No way"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "at least 10 characters" in html
    assert "No way" in html
    assert fresh(request).status == S.PENDING_APPROVAL
    browser.post(page_of(request, "request-decide"), {"decision": "reject", "comment": REASON})
    assert fresh(request).status == S.REJECTED


def test_deciding_in_the_side_panel_tells_the_page_what_changed(sign_in, office):
    request = submit(office)
    browser = sign_in(office.manager)
    short = browser.post(page_of(request, "request-decide"), {"decision": "reject", "comment": "No"}, headers=SIDE)
    assert short.status_code == 422
    assert "at least 10 characters" in short.content.decode()
    answer = browser.post(page_of(request, "request-decide"), {"decision": "approve"}, headers=SIDE)
    assert answer.status_code == 204
    told = json.loads(answer.headers["HX-Trigger"])
    assert told["decided"] == {"id": str(request.uuid), "counts": {"home": 0}}
    assert told["say"]["items"][0]["tone"] == "success"


def test_decision_that_is_not_theirs_is_refused_with_the_reason(sign_in, office):
    request = submit(office)
    own = sign_in(office.requester).post(page_of(request, "request-decide"), {"decision": "approve"})
    assert own.status_code == 403
    assert "Nobody decides on their own request." in own.content.decode()
    panel = sign_in(office.requester).post(page_of(request, "request-decide"), {"decision": "approve"}, headers=SIDE)
    assert panel.status_code == 403
    assert json.loads(panel.headers["HX-Trigger"])["say"]["items"][0]["tone"] == "error"
    assert sign_in(office.director).get(page_of(request)).status_code == 404
    assert fresh(request).status == S.PENDING_APPROVAL


def test_somebody_was_quicker_is_said_and_nothing_is_done_twice(sign_in, office):
    request = submit(office)
    browser = sign_in(office.manager)
    for _n in range(2):
        answer = browser.post(page_of(request, "request-decide"), {"decision": "approve"})
    assert answer.status_code in (302, 403)
    assert fresh(request).decisions.count() == 1


def test_several_are_decided_at_once_and_each_stands_alone(sign_in, office):
    first, second = submit(office), submit(office)
    passed = approve(office.manager, submit(office))
    chosen = [str(request.uuid) for request in (first, second, passed)] + ["nonsense"]
    answer = sign_in(office.manager).post("/requests/decide/", {"decision": "approve", "request": chosen, "next": "/"})
    told = {one.url: one.refusal for one in answer.context["outcomes"]}
    assert told.pop(page_of(passed)) == "You are not an approver of the step “Director Approval”."
    assert told == {page_of(first): "", page_of(second): ""}
    assert "Approved: 2 of 3" in answer.content.decode()
    assert {fresh(request).status for request in (first, second)} == {S.IN_REVIEW}


def test_several_that_all_succeed_are_named_back_on_the_list(sign_in, office):
    chosen = [str(submit(office).uuid) for _n in range(5)]
    data = {"decision": "approve", "request": chosen, "next": "/"}
    answer = sign_in(office.manager).post("/requests/decide/", data, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    [message] = answer.context["messages"]
    assert str(message) == "Approved: 5. Camera lenses, Camera lenses, Camera lenses and 2 more."


def test_several_are_completed_at_once(sign_in, office):
    requests = [request_in(S.FINANCE_REVIEW, office) for _n in range(2)]
    data = {"decision": "complete", "request": [str(request.uuid) for request in requests]}
    sign_in(office.finance).post("/requests/decide/", data)
    assert {fresh(request).status for request in requests} == {S.COMPLETED}


def test_decision_page_works_without_script(sign_in, office):
    request = submit(office)
    html = sign_in(office.manager).get(page_of(request, "request-decide"), {"decision": "reject"}).content.decode()
    assert f'action="{page_of(request, "request-decide")}"' in html
    assert sign_in(office.manager).get(page_of(request, "request-decide"), {"decision": "sell"}).status_code == 404


# --- The form

FIELDS = [
    {"field_id": "budget_amount", "name": "Budget Amount", "field_type": "NUMBER", "required": True, "is_amount": True},
    {"field_id": "subject", "name": "Inner subject", "field_type": "TEXT", "help_text": "Named like our own."},
    {"field_id": "needed_by", "name": "Needed by", "field_type": "DATE"},
    {"field_id": "channel", "name": "Channel", "field_type": "SELECT", "options": ["Print", "Web"]},
    {"field_id": "recurring", "name": "Recurring", "field_type": "BOOLEAN"},
    {"field_id": "contract", "name": "Contract", "field_type": "FILE"},
    {"field_id": "why", "name": "Why", "field_type": "LONG_TEXT"},
]


@pytest.fixture
def full_office(office):
    templates.create_form_template(
        actor=office.admin,
        team=office.team,
        name="Full",
        fields=FIELDS,
        attachment_categories=[{"name": "Quote", "required": True}],
        now=timezone.now(),
    )
    return office


FILLED = {
    "subject": "Camera lenses",
    "purchase_type": "GOODS",
    "vendor_name": "Foto Meyer",
    "field_budget_amount": "4200.50",
    "field_subject": "inner",
    "field_needed_by": "2026-05-01",
    "field_channel": "Web",
    "field_recurring": "true",
    "field_why": "Old ones broke.",
}


def new_page(office):
    return f"/requests/new/?team={office.team.uuid}"


def test_new_request_is_drawn_from_the_teams_form(sign_in, full_office):
    html = sign_in(full_office.requester).get(new_page(full_office)).content.decode()
    for field in FIELDS:
        assert f'name="field_{field["field_id"]}"' in html
    assert "Named like our own." in html
    assert '<option value="Print">' in html
    assert full_office.manager.name in html  # who will decide
    assert "required" in html


def test_choosing_a_team_shows_only_those_where_one_may_start(sign_in, office):
    other = office.organization.teams.create(name="Sales")
    html = sign_in(office.requester).get("/requests/new/").content.decode()
    assert "Marketing" in html
    assert "General" in html
    assert str(other.uuid) not in html
    # Somebody of one team needs no choice.
    assert 'name="subject"' in sign_in(office.finance).get("/requests/new/").content.decode()
    assert 'name="subject"' not in sign_in(office.requester).get(f"/requests/new/?team={other.uuid}").content.decode()


def test_submitted_form_keeps_every_value_typed(sign_in, full_office):
    data = {
        **FILLED,
        "do": "submit",
        "files": an_upload(),
        "category": "Quote",
        "field_contract": an_upload("contract.pdf"),
    }
    answer = sign_in(full_office.requester).post(new_page(full_office), data)
    request = PurchaseRequest.objects.get()
    assert answer.headers["Location"] == page_of(request)
    assert request.status == S.PENDING_APPROVAL
    assert str(request.amount) == "4200.50"
    values = {value.field.field_id: value.value for value in request.field_values.all()}
    assert values == {
        "budget_amount": Decimal("4200.5"),
        "subject": "inner",
        "needed_by": date(2026, 5, 1),
        "channel": "Web",
        "recurring": True,
        "contract": request.attachments.get(file__filename="contract.pdf"),
        "why": "Old ones broke.",
    }
    assert request.attachments.get(category="Quote").file.filename == "quote.pdf"


def test_incomplete_form_is_kept_as_a_draft(sign_in, full_office):
    answer = sign_in(full_office.requester).post(
        new_page(full_office), {"subject": "Later", "purchase_type": "GOODS", "do": "save"}
    )
    request = PurchaseRequest.objects.get()
    assert answer.headers["Location"] == page_of(request)
    assert request.status == S.DRAFT


def test_submit_of_an_incomplete_form_says_what_is_missing_beside_it_and_keeps_the_draft(sign_in, full_office):
    data = {"subject": "Lenses", "purchase_type": "GOODS", "field_why": "Because", "do": "submit"}
    answer = sign_in(full_office.requester).post(new_page(full_office), data)
    request = PurchaseRequest.objects.get()
    html = answer.content.decode()
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"field_budget_amount": ["This field is required."]}
    assert "Attach a file of the kind “Quote”." in html
    assert f'action="{page_of(request, "request-edit")}"' in html
    assert "Because" in html
    assert request.status == S.DRAFT


def test_submit_that_a_rule_refuses_stays_on_the_form_with_all_that_was_typed(sign_in, full_office):
    give_role(full_office.manager, full_office.team, Role.INITIATOR)
    browser = sign_in(full_office.manager)
    data = {**FILLED, "do": "submit", "files": an_upload(), "category": "Quote"}
    refused = browser.post(new_page(full_office), data)
    draft = PurchaseRequest.objects.get()
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "Nobody can decide the step “Manager Approval”" in html
    assert "Old ones broke." in html
    assert draft.attachments.count() == 1
    browser.post(re.search(r'<form class="request-form"[^>]* action="([^"]+)"', html)[1], data)
    assert PurchaseRequest.objects.get() == draft


def test_form_warns_of_a_step_that_nobody_but_the_requester_can_decide(sign_in, full_office):
    warning = "Nobody can decide this (Manager): ask an administrator"
    assert warning not in sign_in(full_office.requester).get(new_page(full_office)).content.decode()
    give_role(full_office.manager, full_office.team, Role.INITIATOR)
    html = sign_in(full_office.manager).get(new_page(full_office)).content.decode()
    assert html.count(warning) == 1
    assert full_office.director.name in html


def test_unreadable_value_stands_beside_its_field_and_is_kept(sign_in, full_office):
    answer = sign_in(full_office.requester).post(
        new_page(full_office), {**FILLED, "field_budget_amount": "a lot", "do": "save"}
    )
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"field_budget_amount": ["Give a number, such as 1250.50."]}
    assert 'value="a lot"' in answer.content.decode()
    assert not PurchaseRequest.objects.exists()


def test_own_and_template_fields_of_one_name_do_not_mix(sign_in, full_office):
    answer = sign_in(full_office.requester).post(new_page(full_office), {**FILLED, "subject": "", "do": "save"})
    assert answer.context["form"].errors.keys() == {"subject"}


def test_lines_make_the_amount(sign_in, office):
    data = {
        "subject": "Paper",
        "purchase_type": "GOODS",
        "item_description": ["A4", "Ink", ""],
        "item_quantity": ["10", "2.5", ""],
        "item_unit_price": ["5.50", "4", ""],
        "do": "save",
    }
    browser = sign_in(office.requester)
    browser.post(new_page(office), data)
    request = PurchaseRequest.objects.get()
    assert str(request.amount) == "65.00"
    html = browser.get(page_of(request)).content.decode()
    assert "A4" in html
    assert "65.00" in html
    edited = browser.get(page_of(request, "request-edit")).content.decode()
    assert edited.count('name="item_description"') == 3
    wrong = browser.post(page_of(request, "request-edit"), {**data, "item_quantity": ["x", "1", ""]})
    assert "Line 1" in wrong.content.decode()
    assert wrong.status_code == 422
    assert fresh(request).items.count() == 2


def test_draft_saves_itself_and_tells_the_page_its_new_address(sign_in, office):
    browser, wants_json = sign_in(office.requester), {"Accept": "application/json"}
    data = {"subject": "Le", "purchase_type": "GOODS", "field_budget_amount": "5"}
    answer = browser.post(new_page(office), data, headers=wants_json)
    request = PurchaseRequest.objects.get()
    assert answer.json() == {
        "page": page_of(request, "request-edit"),
        "autosave": page_of(request, "request-edit"),
        "upload": page_of(request, "request-files"),
    }
    browser.post(answer.json()["autosave"], {**data, "subject": "Lenses"}, headers=wants_json)
    assert fresh(request).subject == "Lenses"
    unreadable = browser.post(answer.json()["autosave"], {**data, "field_budget_amount": "x"}, headers=wants_json)
    assert unreadable.status_code == 422
    assert "Budget Amount" in unreadable.json()["message"]
    submit(office, request)
    refused = browser.post(answer.json()["autosave"], data, headers=wants_json)
    assert refused.status_code == 302 or "message" in refused.json()
    assert fresh(request).status == S.PENDING_APPROVAL


def test_edit_shows_what_is_kept(sign_in, full_office):
    browser = sign_in(full_office.requester)
    browser.post(new_page(full_office), {**FILLED, "do": "save"})
    request = PurchaseRequest.objects.get()
    html = browser.get(page_of(request, "request-edit")).content.decode()
    assert 'value="4200.50"' in html
    assert 'value="2026-05-01"' in html
    assert re.search(r'value="Web"\s+selected', html)
    assert re.search(r'value="true"[^>]*checked', html)


def test_rejected_request_is_edited_and_submitted_again(sign_in, office):
    request = request_in(S.REJECTED, office)
    browser = sign_in(office.requester)
    assert "Submit again" in browser.get(page_of(request, "request-edit")).content.decode()
    data = {"subject": "Cheaper lenses", "purchase_type": "GOODS", "field_budget_amount": "900", "do": "submit"}
    browser.post(page_of(request, "request-edit"), data)
    assert fresh(request).status == S.PENDING_APPROVAL
    assert "submitted it again" in browser.get(page_of(request)).content.decode()


def test_request_of_somebody_else_or_under_way_cannot_be_edited(sign_in, office):
    request = submit(office)
    back = sign_in(office.requester).get(page_of(request, "request-edit"))
    assert back.headers["Location"] == page_of(request)
    refused = sign_in(office.manager).get(page_of(request, "request-edit"))
    assert refused.status_code == 403
    assert "Only the person who made the request" in refused.content.decode()


def test_submit_button_of_an_incomplete_draft_leads_to_the_form(sign_in, full_office):
    browser = sign_in(full_office.requester)
    request = make_draft(full_office, field_values={})
    answer = browser.post(page_of(request, "request-submit"), follow=True)
    assert answer.redirect_chain[-1][0] == page_of(request, "request-edit")
    assert "Something is missing" in answer.content.decode()


def test_draft_can_be_deleted(sign_in, office):
    request = make_draft(office)
    assert sign_in(office.requester).post(page_of(request, "request-delete")).headers["Location"] == "/requests/"
    assert not PurchaseRequest.objects.exists()


# --- Files


def test_dropped_file_answers_with_its_line(sign_in, office):
    request = make_draft(office)
    browser = sign_in(office.requester)
    data = {"file": an_upload(), "category": "Quote"}
    html = browser.post(page_of(request, "request-files"), data, headers={"HX-Request": "true"}).content.decode()
    assert html.strip().startswith("<li>")
    assert "quote.pdf" in html
    attachment = request.attachments.get()
    assert attachment.category == "Quote"
    bad = browser.post(
        page_of(request, "request-files"),
        {"file": SimpleUploadedFile("quote.pdf", b"MZ\x90 program")},
        headers={"HX-Request": "true"},
    )
    assert bad.status_code == 400
    assert bad.content.decode().startswith("quote.pdf: ")
    browser.post(page_of(attachment, "request-file-remove"), headers={"HX-Request": "true"})
    assert not request.attachments.exists()


def test_download_and_preview_are_for_those_who_see_the_request(sign_in, office):
    request = make_draft(office)
    attachment = attachments.attach_file(
        actor=office.requester, request=request, upload=an_upload(), filename="quote.pdf", now=NOW
    )
    browser = sign_in(office.requester)
    download = browser.get(page_of(attachment, "request-file"))
    assert b"".join(download) == pdf_bytes("Quote")
    assert download.headers["Content-Disposition"] == 'attachment; filename="quote.pdf"'
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    preview = browser.get(page_of(attachment, "request-file-preview"))
    assert preview.headers["Content-Disposition"].startswith("inline")
    assert preview.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert sign_in(office.director).get(page_of(attachment, "request-file")).status_code == 404
    assert sign_in(make_office().admin).get(page_of(attachment, "request-file-preview")).status_code == 404


def test_finance_attaches_the_proof_of_payment(sign_in, office):
    request = request_in(S.FINANCE_REVIEW, office)
    browser = sign_in(office.finance)
    assert f'data-upload="{page_of(request, "request-files")}"' in browser.get(page_of(request)).content.decode()
    browser.post(page_of(request, "request-files"), {"files": an_upload("proof.pdf")})
    assert request.attachments.get().file.filename == "proof.pdf"
    assert "data-upload" not in sign_in(office.manager).get(page_of(request)).content.decode()
