"""The facts of a case from which everything else about it follows."""

from functools import cached_property

from django.db.models import QuerySet

from bureau.cases.calendars import calendars_of
from bureau.cases.models import Case, CaseDocument, CaseStep, ProductTask, StepPause
from bureau.cases.planning import CalendarOf
from bureau.cases.states import Piece, StepStatus
from bureau.core.prepared import prepared


def piece_of(document: CaseDocument) -> Piece:
    """With its type and its file in hand."""
    return Piece(
        required=document.required,
        complete=document.complete,
        checked=document.checked_at is not None,
        expiry_date=document.expiry_date,
        min_validity_months=document.min_validity_months,
    )


class Facts:
    """What everything else about a case follows from, read when it is first asked for: a query for each part, however
    long the case. `steps` in order, the last of which is the current one; `to_come`: the tasks of the product after it.
    """

    def __init__(self, case: Case) -> None:
        self.case = case

    @cached_property
    def steps(self) -> list[CaseStep]:
        return _steps(case=self.case.pk)

    @cached_property
    def to_come(self) -> list[ProductTask]:
        return tasks_after(self.case, self.steps[-1].number if self.steps else 0)

    @cached_property
    def pauses(self) -> list[StepPause]:
        return _pauses(case=self.case.pk)

    @cached_property
    def documents(self) -> list[CaseDocument]:
        found = _documents(case=self.case.pk)
        for document in found:
            document.case = self.case
        return found

    @cached_property
    def calendars(self) -> CalendarOf:
        return calendars_of(self.case.organization)

    @cached_property
    def pieces(self) -> list[Piece]:
        return [piece_of(document) for document in self.documents]

    @property
    def open_pause(self) -> StepPause | None:
        """Of the current step, while it waits for the customer."""
        if self.steps[-1].status != StepStatus.WAITING:
            return None
        return next((pause for pause in self.pauses if pause.until_date is None), None)


def facts_of(case: Case) -> Facts:
    """As they are now."""
    return Facts(case)


def tasks_after(case: Case, number: int) -> list[ProductTask]:
    return _tasks(product=case.product_id, number=number)


@prepared
def _steps(case: int) -> QuerySet[CaseStep]:
    return CaseStep.objects.filter(case=case)


@prepared
def _pauses(case: int) -> QuerySet[StepPause]:
    return StepPause.objects.filter(step__case=case).select_related("step").order_by("from_date", "pk")


@prepared
def _documents(case: int) -> QuerySet[CaseDocument]:
    return CaseDocument.objects.filter(case=case).select_related("document_type", "file")


@prepared
def _tasks(product: int, number: int) -> QuerySet[ProductTask]:
    return ProductTask.objects.filter(product=product, step__gt=number)
