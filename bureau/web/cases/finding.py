"""Cases as lists and the board show them, and what the filters of the list mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.cases.models import Case, CaseDocument, Product
from bureau.cases.selectors import cases as selectors
from bureau.cases.selectors.documents import visible_document
from bureau.cases.selectors.products import visible_products
from bureau.cases.states import CaseStatus, StepStatus
from bureau.core.models import User
from bureau.kit.errors import NotFound

LARGEST_ID: Final = 2**63 - 1
NEAR = timedelta(days=7)
OPEN = (*selectors.OPEN, CaseStatus.REJECTED)
"""Those that somebody has to do something about."""

STATUSES = (
    ("", gettext_lazy("Open")),
    (CaseStatus.PENDING, gettext_lazy("Pending")),
    (CaseStatus.PROCESSING, gettext_lazy("Processing")),
    (CaseStatus.REJECTED, gettext_lazy("Rejected")),
    (CaseStatus.COMPLETED, gettext_lazy("Completed")),
    ("all", gettext_lazy("Every status")),
)
STEP_STATUSES = (
    (StepStatus.PENDING, gettext_lazy("Step not begun")),
    (StepStatus.PROCESSING, gettext_lazy("Step in work")),
    (StepStatus.WAITING, gettext_lazy("Waiting for the customer")),
    (StepStatus.REJECTED, gettext_lazy("Step rejected")),
)


def case_for_page(user: User, pk: int) -> Case:
    """With all that its page shows. Raises NotFound."""
    if pk > LARGEST_ID:
        raise NotFound(_("There is no such case."))
    return selectors.visible_case(user, pk)


def document_for_page(user: User, pk: int) -> CaseDocument:
    """Raises NotFound."""
    if pk > LARGEST_ID:
        raise NotFound(_("There is no such document."))
    return visible_document(user, pk)


@dataclass(frozen=True)
class Row:
    """A case as a line of the list or a card of the board: `missing` counts the required documents that are not there
    or not valid for long enough; `promise_late`: the current step is in time, the case is not."""

    case: Case
    missing: int
    late: bool
    promise_late: bool

    @property
    def open(self) -> bool:
        return self.case.status in selectors.OPEN


def rows_of(cases: Iterable[Case], *, today: date) -> list[Row]:
    """Of cases with their customer, product and owner in hand."""
    cases = list(cases)
    missing = selectors.missing_documents(cases, today=today)
    return [_row(case, missing[case.pk], today=today) for case in cases]


def _row(case: Case, missing: int, *, today: date) -> Row:
    late = selectors.is_overdue(case, today)
    step_late = case.step_due_date is not None and case.step_due_date < today
    return Row(case, missing, late, late and not step_late)


class CaseFilters:
    """What the list is narrowed to, from its address; what cannot be read does not narrow it."""

    NAMES = ("q", "product", "status", "step", "due", "mine")

    def __init__(self, request: HttpRequest, user: User) -> None:
        self.given = {name: request.GET.get(name, "").replace("\x00", "").strip()[:200] for name in self.NAMES}
        self.user = user

    def __bool__(self) -> bool:
        return any(self.given.values())

    @cached_property
    def products(self) -> list[Product]:
        return list(visible_products(self.user).filter(organization=self.user.organization_id).only("code", "name"))

    @cached_property
    def product(self) -> Product | None:
        code = self.given["product"].upper()
        return next((product for product in self.products if product.code.upper() == code), None)

    @cached_property
    def step_choices(self) -> list[tuple[str, str]]:
        """The steps of the product, where one is chosen."""
        tasks = self.product.tasks.all() if self.product else ()
        return [(str(task.step), f"{task.step} {task.name}") for task in tasks]

    def apply(self, rows: QuerySet[Case], *, today: date) -> QuerySet[Case]:
        given = self.given
        rows = selectors.cases_found(rows, given["q"])
        if given["product"]:
            rows = rows.filter(product=self.product) if self.product else rows.none()
        if given["status"] in list(CaseStatus):
            rows = rows.filter(status=given["status"])
        elif given["status"] != "all":
            rows = rows.filter(status__in=OPEN)
        if given["step"] in list(StepStatus):
            rows = rows.filter(step_status=given["step"])
        elif given["step"].isascii() and given["step"].isdigit() and len(given["step"]) < 5:
            rows = rows.filter(step_number=int(given["step"]))
        if given["due"] == "overdue":
            rows = rows.filter(selectors.overdue(today))
        elif given["due"] == "week":
            rows = rows.filter(Q(status__in=selectors.OPEN, step_due_date__lte=today + NEAR))
        if given["mine"]:
            rows = rows.filter(owner=self.user.pk)
        return rows
