"""What the organization does for its customers: products with ordered tasks, cases with documents and steps."""

from bureau.cases.models.cases import Case, CaseNote, CaseStep, StepPause
from bureau.cases.models.documents import CaseDocument, DocumentType
from bureau.cases.models.links import CalendarFeed, CaseLink
from bureau.cases.models.products import Product, ProductDocument, ProductTask

__all__ = [
    "CalendarFeed",
    "Case",
    "CaseDocument",
    "CaseLink",
    "CaseNote",
    "CaseStep",
    "DocumentType",
    "Product",
    "ProductDocument",
    "ProductTask",
    "StepPause",
]
