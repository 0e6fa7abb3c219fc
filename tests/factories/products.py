"""Products and document types, by the services."""

import itertools
from typing import Any

from django.utils import timezone

from bureau.accounts.permissions import SYSTEM
from bureau.cases.models import DocumentType, Product
from bureau.cases.services import document_types, products
from bureau.cases.services.products import DocumentInput, TaskInput
from bureau.core.models import Organization

_count = itertools.count(1)


def make_document_type(organization: Organization, name: str = "", **fields: Any) -> DocumentType:
    return document_types.create_document_type(
        actor=SYSTEM, organization=organization, name=name or f"Paper {next(_count)}", now=timezone.now(), **fields
    )


def make_product(
    organization: Organization, *, tasks: int = 3, required: int = 2, optional: int = 1, **fields: Any
) -> Product:
    """A product whose tasks take 5 working days each, with new document types. `task_inputs` and `document_inputs` give
    others."""
    number = next(_count)
    kinds = [make_document_type(organization).pk for _ in range(required + optional)]
    rows = [TaskInput(f"Task {step}", 5, notify_days_before=2) for step in range(1, tasks + 1)]
    given = {
        "code": f"P-{number}",
        "name": f"Product {number}",
        "tasks": fields.pop("task_inputs", rows),
        "documents": fields.pop(
            "document_inputs", [DocumentInput(kind, place < required) for place, kind in enumerate(kinds)]
        ),
        "now": timezone.now(),
        **fields,
    }
    return products.create_product(actor=SYSTEM, organization=organization, **given)
