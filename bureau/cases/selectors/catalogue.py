"""Lists of products and document types, with how much each is used."""

from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from bureau.cases.models import Case, CaseDocument, DocumentType, Product, ProductDocument, ProductTask
from bureau.cases.selectors.cases import OPEN
from bureau.core.models import User


def with_counts(products: QuerySet[Product], user: User) -> QuerySet[Product]:
    """Each with `steps`, `papers` (the document types it asks for) and `open_cases`, those that this person sees."""
    cases = Case.objects.visible_to(user).filter(status__in=OPEN)
    return products.annotate(
        steps=_count(ProductTask.objects.all(), "product"),
        papers=_count(ProductDocument.objects.all(), "product"),
        open_cases=_count(cases, "product"),
    )


def types_with_counts(types: QuerySet[DocumentType]) -> QuerySet[DocumentType]:
    """Each with `asked_by`, how many products ask for it, and `held`, how many documents of cases there are."""
    return types.annotate(
        asked_by=_count(ProductDocument.objects.all(), "document_type"),
        held=_count(CaseDocument.objects.filter(file__isnull=False), "document_type"),
    )


def _count(rows: QuerySet[Model], column: str) -> Coalesce:
    found = rows.filter(**{column: OuterRef("pk")}).order_by().values(column).annotate(count=Count("pk"))
    return Coalesce(Subquery(found.values("count"), output_field=IntegerField()), 0)
