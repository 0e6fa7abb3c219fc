"""The tasks and documents of a product, as they are given, checked, written and told."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pycountry
from django.db.models import F
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import set_fields
from bureau.cases.models import DocumentType, Product, ProductDocument, ProductTask
from bureau.cases.services.document_types import check_months
from bureau.core.models import Organization

FIELDS = ("code", "name", "description", "product_type", "base_price", "tax_code", "completed_by_payment", "active")
"""What can be given of a product, beside its tasks and documents."""
MAX_ROWS = 100
"""Tasks, or documents, of a product."""
LONGEST_DURATION = 3650
"""Days."""
_ASIDE = 10_000
"""Added to the step of a task for the moment in which the tasks of a product change places."""

Errors = defaultdict[str, list[str]]


@dataclass(frozen=True, slots=True)
class TaskInput:
    """A task as it is given. `step` None: its place in the list; `id` None: the task that has this step, else a new
    one. An empty `country` is the organization's."""

    name: str
    duration: int
    description: str = ""
    business_days: bool = True
    country: str = ""
    notify_days_before: int = 0
    last_step: bool = False
    step: int | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentInput:
    """A document type that cases of the product take. `min_validity_months` None: as the type says."""

    document_type: int
    required: bool = True
    min_validity_months: int | None = None


@dataclass(slots=True)
class Content:
    """The tasks and documents of a product, checked and not saved."""

    tasks: list[ProductTask] = field(default_factory=list)
    documents: list[ProductDocument] = field(default_factory=list)


def read_tasks(given: Sequence[TaskInput], there: Sequence[ProductTask], errors: Errors) -> list[ProductTask]:
    """The tasks in order; those that are there already are changed, not saved. Errors stand under tasks.<index>."""
    if len(given) > MAX_ROWS:
        errors["tasks"].append(_("Use at most %(count)d tasks.") % {"count": MAX_ROWS})
        return []
    by_id = {task.pk: task for task in there}
    by_step = {task.step: task for task in there}
    named = {task.id for task in given}
    placed: dict[int, ProductTask] = {}
    taken: set[int] = set()
    steps = [index if row.step is None else row.step for index, row in enumerate(given, 1)]
    last = max(steps, default=0)
    for index, (row, step) in enumerate(zip(given, steps, strict=True)):
        task = by_id.get(row.id) if row.id is not None else by_step.get(step)
        if row.id is not None and (task is None or row.id in taken):
            errors[f"tasks.{index}.id"].append(_("There is no such task in this product."))
        if row.id is not None:
            taken.add(row.id)
        elif task is not None and task.pk in named:
            task = None  # the caller has moved that one elsewhere
        task = task or ProductTask()
        for name, problems in _set_task(task, row).items():
            errors[f"tasks.{index}.{name}"].extend(problems)
        if step in placed:
            errors[f"tasks.{index}.step"].append(_("There are two tasks with step %(step)d.") % {"step": step})
        elif not 1 <= step <= len(given):
            message = _("Steps count from 1 without a gap: with %(count)d tasks the last is %(count)d.")
            errors[f"tasks.{index}.step"].append(message % {"count": len(given)})
        task.step = step
        placed[step] = task
        if row.last_step and step != last:
            errors[f"tasks.{index}.last_step"].append(_("Only the last task is the last step."))
    tasks = [placed[step] for step in sorted(placed)]
    for task in tasks:
        task.last_step = task is tasks[-1]
    return tasks


def _set_task(task: ProductTask, row: TaskInput) -> dict[str, list[str]]:
    """Sets the values on the unsaved change of a task; what is wrong with them, by the API's names."""
    errors = set_fields(
        task,
        {
            "name": row.name,
            "description": row.description,
            "duration": row.duration,
            "business_days": row.business_days,
            "country": row.country.upper(),
            "notify_days_before": row.notify_days_before,
        },
    )
    for name in ("duration", "notify_days_before"):
        if name not in errors and not 0 <= getattr(task, name) <= LONGEST_DURATION:
            errors[name] = [_("Use 0 to %(count)d days.") % {"count": LONGEST_DURATION}]
    if task.country and "country" not in errors and pycountry.countries.get(alpha_2=task.country) is None:
        errors["country"] = [_("Use a two-letter country code, such as DE.")]
    if "business_days" in errors:
        errors["duration_is_business_days"] = errors.pop("business_days")
    return errors


def read_documents(organization: Organization, given: Sequence[DocumentInput], errors: Errors) -> list[ProductDocument]:
    """The documents, required ones first. Errors stand under required_documents.<index>, optional_documents.<index>."""
    if not given:
        return []
    types = {kind.pk: kind for kind in DocumentType.objects.filter(organization=organization)}
    read: list[ProductDocument] = []
    taken: set[int] = set()
    for required, name in ((True, "required_documents"), (False, "optional_documents")):
        rows = [row for row in given if row.required == required]
        if len(rows) > MAX_ROWS:
            errors[name].append(_("Use at most %(count)d documents.") % {"count": MAX_ROWS})
            continue
        for index, row in enumerate(rows):
            kind = types.get(row.document_type)
            problem = check_months(row.min_validity_months)
            if kind is None:
                errors[f"{name}.{index}"].append(_("There is no such document type."))
            elif kind.pk in taken:
                errors[f"{name}.{index}"].append(_("“%(name)s” is there twice.") % {"name": kind.name})
            elif problem:
                errors[f"{name}.{index}.min_validity_months"].append(problem)
            else:
                taken.add(kind.pk)
                months = row.min_validity_months
                read.append(
                    ProductDocument(
                        document_type=kind,
                        required=required,
                        position=index + 1,
                        min_validity_months=None if months == kind.min_validity_months else months,
                    )
                )
    return read


def write_tasks(product: Product, tasks: Sequence[ProductTask], old: Sequence[ProductTask]) -> None:
    kept = {task.pk for task in tasks if task.pk is not None}
    product.tasks.exclude(pk__in=kept).delete()
    steps = {task.pk: task.step for task in old}
    if any(task.pk in steps and steps[task.pk] != task.step for task in tasks):
        product.tasks.update(step=F("step") + _ASIDE)  # no two have one step while they change places
    ProductTask.objects.bulk_update(
        [task for task in tasks if task.pk is not None],
        ["step", "name", "description", "duration", "business_days", "country", "notify_days_before", "last_step"],
    )
    added = [task for task in tasks if task.pk is None]
    for task in added:
        task.product = product
    ProductTask.objects.bulk_create(added)


def write_documents(product: Product, documents: Iterable[ProductDocument]) -> None:
    rows = list(documents)
    for row in rows:
        row.pk, row.product = None, product
    ProductDocument.objects.bulk_create(rows)


def stored(product: Product) -> Content:
    return Content(list(product.tasks.all()), list(product.documents.select_related("document_type")))


def described(product: Product, content: Content) -> dict[str, Any]:
    """What the audit log keeps of a product."""
    return {
        **{name: getattr(product, name) for name in FIELDS},
        "tasks": [
            {
                "step": task.step,
                "name": task.name,
                "description": task.description,
                "duration": task.duration,
                "business_days": task.business_days,
                "country": task.country,
                "notify_days_before": task.notify_days_before,
            }
            for task in content.tasks
        ],
        "documents": [
            {
                "document_type": document.document_type.name,
                "required": document.required,
                "min_validity_months": document.min_validity_months,
            }
            for document in content.documents
        ],
    }
