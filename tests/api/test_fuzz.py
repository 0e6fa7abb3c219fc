"""Everything that hypothesis can think of, at every address of the server: never a 5xx, always the family's refusal."""

import os
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.serializers import Serializer

from bureau.api.dialect import P2P, PO, PRS, dialect_of
from bureau.cases.services.cases import create_case
from bureau.cases.services.links import create_link
from bureau.core import jobs
from bureau.core.models import User
from bureau.purchasing.models import FormTemplate, WorkflowTemplate
from bureau.purchasing.services.attachments import attach_file
from bureau.purchasing.states import OrderStatus, RequestStatus
from bureau.sales.services.content import LineInput
from bureau.sales.services.invoices import create_invoice, credit_invoice
from bureau.sales.services.payments import mark_as_paid
from tests.clients import ApiClient
from tests.core.samples import pdf_bytes
from tests.factories.accounts import PASSWORD
from tests.factories.bills import enter
from tests.factories.cases import fill
from tests.factories.orders import attach, make_site, order_in
from tests.factories.parties import make_customer
from tests.factories.products import make_product
from tests.factories.purchasing import NOW, make_office, pdf, request_in
from tests.factories.sales import line

pytestmark = [pytest.mark.soak, pytest.mark.django_db]

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", 1500))  # about a minute a test on an idle machine
PDF = pdf_bytes()
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
PARAMETERS = (
    "page", "page_size", "limit", "search", "status", "state", "team", "requestor", "role", "active", "is_active",
    "type", "project_id", "created_by", "date_from", "date_to", "entity_type", "entity_id", "user_id", "action",
    "ordering", "created_at__gte", "created_at__lte", "hide_disabled", "customer", "email", "tax_number",
    "passport_number", "hide_paid", "client", "case", "invoice", "invoice_application_id", "payment_type",
    "payment_date__gte", "issue_date__lte", "due_date__lte", "invoice_date", "exclude_status", "include_invoiced",
    "exclude_incomplete", "export",
    "product_type", "next", "q", "scope", "copy", "decision", "format", "script", "lang",
)  # fmt: skip
WEB_FIELDS = (
    "username", "password", "next", "email", "new_password", "repeat", "old_password", "do", "theme", "subject",
    "purchase_type", "vendor_name", "description", "item_description", "item_quantity", "item_unit_price", "request",
    "comment", "category", "field_budget_amount", "field_campaign", "name", "code", "role", "first_name", "last_name",
    "authorization_limit", "team", "toggle", "fields", "fields-1-name", "fields-1-field_type", "fields-1-options",
    "fields-1-minimum", "categories", "categories-1-name", "steps", "steps-1-name", "steps-1-roles", "steps-1-people",
    "currency", "iban", "default_tax_rate", "request_prefix", "completion_email", "is_active",
)  # fmt: skip


def addresses(resolver: Any = None, prefix: str = "") -> Any:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry, prefix + (f"{entry.namespace}:" if entry.namespace else ""))
        elif isinstance(entry, URLPattern) and entry.name:
            yield f"{prefix}{entry.name}", tuple(entry.pattern.converters)


ADDRESSES = sorted(set(addresses()))
API = [address for address in ADDRESSES if address[0].startswith("api:")]
PAGES = [address for address in ADDRESSES if address[0].startswith("web:")]


def inputs(cls: type = Serializer) -> Any:
    for child in cls.__subclasses__():
        yield child
        yield from inputs(child)


def input_names() -> list[str]:
    """The fields of everything that the API takes."""
    found = {name for cls in inputs() if cls.__module__.startswith("bureau.api") for name in cls._declared_fields}
    return sorted(found | {"budget_amount", "campaign"})


@dataclass
class World:
    records: dict[str, list[str]]
    """What stands in addresses, by the name that the address gives it."""
    ids: list[str]
    people: dict[str, User]


@pytest.fixture
def world() -> World:
    office = make_office()
    requests = [request_in(status, office) for status in (RequestStatus.DRAFT, RequestStatus.PENDING_APPROVAL)]
    attachment = attach_file(actor=office.requester, request=requests[0], upload=pdf(), filename="quote.pdf", now=NOW)
    job = jobs.enqueue(
        "send_mail",
        payload={"to": "a@example.com", "subject": "s", "body": "b"},
        now=NOW,
        organization=office.organization,
        requested_by=office.requester,
    )
    site = make_site()
    orders = [order_in(status, site) for status in OrderStatus]
    file, bill = attach(orders[0]), enter(site)
    customers = [make_customer(office.organization, office.requester) for _number in range(3)]
    product = make_product(office.organization)
    offered = [product, *product.tasks.all(), *(row.document_type for row in product.documents.all())]
    case = create_case(actor=office.requester, customer=customers[0], product=product, now=NOW)
    papers = list(case.documents.all())
    fill(papers[0], actor=office.requester)
    link, _token = create_link(actor=office.requester, case=case, now=NOW)
    lines = [line(), LineInput("", Decimal(1), Decimal(100), case=case)]
    bill_of = {"actor": office.requester, "customer": customers[0], "now": NOW}
    invoices = [create_invoice(**bill_of, lines=rows) for rows in ([], [line()], lines)]
    paid = mark_as_paid(
        actor=office.requester, invoice=invoices[2], payment_method="cash", payment_date=NOW.date(), now=NOW
    )
    note = credit_invoice(actor=office.requester, invoice=invoices[2], now=NOW)
    form, workflow = FormTemplate.objects.get(team=office.team), WorkflowTemplate.objects.get(team=office.team)
    scope = office.requester.access_scopes.get(team=office.team)
    records: dict[str, list[Any]] = {
        "request_id": [request.uuid for request in requests],
        "attachment_id": [attachment.uuid],
        "template_id": [form.uuid, workflow.uuid],
        "team_id": [office.team.uuid],
        "scope_id": [scope.uuid],
        "job_id": [job.pk],
        "task_id": [job.pk],
        "pk": [
            *(requests[0].pk, office.director.pk, file.pk, bill.pk),
            *(record.pk for record in (*orders, *customers, *offered, case, *papers)),
            *(record.pk for record in (*invoices, *invoices[2].lines.all(), *paid, note)),
        ],
        "project_id": [site.project.code],
        "code": [site.project.code, site.vendor.code],
        "external_id": [site.cost_code.external_id],
        "product_type": ["visa"],
        "start_date": ["2026-03-10"],
        "action_name": ["use-previous", "ask-customer"],
        "customer_id": [customer.pk for customer in customers],
        "workflow_id": [case.steps.get().pk],
        "number": [1, 2],
        "rest": ["nothing", "v1/nothing"],
        "name": ["jobcost", "timberline"],
        "dialect": ["po", "prs"],
        "token": ["abc-def"],
        "uid": ["MQ"],
    }
    records["uuid"] = [
        value for name in ("request_id", "attachment_id", "template_id", "team_id") for value in records[name]
    ]
    records["uuid"] += [office.director.uuid, link.uuid]
    known = {name: [str(value) for value in values] for name, values in records.items()}
    people = {"member": office.requester, "admin": office.admin, "foreman": site.foreman, "pm": site.pm}
    return World(known, [value for values in known.values() for value in values] + ["MANAGER", "NUMBER"], people)


NASTY = st.sampled_from(
    [
        "", " ", "\x00", "a\x00b", "0", "-1", "1e999999", "NaN", "sNaN", "-Infinity", "9" * 5000, "0.00000000000001",
        "2**63", str(2**63), str(-(2**63) - 1), "١٢٣", "true", "null", "2026-02-30", "0001-01-01", "9999-12-31",
        "ﷺ" * 40, "㎒" * 150, "🏗️", "\u202egnp.exe", "<script>alert(1)</script>", "'; DROP TABLE x; --", "%", "\\", "_",
        "../../etc/passwd", "a" * 30_000, "x\r\nBcc: a@b.de", "ADMIN", "GOODS", "DRAFT", "approve", "reject", "save",
        "fields:add:", "steps:up:1", "1", "10.50", "Mauve-Anvil-89", "someone@example.com", "TEXT", "SELECT",
    ]
)  # fmt: skip
TEXT = st.one_of(NASTY, st.text(max_size=40))
SCALAR = st.one_of(
    TEXT,
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)


@st.composite
def paths(draw: Any, world: World, address: tuple[str, tuple[str, ...]]) -> str:
    name, parts = address
    values = {}
    for part in parts:
        value = draw(st.sampled_from(world.records[part]))
        match part:
            case "pk" | "workflow_id" | "customer_id" | "number":
                value = draw(st.one_of(st.just(value), st.just(value), st.integers(0, 10**25).map(str)))
            case "uid" | "token":
                value = draw(st.one_of(st.just(value), TEXT.filter(lambda text: text and "/" not in text)))
            case "dialect":
                pass
            case (
                "request_id" | "attachment_id" | "template_id" | "team_id" | "scope_id" | "job_id" | "task_id" | "uuid"
            ):
                value = draw(st.one_of(st.just(value), st.just(value), st.uuids().map(str)))
                value = UUID(value)
            case _:
                value = draw(
                    st.one_of(
                        st.just(value), st.just(value), TEXT.filter(lambda text: text.strip("/") and "\n" not in text)
                    )
                )
                value = value if "rest" in part or "code" in part else value.replace("/", "-")
        values[part] = value
    path = reverse(name, kwargs=values)
    if draw(st.booleans()):
        query = draw(st.lists(st.tuples(st.sampled_from(PARAMETERS), TEXT), max_size=4))
        path += "?" + urlencode(query)
    return path


def json_values(names: list[str], ids: list[str]) -> Any:
    scalar = st.one_of(SCALAR, st.sampled_from(ids))
    return st.recursive(
        scalar,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.sampled_from(names), TEXT), inner, max_size=8)
        ),
        max_leaves=25,
    )


ORDER_LINE = {
    "description": "Gravel",
    "quantity": 2.5,
    "unit": "t",
    "unit_price": 12.5,
    "category": "MA",
    "tax_code": "GP",
}
ORDER = {
    "type": "standard", "project_id": "PRJ001", "cost_code": "CC-001", "vendor_id": "VEN001", "vendor_name": "ABC",
    "vendor_email": "a@example.com", "line_items": [ORDER_LINE], "ceiling_amount": 10, "urgency_justification": "x",
}  # fmt: skip
CUSTOMER = {
    "customer_type": "person", "first_name": "Jane", "last_name": "Doe", "nationality": "DE", "telephone": "1",
    "birthdate": "1990-01-01", "passport_number": "C01X", "passport_issue_date": "2020-01-01",
    "passport_expiry_date": "2030-01-01", "gender": "F", "notify_steps_due": True, "owner": 1, "company": "Acme",
}  # fmt: skip
FIELD = {"field_id": "a", "name": "A", "field_type": "TEXT", "options": ["x"], "minimum": "1", "required": True}
STEP = {"step_name": "S", "approvers": [{"role": "MANAGER"}, {"role": {"code": "DIRECTOR"}}], "step_order": 1}
TASK = {"step": 1, "name": "T", "duration": 5, "duration_is_business_days": True, "country": "DE", "last_step": True}
PRODUCT = {
    "code": "P", "name": "P", "product_type": "visa", "base_price": "5.00", "tax_code": "GP", "active": True,
    "tasks": [TASK], "required_documents": [1], "optional_documents": [{"id": 2, "min_validity_months": 6}],
}  # fmt: skip
DOCUMENT_TYPE = {"name": "Photo", "has_number": True, "min_validity_months": 6, "actions": ["use-previous"]}
INVOICE = {
    "client": 1, "customer": 1, "issue_date": "2026-03-10", "invoice_date": "2026-03-10", "due_date": "2026-04-09",
    "status": "sent", "sent": True, "terms": "x", "notes": "x", "owner": 1,
    "line_items": [
        {
            "description": "Hours", "quantity": 1.5, "unit": "h", "unit_price": "80.00", "discount_percent": 10,
            "tax_code": "GP", "customer_application": 1,
        }
    ],
    "invoice_applications": [{"customer_application": 1, "amount": "100.00"}],
}  # fmt: skip
PAYMENT = {
    "invoice": 1, "invoice_application": 2, "amount": "1.00", "payment_type": "cash", "payment_date": "2026-03-10",
    "reference": "x", "note": "x",
}  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "api:products": PRODUCT,
    "api:product": PRODUCT,
    "api:product-bulk-delete": {"query": "visa", "confirm": True},
    "api:document-types": DOCUMENT_TYPE,
    "api:document-type": DOCUMENT_TYPE,
    "api:requests": {"team": "team_id", "subject": "Lenses", "field_values": {"budget_amount": "10"}},
    "api:request": {"subject": "Lenses", "field_values": {"budget_amount": 4, "campaign": "x"}, "items": []},
    "api:simple-requests": {"title": "Paper", "items": [{"description": "A4", "quantity": 1, "unit_price": "5.50"}]},
    "api:form-templates": {"name": "F", "team": "team_id", "fields": [FIELD]},
    "api:form-template": {"name": "F", "fields": [{**FIELD, "field_type": "SELECT"}]},
    "api:workflows": {"name": "W", "team": "team_id", "steps": [STEP]},
    "api:workflow": {"name": "W", "steps": [STEP, STEP]},
    "api:auth-users": {"username": "n", "email": "n@example.com", "password": PASSWORD, "authorization_limit": "5.00"},
    "api:teams": {"name": "T", "description": ""},
    "api:roles": {"code": "R", "name": "R"},
    "api:team-members": {"user": "team_id", "role": "MANAGER"},
    "api:request-reject": {"comment": "The budget is spent."},
    "api:clients": {"name": "Jane Doe", "company": "", "email": "jane@example.com", "phone": "1", "owner": 1},
    "api:invoices": INVOICE,
    "api:invoice": INVOICE,
    "api:invoice-mark-as-paid": {"payment_type": "wire_transfer", "payment_date": "2026-01-15"},
    "api:invoice-credit-note": {"reason": "x"},
    "api:invoice-send": {"message": "x"},
    "api:payments": PAYMENT,
    "api:payment-refund": {"amount": "1.00", "payment_date": "2026-01-15", "note": ""},
    "api:client": {"name": "Acme", "company": "Acme", "tax_number": "DE 1", "allow_duplicate": True},
    "api:customers": CUSTOMER,
    "api:customer": CUSTOMER,
    "api:customer-quick-create": CUSTOMER,
    "api:orders": ORDER,
    "api:order": ORDER,
    "api:order-approve": {"comments": "Fine", "override_budget": True},
    "api:order-reject": {"reason": "Too dear."},
    "api:order-cancel": {"reason": "Not needed"},
    "api:order-releases": {"amount": 5, "note": "Week 31"},
    "api:order-notes": {"text": "Look"},
}  # fmt: skip


@st.composite
def spoiled(draw: Any, body: Any, wild: Any) -> Any:
    """A good body with one value of it replaced."""
    if isinstance(body, dict) and body and draw(st.integers(0, 4)):
        name = draw(st.sampled_from(sorted(body)))
        return {**body, name: draw(spoiled(body[name], wild))}
    if isinstance(body, list) and body and draw(st.integers(0, 4)):
        return [draw(spoiled(body[0], wild)), *body[1:]]
    return draw(wild)


@st.composite
def api_bodies(draw: Any, world: World, name: str, names: list[str]) -> tuple[bytes, str]:
    wild = json_values(names, world.ids)
    value = BODIES.get(name)
    if value is not None and draw(st.integers(0, 3)):
        value = {**value, **({"team": world.records["team_id"][0]} if "team" in value else {})}
        value = draw(spoiled(value, wild))
    else:
        value = draw(st.one_of(st.dictionaries(st.sampled_from(names), wild, max_size=8), wild))
    kind = draw(st.sampled_from(["json", "json", "json", "form", "multipart", "bytes"]))
    if kind == "bytes":
        return draw(st.binary(max_size=200)), draw(
            st.sampled_from(
                ["application/json", "text/plain", MULTIPART_CONTENT, "multipart/form-data", "", "x/y;;=", "é"]
            )
        )
    if kind == "json":
        return orjson.dumps(value), "application/json"
    flat = draw(st.lists(st.tuples(st.one_of(st.sampled_from(names), TEXT), TEXT), max_size=8))
    return formed(draw, flat, kind)


def formed(draw: Any, flat: list[tuple[str, str]], kind: str) -> tuple[bytes, str]:
    if kind == "form":
        return urlencode(flat).encode(), "application/x-www-form-urlencoded"
    data: dict[str, Any] = {name.replace("\r", "").replace("\n", ""): value for name, value in flat}
    for name in draw(st.lists(st.sampled_from(["file", "files", "logo", "field_campaign"]), max_size=2)):
        content = draw(st.one_of(st.just(PDF), st.just(b""), st.binary(max_size=300)))
        filename = draw(st.one_of(st.sampled_from(["a.pdf", "..", "x.svg", "a/b\\c.pdf", "\x00.pdf"]), TEXT))
        data[name] = SimpleUploadedFile("a.pdf", content)
        data[name]._name = filename.replace("\r", "").replace("\n", "")[:500]
    return encode_multipart(BOUNDARY, data), MULTIPART_CONTENT


# As servers hand on what stands in a header.
IN_HEADER = TEXT.map(lambda text: text.encode().decode("latin-1").replace("\r", "").replace("\n", ""))
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "HTTP_IDEMPOTENCY_KEY": st.one_of(IN_HEADER, st.sampled_from(["one", "two"])),
        "HTTP_LAST_EVENT_ID": IN_HEADER,
        "HTTP_X_REQUEST_ID": IN_HEADER,
        "HTTP_ACCEPT": st.sampled_from(["application/json", "text/html", "*/*", "image/png", ";", ""]),
        "HTTP_REFERER": IN_HEADER,
    },
)


def assert_refusal(path: str, answer: Any) -> None:
    """In the shape that the family documents."""
    body = orjson.loads(answer.content)
    dialect = dialect_of(path.partition("?")[0])
    if dialect in (P2P, PO):
        assert set(body) == {"error"}
        expected = {"code", "message", "details"} | ({"timestamp", "request_id"} if dialect is PO else set())
        assert set(body["error"]) == expected
    elif dialect is PRS and "detail" in body and isinstance(body["detail"], str):
        assert set(body) == {"detail"}
    else:
        fields = body if dialect is PRS else body["details"]
        assert dialect is PRS or (set(body) == {"error", "details"} and isinstance(body["error"], str))
        for messages in fields.values():
            assert messages
            assert all(isinstance(message, str) for message in messages)


def read(answer: Any) -> None:
    """A file to its end, so that it is closed."""
    if answer.streaming:
        b"".join(answer.streaming_content)


fuzzing = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    database=None,
)


@pytest.mark.parametrize("who", ["member", "admin", "foreman", "pm"])
def test_api_refuses_whatever_comes(world, who):
    names = input_names()

    @fuzzing
    @given(st.data())
    def run(data: Any) -> None:
        address = data.draw(st.sampled_from(API))
        path = data.draw(paths(world, address))
        verb = data.draw(st.sampled_from(VERBS))
        body, kind = (b"", "") if verb in ("GET", "HEAD") else data.draw(api_bodies(world, address[0], names))
        headers = data.draw(HEADERS)
        client = ApiClient(world.people[who])
        if data.draw(st.integers(0, 5)) == 0:
            client.defaults.pop("HTTP_AUTHORIZATION")
            client.cookies["sessionid"] = data.draw(IN_HEADER)
        answer = client.generic(verb, path, body, content_type=kind, **headers)
        assert answer.status_code < 500, answer.content
        assert answer["X-Request-ID"]
        if answer.status_code >= 400 and verb != "HEAD":
            assert_refusal(path, answer)
        read(answer)

    run()


@pytest.mark.parametrize("who", ["member", "admin", "foreman", "pm"])
def test_pages_refuse_whatever_comes(world, who):
    @fuzzing
    @given(st.data())
    def run(data: Any) -> None:
        address = data.draw(st.sampled_from(PAGES))
        path = data.draw(paths(world, address))
        verb = data.draw(st.sampled_from(["GET", "POST", "POST"]))
        flat = data.draw(st.lists(st.tuples(st.sampled_from(WEB_FIELDS), st.one_of(TEXT, st.sampled_from(world.ids)))))
        body, kind = formed(data.draw, flat, data.draw(st.sampled_from(["form", "multipart"])))
        headers = data.draw(HEADERS)
        if data.draw(st.booleans()):
            headers["HTTP_HX_REQUEST"] = "true"
        client = ApiClient()
        client.force_login(User.objects.get(pk=world.people[who].pk))
        answer = client.generic(verb, path, body if verb == "POST" else b"", content_type=kind, **headers)
        assert answer.status_code < 500, answer.content
        read(answer)

    run()
