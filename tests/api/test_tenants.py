"""Every address that names a record, with every verb and every role, tried with another organization's record: 404.

The addresses come from the URL configuration: a new one without an entry here fails `test_every_address_has_an_entry`.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from bureau.cases.services.cases import create_case
from bureau.cases.services.links import create_link
from bureau.core import jobs
from bureau.core.models import UserRole
from bureau.parties.services.vendors import propose_account
from bureau.purchasing.models import FormTemplate, WorkflowTemplate
from bureau.purchasing.services.attachments import attach_file
from bureau.purchasing.states import RequestStatus
from bureau.sales.selectors.invoices import visible_invoice
from bureau.sales.services.content import LineInput
from bureau.sales.services.invoices import cancel_invoice, create_invoice
from bureau.sales.services.invoices.preparing import prepare_invoice_file
from bureau.sales.services.links import create_link as create_sales_link
from bureau.sales.services.payments import mark_as_paid
from bureau.sales.services.quotes import create_quote
from bureau.sales.services.recurring import create_recurring
from tests.clients import ApiClient
from tests.factories.accounts import make_organization, make_user
from tests.factories.bills import enter
from tests.factories.imports import upload as upload_sheet
from tests.factories.orders import attach, make_order, make_site, make_vendor
from tests.factories.parties import make_customer
from tests.factories.products import make_product
from tests.factories.purchasing import NOW, make_office, pdf, request_in

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Named record -> how the foreign world below calls it.
RECORDS = {
    "api:simple-request": {"pk": "request_pk"},
    "api:request": {"request_id": "request"},
    "api:request-submit": {"request_id": "request"},
    "api:request-approve": {"request_id": "request"},
    "api:request-reject": {"request_id": "request"},
    "api:request-complete": {"request_id": "request"},
    "api:request-create-order": {"request_id": "request"},
    "api:request-attachments": {"request_id": "request"},
    "api:order": {"pk": "order"},
    "api:order-submit": {"pk": "order"},
    "api:order-approve": {"pk": "order"},
    "api:order-reject": {"pk": "order"},
    "api:order-cancel": {"pk": "order"},
    "api:order-close": {"pk": "order"},
    "api:order-releases": {"pk": "order"},
    "api:order-notes": {"pk": "order"},
    "api:order-files": {"pk": "order"},
    "api:order-file": {"pk": "order_file"},
    "api:order-file-download": {"pk": "order_file"},
    "api:cost-codes": {"project_id": "project"},
    "api:order-pdf": {"pk": "order"},
    "api:order-send": {"pk": "order"},
    "api:order-receipts": {"pk": "order"},
    "api:invoice": {"pk": "invoice"},
    "api:invoice-mark-as-paid": {"pk": "invoice"},
    "api:invoice-send": {"pk": "invoice"},
    "api:invoice-credit-note": {"pk": "invoice"},
    "api:invoice-download": {"pk": "invoice"},
    "api:invoice-download-async": {"pk": "invoice"},
    "api:invoice-file": {"job_id": "invoice_job"},
    "api:invoice-file-status": {"job_id": "invoice_job"},
    "api:invoice-file-stream": {"job_id": "invoice_job"},
    "api:invoice-application-due": {"pk": "invoice_application"},
    "api:billable-cases": {"customer_id": "customer"},
    "api:credit-note": {"pk": "credit_note"},
    "api:credit-note-download": {"pk": "credit_note"},
    "api:payment": {"pk": "payment"},
    "api:payment-refund": {"pk": "payment"},
    "api:quote": {"pk": "quote"},
    "api:quote-convert": {"pk": "quote"},
    "api:quote-download": {"pk": "quote"},
    "api:quote-send": {"pk": "quote"},
    "api:quote-versions": {"pk": "quote"},
    "api:bill": {"pk": "bill"},
    "api:bill-match": {"pk": "bill"},
    "api:bill-approve": {"pk": "bill"},
    "api:bill-pay": {"pk": "bill"},
    "api:bill-file": {"pk": "bill"},
    "api:recurring-invoice": {"pk": "recurring"},
    "api:client": {"pk": "customer"},
    "api:customer": {"pk": "customer"},
    "api:customer-toggle-active": {"pk": "customer"},
    "api:customer-statement": {"pk": "customer"},
    "api:product": {"pk": "product"},
    "api:product-by-id": {"pk": "product"},
    "api:product-can-delete": {"pk": "product"},
    "api:document-type": {"pk": "document_type"},
    "api:document-type-can-delete": {"pk": "document_type"},
    "api:task-due-date": {"pk": "task", "start_date": "start_date"},
    "api:document": {"pk": "document"},
    "api:document-check": {"pk": "document"},
    "api:document-download": {"pk": "document"},
    "api:document-print": {"pk": "document"},
    "api:document-pages": {"pk": "document"},
    "api:document-page": {"pk": "document", "number": "page"},
    "api:document-thumbnail": {"pk": "document"},
    "api:document-action": {"pk": "document", "action_name": "action"},
    "api:case": {"pk": "case"},
    "api:case-advance": {"pk": "case"},
    "api:case-step-status": {"pk": "case", "workflow_id": "step"},
    "api:case-reopen": {"pk": "case"},
    "api:case-force-close": {"pk": "case"},
    "api:case-can-delete": {"pk": "case"},
    "api:case-delete-preview": {"pk": "case"},
    "api:case-notes": {"pk": "case"},
    "api:case-links": {"pk": "case"},
    "api:case-link": {"pk": "case", "uuid": "case_link"},
    "api:attachment": {"attachment_id": "attachment"},
    "api:attachment-download": {"attachment_id": "attachment"},
    "api:form-template": {"template_id": "form"},
    "api:workflow": {"template_id": "workflow"},
    "api:team": {"team_id": "team"},
    "api:team-members": {"team_id": "team"},
    "api:team-member": {"team_id": "team", "scope_id": "scope"},
    "api:auth-user": {"pk": "user_pk"},
    "web:request": {"uuid": "request"},
    "web:request-edit": {"uuid": "request"},
    "web:request-submit": {"uuid": "request"},
    "web:request-delete": {"uuid": "request"},
    "web:request-decide": {"uuid": "request"},
    "web:request-order": {"uuid": "request"},
    "web:order": {"pk": "order"},
    "web:order-edit": {"pk": "order"},
    "web:order-submit": {"pk": "order"},
    "web:order-delete": {"pk": "order"},
    "web:order-decide": {"pk": "order"},
    "web:order-notes": {"pk": "order"},
    "web:order-releases": {"pk": "order"},
    "web:order-files": {"pk": "order"},
    "web:order-file": {"pk": "order_file"},
    "web:order-file-preview": {"pk": "order_file"},
    "web:order-file-remove": {"pk": "order_file"},
    "web:order-pdf": {"pk": "order"},
    "web:order-send": {"pk": "order"},
    "web:request-files": {"uuid": "request"},
    "web:request-file": {"uuid": "attachment"},
    "web:request-file-preview": {"uuid": "attachment"},
    "web:request-file-remove": {"uuid": "attachment"},
    "web:setup-user": {"uuid": "user"},
    "web:setup-user-activate": {"uuid": "user"},
    "web:setup-user-deactivate": {"uuid": "user"},
    "web:setup-user-link": {"uuid": "user"},
    "web:setup-user-password": {"uuid": "user"},
    "web:setup-user-teams": {"uuid": "user"},
    "web:setup-team": {"uuid": "team"},
    "web:setup-team-members": {"uuid": "team"},
    "web:setup-form": {"uuid": "form"},
    "web:setup-form-use": {"uuid": "form"},
    "web:setup-workflow": {"uuid": "workflow"},
    "web:setup-workflow-use": {"uuid": "workflow"},
    "web:project": {"code": "project"},
    "web:project-edit": {"code": "project"},
    "web:project-budget": {"code": "project"},
    "web:project-members": {"code": "project"},
    "web:cost-code": {"code": "project", "external_id": "cost_code"},
    "web:cost-code-edit": {"code": "project", "external_id": "cost_code"},
    "web:cost-code-new": {"code": "project"},
    "web:order-receive": {"pk": "order"},
    "web:vendor": {"code": "vendor"},
    "web:vendor-edit": {"code": "vendor"},
    "web:vendor-account": {"code": "vendor"},
    "web:vendor-account-decide": {"uuid": "account"},
    "web:bill": {"pk": "bill"},
    "web:bill-edit": {"pk": "bill"},
    "web:bill-delete": {"pk": "bill"},
    "web:bill-match": {"pk": "bill"},
    "web:bill-approve": {"pk": "bill"},
    "web:bill-pay": {"pk": "bill"},
    "web:bill-file": {"pk": "bill"},
    "web:bill-preview": {"pk": "bill"},
    "web:invoice": {"pk": "invoice"},
    "web:invoice-edit": {"pk": "invoice"},
    "web:invoice-copy": {"pk": "invoice"},
    "web:invoice-issue": {"pk": "invoice"},
    "web:invoice-credit": {"pk": "invoice"},
    "web:invoice-void": {"pk": "invoice"},
    "web:invoice-delete": {"pk": "invoice"},
    "web:invoice-pay": {"pk": "invoice"},
    "web:invoice-send": {"pk": "invoice"},
    "web:invoice-link-new": {"pk": "invoice"},
    "web:invoice-pdf": {"pk": "invoice"},
    "web:invoice-preview-of": {"pk": "invoice"},
    "web:invoice-preview-pdf-of": {"pk": "invoice"},
    "web:invoice-file": {"pk": "invoice", "form": "file_form"},
    "web:invoice-link-revoke": {"pk": "invoice", "uuid": "sales_link"},
    "web:credit-note": {"pk": "credit_note"},
    "web:payment-refund": {"pk": "payment"},
    "web:quote": {"pk": "quote"},
    "web:quote-edit": {"pk": "quote"},
    "web:quote-copy": {"pk": "quote"},
    "web:quote-pdf": {"pk": "quote"},
    "web:quote-send": {"pk": "quote"},
    "web:quote-sent": {"pk": "quote"},
    "web:quote-decide": {"pk": "quote"},
    "web:quote-convert": {"pk": "quote"},
    "web:quote-delete": {"pk": "quote"},
    "web:quote-link-new": {"pk": "quote"},
    "web:quote-preview-of": {"pk": "quote"},
    "web:quote-preview-pdf-of": {"pk": "quote"},
    "web:quote-version": {"pk": "quote", "number": "page"},
    "web:quote-link-revoke": {"pk": "quote", "uuid": "sales_link"},
    "web:recurring-invoice": {"pk": "recurring"},
    "web:recurring-edit": {"pk": "recurring"},
    "web:recurring-active": {"pk": "recurring"},
    "web:recurring-delete": {"pk": "recurring"},
    "web:customer": {"pk": "customer"},
    "web:customer-edit": {"pk": "customer"},
    "web:customer-active": {"pk": "customer"},
    "web:statement": {"pk": "customer"},
    "web:statement-pdf": {"pk": "customer"},
    "web:product": {"pk": "product"},
    "web:product-edit": {"pk": "product"},
    "web:product-delete": {"pk": "product"},
    "web:document-type": {"pk": "document_type"},
    "web:document-type-delete": {"pk": "document_type"},
    "web:case": {"pk": "case"},
    "web:case-edit": {"pk": "case"},
    "web:case-notes": {"pk": "case"},
    "web:case-move": {"pk": "case"},
    "web:case-delete": {"pk": "case"},
    "web:case-document-add": {"pk": "case"},
    "web:case-merge": {"pk": "case"},
    "web:case-link-new": {"pk": "case"},
    "web:case-document": {"pk": "document"},
    "web:case-document-file": {"pk": "document"},
    "web:case-document-thumbnail": {"pk": "document"},
    "web:case-document-save": {"pk": "document"},
    "web:case-document-check": {"pk": "document"},
    "web:case-document-remove": {"pk": "document"},
    "web:case-link-revoke": {"pk": "case", "uuid": "case_link"},
    "web:case-document-page": {"pk": "document", "number": "page"},
    "web:case-document-action": {"pk": "document", "name": "action"},
    "api:import": {"pk": "import"},
    "api:import-check": {"pk": "import"},
    "api:import-run": {"pk": "import"},
    "api:import-rows": {"pk": "import"},
    "api:import-report": {"pk": "import"},
    "web:import": {"pk": "import"},
    "web:import-map": {"pk": "import"},
    "web:import-check": {"pk": "import"},
    "web:import-run": {"pk": "import"},
    "web:import-report": {"pk": "import"},
    "api:task": {"task_id": "job"},
    "api:job": {"job_id": "job"},
    "api:job-stream": {"job_id": "job"},
}
NO_RECORD = {
    "api:nothing-here": "every address that means nothing",
    "api:dialect-schema": "names a document of the API itself",
    "api:integration-sync": "names a service; it works on the caller's own organization",
    "api:products-by-type": "names a word; what is found by it is the caller's own organization's",
    "api:invoice-delete-preview": "superusers only, who see all; others are refused before a look at it",
    "api:invoice-force-delete": "the same (tests/contract/test_invoice_actions.py)",
    "web:password-reset": "the token is the permission, for whoever holds it",
    "web:calendar-feed": "the same",
    "web:case-link": "the same",
    "web:case-link-logo": "the same",
    "web:case-link-upload": "the same; the document must be one of its case (tests/web/test_case_links.py)",
    "web:sales-link": "the same",
    "web:sales-link-logo": "the same",
    "web:sales-link-pdf": "the same; it opens its own document only (tests/web/test_sales_links.py)",
    "web:sales-link-xml": "the same",
    "web:sales-link-answer": "the same",
}
"""Addresses with a variable part that names no tenant's record, and why."""


def named_addresses(resolver=None, prefix=""):
    """(name, view) of every address with a variable part, over the whole configuration."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            namespace = f"{entry.namespace}:" if entry.namespace else ""
            yield from named_addresses(entry, prefix + namespace)
        elif isinstance(entry, URLPattern) and entry.pattern.converters:
            yield f"{prefix}{entry.name}", entry.callback


ADDRESSES = dict(named_addresses())


@dataclass
class World:
    """Records of another organization, and the callers of ours."""

    ids: dict[str, Any]
    callers: dict[str, ApiClient]


def bill_case(case, *, actor):
    """A cancelled invoice of the case, and what was paid on it."""
    lines = [LineInput("", Decimal(1), Decimal(100), case=case)]
    invoice = create_invoice(actor=actor, customer=case.customer, lines=lines, now=NOW)
    paid = mark_as_paid(actor=actor, invoice=invoice, payment_method="cash", payment_date=NOW.date(), now=NOW)
    cancel_invoice(actor=actor, invoice=invoice, now=NOW)
    return visible_invoice(actor, invoice.pk), paid[0]


@pytest.fixture
def world(db):
    theirs, site = make_office(), make_site()
    order = make_order(site)
    request = request_in(RequestStatus.DRAFT, theirs)
    product, customer = make_product(site.organization), make_customer(site.organization)
    case = create_case(actor=site.staff, customer=customer, product=product, now=NOW)
    attachment = attach_file(actor=theirs.requester, request=request, upload=pdf(), filename="a.pdf", now=NOW)
    job = jobs.enqueue(
        "send_mail",
        payload={"to": "a@example.com", "subject": "s", "body": "b"},
        now=timezone.now(),
        organization=theirs.organization,
        requested_by=theirs.requester,
    )
    invoice, paid = bill_case(case, actor=site.staff)
    recurring = create_recurring(
        actor=site.staff,
        customer=customer,
        lines=[LineInput("Hosting", Decimal(1), Decimal(20))],
        name="Hosting",
        interval="monthly",
        start_date=NOW.date(),
        now=NOW,
    )
    ids = {
        "request": request.uuid,
        "request_pk": request.pk,
        "attachment": attachment.uuid,
        "form": FormTemplate.objects.get(team=theirs.team).uuid,
        "workflow": WorkflowTemplate.objects.get(team=theirs.team).uuid,
        "team": theirs.team.uuid,
        "scope": theirs.requester.access_scopes.get(team=theirs.team).uuid,
        "user_pk": theirs.manager.pk,
        "user": theirs.manager.uuid,
        "job": job.pk,
        "order": order.pk,
        "order_file": attach(order).pk,
        "bill": enter(site).pk,
        "import": upload_sheet(site.staff, "name\nAnn\n").pk,
        "customer": customer.pk,
        "case": case.pk,
        "case_link": create_link(actor=site.staff, case=case, now=timezone.now())[0].uuid,
        "step": case.steps.get().pk,
        "document": case.documents.all()[0].pk,
        "page": 1,
        "action": "use-previous",
        "product": product.pk,
        "task": product.tasks.all()[0].pk,
        "start_date": "2026-03-10",
        "invoice": invoice.pk,
        "invoice_job": prepare_invoice_file(actor=site.staff, invoice=invoice, form="pdf", now=NOW).pk,
        "invoice_application": invoice.lines.get().pk,
        "credit_note": invoice.credit_note.pk,
        "payment": paid.pk,
        "file_form": "pdf",
        "sales_link": create_sales_link(actor=site.staff, document=invoice, now=NOW)[0].uuid,
        "recurring": recurring.pk,
        "quote": create_quote(actor=site.staff, customer=customer, lines=[], now=NOW).pk,
        "document_type": product.documents.all()[0].document_type_id,
        "project": site.project.code,
        "cost_code": site.cost_code.external_id,
        "vendor": site.vendor.code,
        "vendor_pk": site.vendor.pk,
        "account": propose_account(actor=site.staff, vendor=site.vendor, iban="DE89370400440532013000", now=NOW).uuid,
    }
    ours = make_organization()
    callers = {role: ApiClient(make_user(ours, role=role)) for role in UserRole.values if role != UserRole.OWNER}
    callers["owner"] = ApiClient(make_user(role="owner"))
    return World(ids, callers)


def test_every_address_has_an_entry():
    assert set(ADDRESSES) - set(RECORDS) - set(NO_RECORD) == set(), "say in RECORDS which record these name"
    assert set(RECORDS) | set(NO_RECORD) <= set(ADDRESSES), "these are gone"


def verbs_of(callback):
    view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
    return [verb for verb in VERBS if hasattr(view, verb.lower())] if view else ["GET", "POST"]


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_record_of_another_organization_is_not_there(world, name):
    path = reverse(name, kwargs={key: world.ids[record] for key, record in RECORDS[name].items()})
    tried = 0
    for role, caller in world.callers.items():
        for verb in verbs_of(ADDRESSES[name]):
            if name.startswith("web:"):
                caller.force_login(caller.user)
            answer = caller.call(verb, path, None if verb == "GET" else {})
            expected = (404, 405) if name.startswith("web:") else (404,)  # a page takes one verb or the other
            assert answer.status_code in expected, (
                f"{verb} {path} as {role}: {answer.status_code} {answer.content[:200]!r}"
            )
            tried += 1
    assert tried >= len(world.callers)


@pytest.mark.parametrize(
    ("method", "name", "field", "record"),
    [
        ("POST", "api:requests", "team", "team"),
        ("POST", "api:form-templates", "team", "team"),
        ("POST", "api:workflows", "team", "team"),
    ],
)
def test_id_of_another_organization_in_a_body_is_a_field_error_in_the_words_of_an_unknown_one(
    world, method, name, field, record
):
    body = {"subject": "x", "name": "x", "fields": [], "steps": []}
    caller = world.callers["admin"]
    foreign = caller.call(method, reverse(name), {**body, field: str(world.ids[record])})
    unknown = caller.call(method, reverse(name), {**body, field: "123e4567-e89b-12d3-a456-426614174000"})
    assert foreign.status_code == unknown.status_code == 400
    assert foreign.json() == unknown.json()
    assert list(foreign.json()) == [field]


def test_lists_hold_nothing_of_another_organization(world):
    theirs = {str(value) for value in world.ids.values() if len(str(value)) > 20}
    for name in (
        "requests",
        "form-templates",
        "workflows",
        "teams",
        "users",
        "auth-users",
        "po-users",
        "jobs",
        "roles",
        "simple-requests",
    ):
        answer = world.callers["admin"].call("GET", reverse(f"api:{name}"))
        assert answer.status_code == 200, name
        assert not [value for value in theirs if value in answer.content.decode()], name
    for name in ("orders", "projects", "vendors"):
        assert world.callers["admin"].call("GET", reverse(f"api:{name}")).json()["data"] == [], name
    for name in (
        "bills",
        "quotes",
        "invoices",
        "payments",
        "credit-notes",
        "recurring-invoices",
        "clients",
        "customers",
        "customer-search",
        "products",
        "document-types",
        "cases",
        "documents",
    ):
        assert world.callers["admin"].call("GET", reverse(f"api:{name}")).json()["results"] == [], name


@pytest.mark.parametrize(
    ("field", "foreign", "unknown"), [("vendor", "vendor_pk", 2**40), ("purchase_order", "order", 2**40)]
)
def test_foreign_id_in_a_bill_is_a_field_error_in_the_words_of_an_unknown_one(world, field, foreign, unknown):
    caller = world.callers["admin"]
    own = make_vendor(caller.user.organization)
    line = {"description": "x", "quantity": 1, "unit_price": "1.00"}
    body = {"vendor": own.code, "bill_number": "1", "bill_date": "2026-03-10", "lines": [line]}

    def refused(value):
        answer = caller.call("POST", reverse("api:bills"), {**body, field: value})
        assert answer.status_code == 400
        return answer.json()

    assert refused(world.ids[foreign]) == refused(unknown)
    assert list(refused(unknown)["details"]) == [field]


def test_file_of_another_organization_in_a_form_value_is_a_field_error(world):
    office = make_office(fields=[{"field_id": "quote", "name": "Quote", "field_type": "FILE"}])
    answer = ApiClient(office.requester).call(
        "POST",
        reverse("api:requests"),
        {"team": str(office.team.uuid), "subject": "x", "field_values": {"quote": str(world.ids["attachment"])}},
    )
    assert (answer.status_code, list(answer.json())) == (400, ["quote"])


@pytest.mark.parametrize("field", ["required_documents", "optional_documents"])
def test_foreign_document_type_in_a_product_is_a_field_error_in_the_words_of_an_unknown_one(world, field):
    caller = world.callers["admin"]

    def refused(value):
        answer = caller.call("POST", reverse("api:products"), {"code": "X", "name": "X", field: [value]})
        assert answer.status_code == 400
        return answer.json()

    assert refused(world.ids["document_type"]) == refused(2**40)
    assert list(refused(2**40)["details"]) == [f"{field}.0"]
