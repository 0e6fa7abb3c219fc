"""The ledger: the one place where the figures of projects and cost codes change.

An order's money goes through stages: requested (submitted), committed (approved), received, billed, paid. Each stage
holds what has come at least as far, so requested >= committed >= received >= billed >= paid for every order at any
time. A change is an entry; the sums kept with a cost code are what its entries add up to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.core.prepared import prepared
from bureau.core.sums import ExactSum
from bureau.kit.errors import BusinessRule
from bureau.kit.money import ZERO
from bureau.kit.pricing import MAX_AMOUNT
from bureau.purchasing.models import Bill, CostCode, EntryKind, LedgerEntry, Project, PurchaseOrder

STAGES = (EntryKind.REQUESTED, EntryKind.COMMITTED, EntryKind.RECEIVED, EntryKind.BILLED, EntryKind.PAID)
Figures = dict[EntryKind, Decimal]


class FiguresTooLarge(BusinessRule):
    """A figure of a cost code would become larger than can be kept."""

    code = "FIGURES_TOO_LARGE"


def locked_cost_code(cost_code: int) -> CostCode:
    """The cost code as it is now, locked until the end of the transaction; lock its order before it."""
    row: CostCode = _locked(cost_code=cost_code)[0]
    return row


@prepared
def _locked(cost_code: int) -> QuerySet[CostCode]:
    return CostCode.objects.select_for_update(of=("self",), no_key=True).filter(pk=cost_code)


def post(
    order: PurchaseOrder,
    kind: EntryKind,
    amount: Decimal,
    *,
    reason: str,
    actor: User | None,
    now: datetime,
    cost_code: CostCode | None = None,
    bill: Bill | None = None,
) -> None:
    """Adds `amount` to one stage of the order. The caller holds the order's lock; `cost_code` is given where it is
    locked already."""
    code = cost_code or locked_cost_code(order.cost_code_id)
    _enter(code, kind, amount, reason=reason, actor=actor, now=now, order=order, bill=bill)


def set_stage(
    order: PurchaseOrder,
    kind: EntryKind,
    value: Decimal,
    *,
    reason: str,
    actor: User | None,
    now: datetime,
    bill: Bill | None = None,
) -> None:
    """Brings a stage of the locked order to `value`: the worth of all that was received, billed or paid of it so far.

    It never falls below a later stage (what is billed counts as received), and the earlier stages rise with it (what
    is billed above the order is committed, too).
    """
    figures = order_figures(order)
    place = STAGES.index(kind)
    later = [figures[stage] for stage in STAGES[place + 1 :]]
    target = max([value, *later])
    code = locked_cost_code(order.cost_code_id)
    for stage in STAGES[: place + 1]:
        change = target - figures[stage]
        if change > 0 or stage == kind:
            _enter(code, stage, change, reason=reason, actor=actor, now=now, order=order, bill=bill)


def release_rest(order: PurchaseOrder, keep: Decimal, *, reason: str, actor: User, now: datetime) -> None:
    """Takes the commitment of the locked order down to `keep`, or to what was received or billed where that is more."""
    figures = order_figures(order)
    kept = max(keep, figures[EntryKind.RECEIVED])
    code = locked_cost_code(order.cost_code_id)
    for stage in (EntryKind.COMMITTED, EntryKind.REQUESTED):
        change = min(kept - figures[stage], ZERO)
        _enter(code, stage, change, reason=reason, actor=actor, now=now, order=order)


def set_budget(*, cost_code: CostCode, budget: Decimal, reason: str, actor: User | None, now: datetime) -> bool:
    """Brings the budget of a cost code to `budget`. Returns whether that changed anything."""
    return _set(cost_code, EntryKind.BUDGET, budget, reason=reason, actor=actor, now=now)


def set_external(*, cost_code: CostCode, spent: Decimal, reason: str, actor: User | None, now: datetime) -> bool:
    """Brings what was spent on a cost code outside Bureau to `spent`. Returns whether that changed anything."""
    return _set(cost_code, EntryKind.EXTERNAL, spent, reason=reason, actor=actor, now=now)


def set_project_budget(*, project: Project, budget: Decimal, reason: str, actor: User | None, now: datetime) -> bool:
    """Brings the project's own budget to `budget`. Returns whether that changed anything."""
    return _set_project(project, EntryKind.BUDGET, budget, reason=reason, actor=actor, now=now)


def set_project_external(*, project: Project, spent: Decimal, reason: str, actor: User | None, now: datetime) -> bool:
    """Brings what was spent outside Bureau, on no cost code, to `spent`. Returns whether that changed anything."""
    return _set_project(project, EntryKind.EXTERNAL, spent, reason=reason, actor=actor, now=now)


def order_figures(order: PurchaseOrder) -> Figures:
    """The stages of an order: how much of it has come how far."""
    return _sums(LedgerEntry.objects.filter(order=order))


def figures_as_of(what: Project | CostCode, day: date) -> Figures:
    """Every figure at the end of a day, from the entries up to then. A project's budget is its own; the rest adds up
    its cost codes."""
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    entries = LedgerEntry.objects.filter(created_at__lt=end)
    if isinstance(what, CostCode):
        return _sums(entries.filter(cost_code=what))
    entries = entries.filter(project=what)
    figures = _sums(entries)
    figures[EntryKind.BUDGET] = _sums(entries.filter(cost_code=None))[EntryKind.BUDGET]
    return figures


@dataclass(frozen=True, slots=True)
class Difference:
    """A kept sum that is not what the entries add up to."""

    what: Project | CostCode
    kind: EntryKind
    kept: Decimal
    entries: Decimal


def differences() -> Iterator[Difference]:
    """Every kept sum that its entries do not add up to; nothing when the books are right."""
    for code in CostCode.objects.select_related("project").order_by("pk").iterator(500):
        found = _sums(LedgerEntry.objects.filter(cost_code=code))
        for name in CostCode.SUMS:
            if getattr(code, name) != found[EntryKind(name)]:
                yield Difference(code, EntryKind(name), getattr(code, name), found[EntryKind(name)])
    for project in Project.objects.order_by("pk").iterator(500):
        found = _sums(LedgerEntry.objects.filter(project=project, cost_code=None))
        for kind in (EntryKind.BUDGET, EntryKind.EXTERNAL):
            if getattr(project, kind.value) != found[kind]:
                yield Difference(project, kind, getattr(project, kind.value), found[kind])


def _sums(entries: QuerySet[LedgerEntry]) -> Figures:
    rows = entries.order_by().values_list("kind").annotate(ExactSum("amount"))
    return dict.fromkeys(EntryKind, ZERO) | {EntryKind(kind): amount for kind, amount in rows}


def _enter(
    code: CostCode,
    kind: EntryKind,
    amount: Decimal,
    *,
    reason: str,
    actor: User | None,
    now: datetime,
    order: PurchaseOrder | None = None,
    bill: Bill | None = None,
) -> None:
    if not amount:
        return
    figure = getattr(code, kind.value) + amount  # exact, and nobody else changes the locked row
    setattr(code, kind.value, figure)
    _check_room(code)
    LedgerEntry(
        organization_id=order.organization_id if order else code.project.organization_id,
        project_id=code.project_id,
        cost_code=code,
        order=order,
        bill=bill,
        kind=kind,
        amount=amount,
        reason=reason,
        user=actor,
        created_at=now,
    ).save(force_insert=True)
    CostCode.objects.filter(pk=code.pk).update(**{kind.value: figure})


def _check_room(code: CostCode) -> None:
    """The columns end at MAX_AMOUNT, those that the database works out included. Raises FiguresTooLarge."""
    spent = code.external + code.committed
    figures = [*(getattr(code, name) for name in CostCode.SUMS), spent, code.budget - spent]
    if any(abs(figure) >= MAX_AMOUNT for figure in figures):
        raise FiguresTooLarge(
            _("The figures of the cost code %(code)s would pass 1,000,000,000,000: order less, or on another one.")
            % {"code": code.external_id}
        )


def _set(given: CostCode, kind: EntryKind, value: Decimal, *, reason: str, actor: User | None, now: datetime) -> bool:
    with transaction.atomic():
        code = locked_cost_code(given.pk)
        change = value - getattr(code, kind.value)
        _enter(code, kind, change, reason=reason, actor=actor, now=now)
    setattr(given, kind.value, value)
    return bool(change)


def _set_project(
    given: Project, kind: EntryKind, value: Decimal, *, reason: str, actor: User | None, now: datetime
) -> bool:
    with transaction.atomic():
        project = Project.objects.select_for_update(of=("self",), no_key=True).get(pk=given.pk)
        change = value - getattr(project, kind.value)
        if change:
            LedgerEntry.objects.create(
                organization_id=project.organization_id,
                project=project,
                kind=kind,
                amount=change,
                reason=reason,
                user=actor,
                created_at=now,
            )
            Project.objects.filter(pk=project.pk).update(**{kind.value: value})
    setattr(given, kind.value, value)
    return bool(change)
