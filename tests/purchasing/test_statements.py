"""The ledger as people read it: events put together, a running sum, month by month."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bureau.purchasing.models import EntryKind
from bureau.purchasing.selectors.statements import months, statement, statement_lines
from bureau.purchasing.services.budgets import set_budget, set_external, set_project_budget
from tests.factories.orders import NOW, approve, make_order, make_site, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    site = make_site()
    set_project_budget(project=site.project, budget=Decimal(200000), reason="start", actor=None, now=NOW)
    return site


def test_statement_tells_each_event_once_with_what_was_spent_by_then(site):
    approve(site.pm, submit(make_order(site, amount="1000.00")), now=datetime(2026, 3, 12, tzinfo=UTC))
    set_external(
        cost_code=site.cost_code, spent=Decimal(50), reason="JobCost", actor=None, now=datetime(2026, 3, 13, tzinfo=UTC)
    )
    lines = statement_lines(list(statement(site.cost_code)))
    assert [(line.running, line.changes) for line in lines[:2]] == [
        (Decimal(1050), {EntryKind.EXTERNAL: Decimal(50)}),
        (Decimal(1000), {EntryKind.COMMITTED: Decimal(1000)}),
    ]
    assert lines[1].order is not None
    assert lines[-1].changes == {EntryKind.BUDGET: Decimal(150000)}


def test_months_run_on_through_those_without_entries(site):
    later = datetime(2026, 5, 2, 12, tzinfo=UTC)
    set_external(cost_code=site.cost_code, spent=Decimal(300), reason="JobCost", actor=None, now=later)
    set_budget(cost_code=site.cost_code, budget=Decimal(1), reason="less", actor=None, now=later)
    found = months(site.project, until=date(2026, 6, 15))
    assert [month.first_day for month in found] == [date(2026, number, 1) for number in (3, 4, 5, 6)]
    assert [month.spent for month in found] == [0, 0, 300, 300]
    assert {month.figures[EntryKind.BUDGET] for month in found} == {Decimal(200000)}
    assert months(site.cost_code, until=date(2026, 5, 1))[-1].figures[EntryKind.BUDGET] == Decimal(150000)
    assert months(site.project, until=date(2026, 1, 1)) == []
