"""The demo data: what everybody who tries the product, and every example in the documents, relies on."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from bureau.accounts.models import AccessScope
from bureau.cases.models import Case, CaseDocument, CaseNote, Product
from bureau.cases.reminders import remind
from bureau.cases.selectors.cases import document_states, overdue, visible_case
from bureau.cases.states import CaseStatus, DocumentState
from bureau.core import audit
from bureau.core.files import open_clean
from bureau.core.models import AuditEntry, Job, PaymentMethod, User
from bureau.parties.models import BankAccount, Customer, Vendor
from bureau.purchasing import routing
from bureau.purchasing.models import (
    Bill,
    CostCode,
    Decision,
    Delegation,
    FormTemplate,
    GoodsReceipt,
    OrderFile,
    OrderNote,
    OrderRelease,
    OrderType,
    Project,
    ProjectMember,
    PurchaseOrder,
    PurchaseRequest,
    WorkflowTemplate,
)
from bureau.purchasing.selectors import orders as order_selectors
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.services import budgets
from bureau.purchasing.states import BillStatus, OrderStatus, RequestStatus
from bureau.sales.models import CreditNote, Invoice, InvoiceLine, InvoiceReminder, Payment, Quote, RecurringInvoice
from bureau.sales.reminders import remind_customers
from bureau.sales.rendering.parties import missing_details
from bureau.sales.states import InvoiceStatus, QuoteStatus
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


def loaded() -> list[tuple]:
    """Loads it; what shows whether two loads gave the same."""
    call_command("demo", verbosity=0)
    orders = PurchaseOrder.objects.order_by("created_at", "pk").values_list(
        "po_number", "vendor_name", "status", "total_amount", "created_at"
    )
    requests = PurchaseRequest.objects.order_by("created_at", "pk").values_list(
        "number", "subject", "status", "amount", "created_at"
    )
    cases = Case.objects.order_by("created_at", "pk").values_list(
        "number", "customer__party__name", "status", "due_date", "created_at"
    )
    invoices = Invoice.objects.order_by("created_at", "pk").values_list(
        "number", "customer__party__name", "status", "total_amount", "paid_amount"
    )
    return [*orders, *requests, *cases, *invoices]


def test_demo_data_is_what_the_documents_promise(settings, tmp_path):
    """Loaded twice at the same moment, as that takes seconds: for all that it is to be."""
    settings.MEDIA_ROOT = str(tmp_path)
    with time_machine.travel(datetime(2026, 5, 4, 11, 20, tzinfo=UTC), tick=False):
        with transaction.atomic():
            first = loaded()
            transaction.set_rollback(True)
        assert loaded() == first, "the same moment gives the same"
        people = {user.username: user for user in User.objects.select_related("organization")}
        check_people(people)
        check_sites(people)
        check_orders_and_bills(people)
        check_customers_and_products(people)
        check_cases(people)
        check_selling(people)
        check_sums()


def check_people(people):
    assert {name: user.role for name, user in people.items()} == {
        "admin": "admin", "staff": "staff", "foreman": "foreman", "super": "super", "pm": "pm", "requester": "member",
        "manager": "member", "director": "member", "finance": "member", "owner": "owner", "owner2": "owner",
    }  # fmt: skip
    assert [user.username for user in people.values() if user.is_superuser] == ["admin"]
    assert all(user.check_password("bureau-demo") for user in (people["admin"], people["owner2"]))
    assert {name: people[name].authorization_limit for name in ("foreman", "super", "pm", "admin")} == {
        "foreman": 5000, "super": 25000, "pm": 100000, "admin": None,
    }  # fmt: skip
    assert len({people[name].organization for name in ("admin", "owner", "owner2")}) == 3
    assert people["finance"].organization.name == "Northwind Builders"

    scopes = AccessScope.objects.filter(team__name="Marketing").values_list("user__username", "role__code")
    assert sorted(scopes) == [
        ("director", "DIRECTOR"), ("finance", "FINANCE_REVIEWER"), ("manager", "MANAGER"), ("requester", "INITIATOR"),
    ]  # fmt: skip
    form = FormTemplate.objects.get(team__name="Marketing", in_use=True)
    assert (form.name, form.version_number) == ("Marketing Form", 1)
    assert list(form.fields.values_list("field_id", "field_type", "required")) == [
        ("budget_amount", "NUMBER", True), ("campaign", "TEXT", False),
    ]  # fmt: skip
    assert not form.attachment_categories.filter(required=True).exists()
    steps = {
        workflow.team.name: [step.step_name for step in workflow.steps.all()]
        for workflow in WorkflowTemplate.objects.filter(team__organization__name="Northwind Builders")
    }
    assert steps == {
        "Marketing": ["Manager Approval", "Director Approval", "Finance Review"],
        "General": ["Manager Approval", "Finance Review"],
    }

    requests = PurchaseRequest.objects.all()
    assert requests.count() >= 60
    assert set(requests.values_list("status", flat=True)) == {*RequestStatus} - {RequestStatus.FULLY_APPROVED}
    assert selectors.requests_awaiting(people["manager"]).exists()
    assert selectors.requests_awaiting(people["director"]).exists()
    assert selectors.finance_inbox(people["finance"]).exists()
    assert not Job.objects.exists()
    assert list(audit.breaks()) == []


def check_sites(people):
    northwind = people["admin"].organization
    assert northwind.default_tax_code == "GP"
    projects = {project.code: project for project in Project.objects.filter(organization=northwind)}
    assert (set(projects), projects["PRJ001"].budget) == ({"PRJ001", "PRJ002"}, 2_500_000)
    members = ProjectMember.objects.filter(project=projects["PRJ001"]).values_list("user__username", flat=True)
    assert sorted(members) == ["foreman", "pm", "super"]
    codes = {code.external_id: code for code in CostCode.objects.filter(project=projects["PRJ001"])}
    assert (codes["CC-001"].code, codes["CC-001"].budget) == ("01-100", 150_000)
    assert "CC-002" in codes
    assert codes["CC-001"].remaining > 100_000, "room for the examples of the documents"
    vendor = Vendor.objects.get(organization=northwind, code="VEN001")
    assert (vendor.party.name, vendor.party.email, vendor.payment_terms) == (
        "ABC Supply Co.", "orders@abcsupply.com", "Net 30",
    )  # fmt: skip
    assert Vendor.objects.filter(organization=northwind).count() >= 12
    accounts = BankAccount.objects.filter(vendor__organization=northwind)
    assert set(accounts.values_list("state", flat=True)) == {"confirmed", "proposed", "superseded"}
    today = timezone.localdate()
    assert not any(routing.delegations_held(person, today=today).exists() for person in people.values())
    assert Delegation.objects.filter(start_date__gt=today).exists()


def check_orders_and_bills(people):
    orders = PurchaseOrder.objects.filter(organization=people["admin"].organization)
    assert 70 <= orders.count() <= 90
    assert set(orders.values_list("status", flat=True)) == {*OrderStatus}
    assert set(orders.values_list("type", flat=True)) == {*OrderType.values}
    assert orders.filter(created_at__lt=timezone.now() - timedelta(days=500)).exists()
    for name in ("super", "pm", "admin"):
        assert order_selectors.orders_awaiting(people[name]).count() >= 2, name
    assert orders.filter(budget_overridden=True).exists()
    converted = orders.get(request__status=RequestStatus.COMPLETED)
    assert set(converted.lines.values_list("tax_code", flat=True)) == {"GP"}
    assert Decision.objects.filter(in_place_of=people["super"]).exists()
    for model in (OrderNote, OrderRelease, OrderFile, GoodsReceipt):
        assert model.objects.exists(), model
    bills = Bill.objects.filter(organization=people["admin"].organization)
    assert set(bills.values_list("status", flat=True)) == {*BillStatus}
    kinds = {found["kind"] for bill in bills.filter(status=BillStatus.EXCEPTION) for found in bill.exceptions}
    assert {"price", "quantity", "no_order"} <= kinds
    assert bills.filter(status=BillStatus.APPROVED, due_date__lt=timezone.localdate()).exists()
    assert bills.filter(account_changed=True).exists()
    for name in ("owner", "owner2"):
        assert PurchaseOrder.objects.filter(created_by=people[name]).exists()


def check_customers_and_products(people):
    northwind = people["admin"].organization
    product = Product.objects.get(organization=northwind, code="VISA-EXT")
    assert list(product.tasks.values_list("business_days", "last_step")) == [(True, False), (True, False), (True, True)]
    documents = product.documents.values_list("required", flat=True)
    assert sorted(documents) == [False, True, True]
    assert Product.objects.filter(organization=northwind).count() >= 3
    customers = Customer.objects.filter(organization=northwind)
    assert 55 <= customers.count() <= 65
    assert set(customers.values_list("customer_type", flat=True)) == {"person", "company"}
    assert customers.filter(active=False).exists()
    assert customers.values("nationality").distinct().count() > 15
    today = timezone.localdate()
    expiring = customers.filter(passport_expiry_date__range=(today, today + timedelta(days=60)), active=True)
    assert expiring.count() >= 3
    assert customers.filter(passport_expiry_date__lt=today).exists()
    addresses = Customer.objects.values_list("party__email", flat=True)
    assert all(address.endswith("example.com") for address in addresses)
    assert northwind.closing_days.filter(date__gt=today).exists()
    for name in ("owner", "owner2"):
        assert Customer.objects.filter(owner=people[name]).count() >= 3
        assert Case.objects.filter(owner=people[name], organization=people[name].organization).exists()


def check_cases(people):
    cases = Case.objects.filter(organization=people["admin"].organization)
    today = timezone.localdate()
    assert 65 <= cases.count() <= 90
    assert set(cases.values_list("status", flat=True)) == {*CaseStatus}
    assert cases.filter(created_at__lt=timezone.now() - timedelta(days=500)).exists()
    assert cases.filter(overdue(today)).count() >= 3
    assert cases.filter(step_status="waiting").count() >= 2
    assert cases.filter(status="completed", closed_by__isnull=True).count() >= 30
    assert cases.filter(status="completed", closed_by__isnull=False).exists()
    assert AuditEntry.objects.filter(entity_type="case", action="reopened").count() >= 2
    assert cases.filter(status="pending", documents__file__isnull=False).exists()
    assert CaseDocument.objects.filter(case__in=cases, file__uploader=None, file__isnull=False).exists(), "by link"
    assert CaseNote.objects.filter(case__in=cases).exists()
    for name in ("staff", "manager", "requester"):
        assert cases.filter(owner=people[name], status="processing").exists(), name
    states = {state for case in cases for state in document_states(visible(case), today=today).values()}
    assert states == {*DocumentState}
    for document in CaseDocument.objects.filter(case__in=cases, file__isnull=False).select_related("file")[:10]:
        with open_clean(document.file) as content:
            assert content.read(4) in (b"%PDF", b"\x89PNG")
    assert remind(now=timezone.now())["steps"] == 0, "nobody is written to of what the demo brought"
    assert remind_customers(now=timezone.now()) == 0


def check_selling(people):
    northwind, today = people["admin"].organization, timezone.localdate()
    invoices = Invoice.objects.filter(organization=northwind).as_of(today)
    assert 55 <= invoices.count() <= 75
    assert set(invoices.values_list("shown_status", flat=True)) == {*InvoiceStatus}
    late = {(today - day).days for day in invoices.filter(shown_status="overdue").values_list("due_date", flat=True)}
    assert {5, 20, 45, 100} <= late
    assert invoices.filter(created_at__lt=timezone.now() - timedelta(days=450)).exists()
    lines = InvoiceLine.objects.filter(invoice__in=invoices)
    assert lines.filter(discount_percent__gt=0).exists()
    assert lines.filter(tax_category="E").exists()
    assert lines.filter(case__isnull=False, invoice__status=InvoiceStatus.PAID).count() >= 5
    assert not lines.filter(case__isnull=False).exclude(tax_code="VAT19").exists()
    payments = Payment.objects.filter(invoice__in=invoices)
    assert set(payments.values_list("payment_method", flat=True)) == {*PaymentMethod.values}
    assert payments.filter(refund_of__isnull=False, invoice__status=InvoiceStatus.CANCELLED).exists()
    assert payments.filter(refund_of__isnull=False).exclude(invoice__status=InvoiceStatus.CANCELLED).exists()
    assert CreditNote.objects.filter(invoice__in=invoices).count() == 2
    assert Case.objects.filter(product__completed_by_payment=True, status="completed").exists(), "by its payment"
    quotes = Quote.objects.filter(organization=northwind)
    assert 22 <= quotes.count() <= 28
    assert set(quotes.values_list("status", flat=True)) == {*QuoteStatus}
    assert quotes.filter(version=2, invoice__isnull=False).exists()
    assert quotes.filter(status=QuoteStatus.ACCEPTED, invoice__isnull=True).exists()
    hired = RecurringInvoice.objects.filter(organization=northwind, active=True)
    assert [made.invoices.count() for made in hired.order_by("interval")] == [6, 4]
    assert not hired.exclude(problem="").exists()
    reminded = InvoiceReminder.objects.filter(invoice__in=invoices)
    assert set(reminded.values_list("days", flat=True)) == {7, 14, 30}
    assert not [invoice.number for invoice in invoices if missing_details(invoice)], "their data is complete"
    for name in ("owner", "owner2"):
        mine = Invoice.objects.filter(owner=people[name])
        assert {"paid", "sent", "draft"} <= set(mine.values_list("status", flat=True))
        assert Quote.objects.filter(owner=people[name]).exists()


def visible(case):
    return visible_case(case.owner, case.pk)


def check_sums():
    assert list(budgets.differences()) == []
    assert list(audit.breaks()) == []
    assert not AuditEntry.objects.filter(created_at__gt=timezone.now()).exists()
    for code in CostCode.objects.all():
        assert code.requested >= code.committed >= code.received >= code.billed >= code.paid >= 0


def test_demo_data_goes_into_an_empty_database_only():
    make_user()
    with pytest.raises(CommandError, match="empty"):
        call_command("demo", verbosity=0)
    assert User.objects.count() == 1


def test_weak_demo_password_is_refused_with_the_setting_named(settings):
    settings.DEMO_PASSWORD = "1234"
    with pytest.raises(CommandError, match="DEMO_PASSWORD"):
        call_command("demo", verbosity=0)
    assert not User.objects.exists()
