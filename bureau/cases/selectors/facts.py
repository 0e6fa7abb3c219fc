"""The facts of a case from which everything else about it follows."""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet

from bureau.cases.calendars import calendars_of
from bureau.cases.models import Case, CaseDocument, CaseStep, ProductTask, StepPause
from bureau.cases.planning import CalendarOf
from bureau.cases.states import Piece
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


@dataclass
class Facts:
    """`steps` in order, the last of which is the current one; `to_come`: the tasks of the product after it."""

    steps: list[CaseStep]
    to_come: list[ProductTask]
    pauses: list[StepPause]
    documents: list[CaseDocument]
    calendars: CalendarOf

    @cached_property
    def pieces(self) -> list[Piece]:
        return [piece_of(document) for document in self.documents]

    @property
    def open_pause(self) -> StepPause | None:
        return next((pause for pause in self.pauses if pause.until_date is None), None)


def facts_of(case: Case) -> Facts:
    """As they are now: five queries, however long the case."""
    steps = _steps(case=case.pk)
    return Facts(
        steps=steps,
        to_come=tasks_after(case, steps[-1].number if steps else 0),
        pauses=_pauses(case=case.pk),
        documents=_documents(case=case.pk),
        calendars=calendars_of(case.organization),
    )


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
