"""What there is of a customer: their cases, the documents of all of these, and what was done with their record."""

from datetime import date

from django.db.models import Count, F, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from bureau.cases.models import Case, CaseDocument
from bureau.cases.selectors.cases import OPEN
from bureau.core.audit import entity_type
from bureau.core.models import AuditEntry, User
from bureau.parties.models import Customer


def with_open_cases(rows: QuerySet[Customer], user: User) -> QuerySet[Customer]:
    """Each with `open_cases`, how many of theirs this person sees, and `next_due`, when a step of them is due first."""
    cases = Case.objects.visible_to(user).filter(customer=OuterRef("pk"), status__in=OPEN).order_by().values("customer")
    return rows.annotate(
        open_cases=Coalesce(Subquery(cases.annotate(count=Count("pk")).values("count")), 0),
        next_due=Subquery(cases.annotate(first=Min("step_due_date")).values("first")),
    )


def cases_of(user: User, customer: Customer) -> QuerySet[Case]:
    """Those that this person sees: the open ones by what is due first, then the others, the last completed first."""
    rows = Case.objects.visible_to(user).filter(customer=customer).select_related("product")
    return rows.order_by(
        F("completed_at").desc(nulls_first=True), F("step_due_date").asc(nulls_last=True), "-created_at", "-pk"
    )


def documents_of(user: User, customer: Customer) -> QuerySet[CaseDocument]:
    """The documents with a file of the cases that this person sees, what expires first before the others."""
    rows = CaseDocument.objects.visible_to(user).filter(case__customer=customer, file__isnull=False)
    rows = rows.select_related("document_type", "case", "file")
    return rows.order_by(F("expiry_date").asc(nulls_last=True), "document_type__name", "-uploaded_at", "-pk")


def due_cases(user: User, *, until: date) -> QuerySet[Case]:
    """The open cases that this person owns whose step is due by that day, overdue ones first."""
    rows = Case.objects.visible_to(user).filter(owner=user, status__in=OPEN, step_due_date__lte=until)
    return rows.select_related("customer__party", "product").order_by("step_due_date", "pk")


def history_of(customer: Customer) -> QuerySet[AuditEntry]:
    """What was done with the customer's record, the last first."""
    entries = AuditEntry.objects.filter(
        organization=customer.organization_id, entity_type=entity_type(customer), entity_id=str(customer.pk)
    )
    return entries.select_related("user").order_by("-created_at", "-pk")
