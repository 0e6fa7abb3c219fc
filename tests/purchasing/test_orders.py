"""Purchase orders from draft to closed: who may, what is asked for, what the ledger says."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from bureau.core.models import AuditEntry
from bureau.kit.errors import BusinessRule, Forbidden, Invalid, NotFound, TooLarge, WrongState
from bureau.purchasing.models import Decision, EntryKind, OrderFile, PurchaseOrder
from bureau.purchasing.selectors import orders as selectors
from bureau.purchasing.services import budgets, delegations, orders
from bureau.purchasing.services.orders import BudgetExceeded, CeilingExceeded, LineInput, NoApprover, ReceiptMissing
from bureau.purchasing.services.orders.content import NO_VENDOR_YET
from bureau.purchasing.services.receipts import ReceiptLineInput, record_receipt
from bureau.purchasing.states import OrderStatus
from tests.factories.accounts import make_user
from tests.factories.orders import (
    LUMBER,
    NOW,
    Site,
    approve,
    attach,
    line,
    make_cost_code,
    make_order,
    make_project,
    make_site,
    make_vendor,
    order_in,
    submit,
)

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site) -> Site:
    return deepcopy(first_site)


def fresh(order: PurchaseOrder) -> PurchaseOrder:
    return PurchaseOrder.objects.get(pk=order.pk)


def figures(order: PurchaseOrder) -> tuple[Decimal, ...]:
    found = budgets.order_figures(order)
    return tuple(found[stage] for stage in budgets.STAGES)


# --- Making


def test_order_gets_the_days_next_number_and_its_totals(site):
    first, second = make_order(site), make_order(site)
    next_day = make_order(site, now=NOW + timedelta(days=1))
    assert [order.po_number for order in (first, second, next_day)] == ["26069-PO-001", "26069-PO-002", "26070-PO-001"]
    assert (first.subtotal, first.tax_amount, first.total_amount) == (D("625.00"), D("75.00"), D("700.00"))
    assert (first.status, first.line_items_count, first.vendor) == ("draft", 1, site.vendor)


def test_numbers_count_by_organization(site):
    make_order(site)
    assert make_order(make_site()).po_number == "26069-PO-001"


def test_tax_is_rounded_per_line_half_up(site):
    lines = [
        LineInput("Nails", D("0.333"), D("1.00"), tax_code="GP"),
        LineInput("Tape", D(3), D("0.35"), tax_code="GST2"),
    ]
    order = make_order(site, lines=lines)
    nails, tape = order.lines.all()
    assert (nails.net_amount, nails.tax_amount, nails.line_total) == (D("0.33"), D("0.04"), D("0.37"))
    assert (tape.net_amount, tape.tax_amount, tape.line_total) == (D("1.05"), D("0.05"), D("1.10"))
    assert order.total_amount == D("1.47")


def test_line_keeps_the_rate_it_was_written_with(site):
    order = make_order(site)
    site.organization.tax_codes.filter(code="GP").update(rate=D("13.00"))
    order = orders.update_order(actor=site.foreman, order=order, changes={"description": "Soon"}, now=NOW)
    assert order.lines.get().tax_rate == D("12.00")
    order = orders.update_order(actor=site.foreman, order=order, changes={}, lines=[LUMBER], now=NOW)
    assert order.lines.get().tax_rate == D("13.00")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"lines": []}, "line_items"),
        ({"type": "rolling"}, "ceiling_amount"),
        ({"type": "rolling", "ceiling_amount": D(0)}, "ceiling_amount"),
        ({"type": "walkup"}, "urgency_justification"),
        ({"type": "urgent"}, "type"),
        ({"vendor_name": "  "}, "vendor_name"),
        ({"vendor_email": "jane at abc"}, "vendor_email"),
        ({"lines": [LineInput("x", D(0), D(1))]}, "line_items.0.quantity"),
        ({"lines": [LUMBER, LineInput("x", D("0.0001"), D(1))]}, "line_items.1.quantity"),
        ({"lines": [LineInput("x", D("NaN"), D(1))]}, "line_items.0.quantity"),
        ({"lines": [LineInput("x", D(1), D(-1))]}, "line_items.0.unit_price"),
        ({"lines": [LineInput("x", D(1), D("0.001"))]}, "line_items.0.unit_price"),
        ({"lines": [LineInput("x", D(10) ** 8, D(10) ** 8)]}, "line_items.0.unit_price"),
        ({"lines": [LineInput(" ", D(1), D(1))]}, "line_items.0.description"),
        ({"lines": [LineInput("x", D(1), D(1), category="XX")]}, "line_items.0.category"),
        ({"lines": [LineInput("x", D(1), D(1), tax_code="VAT")]}, "line_items.0.tax_code"),
        ({"lines": [LUMBER] * 501}, "line_items"),
    ],
)
def test_order_that_misses_something_is_refused_and_takes_no_number(site, options, field):
    with pytest.raises(Invalid) as refused:
        make_order(site, **options)
    assert field in refused.value.fields
    assert not PurchaseOrder.objects.exists()
    assert make_order(site).po_number == "26069-PO-001"


def test_projects_and_codes_that_take_no_orders_are_refused(site):
    other = make_project(site.organization, "PRJ002", status="closed")
    closed = make_cost_code(other, "CC-001")
    inactive = make_cost_code(site.project, "CC-009", active=False)
    for options, field in [
        ({"project": other, "cost_code": closed}, "project_id"),
        ({"cost_code": inactive}, "cost_code"),
        ({"cost_code": closed}, "cost_code"),
    ]:
        with pytest.raises(Invalid) as refused:
            make_order(site, **options)
        assert field in refused.value.fields


def test_vendor_is_named_as_it_is_called(site):
    """Who approves reads the name; who is billed and posted is the record behind it."""
    other = make_vendor(site.organization, "VEN002", "Miller Steel")
    with pytest.raises(Invalid) as refused:
        make_order(site, vendor=other)
    assert list(refused.value.fields) == ["vendor_name"]
    order = make_order(site, vendor=other, vendor_name="miller steel")
    assert order.vendor == other
    for changes in ({"vendor": site.vendor}, {"vendor": site.vendor, "vendor_name": "Miller Steel"}):
        with pytest.raises(Invalid) as refused:
            orders.update_order(actor=site.foreman, order=order, changes=changes, now=NOW)
        assert list(refused.value.fields) == ["vendor_name"]


def test_vendor_of_an_order_is_active_and_the_organizations(site):
    foreign = make_vendor(make_site().organization, "VEN002", "Miller Steel")
    closed = make_vendor(site.organization, "VEN003", "Old Mill", active=False)
    for vendor in (foreign, closed):
        with pytest.raises(Invalid) as refused:
            make_order(site, vendor=vendor, vendor_name=vendor.party.name)
        assert list(refused.value.fields) == ["vendor_id"]


def test_another_vendor_of_the_same_name_leaves_an_entry_in_the_log(site):
    order = make_order(site)
    twin = make_vendor(site.organization, "VEN002")
    orders.update_order(
        actor=site.foreman, order=order, changes={"vendor": twin, "vendor_name": "ABC Supply Co."}, now=NOW
    )
    entry = AuditEntry.objects.filter(entity_type="purchase_order", action="updated").latest("position")
    assert (entry.old_values, entry.new_values) == ({"vendor_id": "VEN001"}, {"vendor_id": "VEN002"})


@pytest.mark.parametrize("person", ["staff", "finance"])
def test_people_without_the_right_make_no_orders(site, person):
    with pytest.raises(Forbidden):
        make_order(site, actor=getattr(site, person))


# --- Changing and deleting


def test_only_the_creator_changes_a_draft(site):
    order = make_order(site)
    with pytest.raises(Forbidden):
        orders.update_order(actor=site.pm, order=order, changes={"description": "x"}, now=NOW)
    changed = orders.update_order(
        actor=site.foreman, order=order, changes={"vendor_name": "Hilti"}, lines=[line("10.00")], now=NOW
    )
    assert (changed.vendor_name, changed.vendor, changed.total_amount) == ("Hilti", None, D("10.00"))
    assert changed.search_text == f"{order.po_number}\nHILTI\nGRAVEL"
    entry = AuditEntry.objects.get(entity_type="purchase_order", action="updated")
    assert (entry.old_values["total_amount"], entry.new_values["total_amount"]) == ("700.00", "10.00")


@pytest.mark.parametrize("status", [s for s in OrderStatus if s != OrderStatus.DRAFT])
def test_what_is_no_draft_is_neither_changed_nor_deleted(site, status):
    order = order_in(status, site)
    with pytest.raises(Forbidden):
        orders.update_order(actor=site.foreman, order=order, changes={"description": "x"}, now=NOW)
    with pytest.raises(Forbidden):
        orders.delete_order(actor=site.foreman, order=order, now=NOW)
    assert fresh(order).description == ""


def test_deleted_draft_is_seen_nowhere_and_its_number_is_not_used_again(site):
    order = make_order(site)
    orders.delete_order(actor=site.foreman, order=order, now=NOW)
    assert not PurchaseOrder.objects.visible_to(site.admin).exists()
    with pytest.raises(NotFound):
        submit(order)
    assert make_order(site).po_number == "26069-PO-002"


# --- Routing


def routed_to(order: PurchaseOrder):
    return submit(order).asked


def test_order_goes_to_the_member_with_the_smallest_sufficient_limit(site):
    assert routed_to(make_order(site)) == site.superintendent
    assert routed_to(make_order(site, amount="25000.00")) == site.superintendent
    assert routed_to(make_order(site, amount="25000.01")) == site.pm


def test_equal_limits_go_to_the_lowest_id(site):
    second = make_user(site.organization, role="super")
    site.project.memberships.create(user=second, created_at=NOW)
    assert routed_to(make_order(site)) == site.superintendent
    assert routed_to(make_order(site, actor=site.superintendent)) == second


def test_order_goes_beyond_the_project_when_nobody_there_may_decide(site):
    assert routed_to(make_order(site, amount="100000.01")) == site.admin
    assert routed_to(make_order(site, actor=site.pm, amount="30000.00")) == site.admin


def test_order_that_nobody_else_may_decide_is_refused(site):
    order = make_order(site, actor=site.admin, amount="100000.01")
    with pytest.raises(NoApprover):
        submit(order)
    assert fresh(order).status == "draft"
    assert figures(order) == (0, 0, 0, 0, 0)


def test_only_active_people_with_the_right_are_asked(site):
    site.superintendent.is_active = False
    site.superintendent.save()
    make_user(site.organization, role="foreman", authorization_limit=D(10_000))
    make_user(make_site().organization, role="super")
    assert routed_to(make_order(site)) == site.pm


def test_rolling_order_is_routed_by_its_ceiling(site):
    order = make_order(site, type="rolling", ceiling_amount=D("30000.00"), lines=[])
    assert routed_to(order) == site.pm


def test_who_is_away_without_a_sufficient_delegate_is_passed_over(site):
    day = NOW.date()
    delegations.create_delegation(
        actor=site.superintendent,
        delegator=site.superintendent,
        delegate=site.finance,
        start_date=day,
        end_date=day,
        now=NOW,
    )
    assert routed_to(make_order(site)) == site.pm


# --- Deciding


def test_approval_commits_the_amount(site):
    order = approve(site.superintendent, submit(make_order(site)), comments="Fine.")
    assert (order.status, order.approved_by, order.approved_at) == ("approved", site.superintendent, NOW)
    assert figures(order) == (700, 700, 0, 0, 0)
    site.cost_code.refresh_from_db()
    assert (site.cost_code.spent, site.cost_code.remaining) == (D("700.00"), D("149300.00"))
    assert Decision.objects.get(order=order).comment == "Fine."


def test_anybody_with_the_right_and_the_limit_may_decide(site):
    order = approve(site.pm, submit(make_order(site)))
    assert [selectors.slot_status(slot) for slot in selectors.approval_history(order)] == ["approved"]


def test_nobody_decides_on_their_own_order(site):
    order = submit(make_order(site, actor=site.pm))
    with pytest.raises(Forbidden):
        approve(site.pm, order)
    with pytest.raises(Forbidden):
        orders.reject_order(actor=site.pm, order=order, reason="No.", now=NOW)
    assert fresh(order).status == "submitted"


@pytest.mark.parametrize(("person", "amount"), [("superintendent", "25000.01"), ("foreman", "100"), ("staff", "100")])
def test_nobody_decides_above_their_limit_or_without_the_right(site, person, amount):
    order = submit(make_order(site, actor=site.pm, amount=amount))
    with pytest.raises(Forbidden):
        approve(getattr(site, person), order)


def test_lowered_limit_counts_at_once(site):
    order = submit(make_order(site))
    stale = site.superintendent
    type(stale).objects.filter(pk=stale.pk).update(authorization_limit=D("699.99"))
    with pytest.raises(Forbidden):
        approve(stale, order)


def test_approval_past_the_budget_needs_an_override_with_a_comment():
    site = make_site(budget="1000.00")
    approve(site.pm, submit(make_order(site)))
    order = submit(make_order(site, amount="300.01"))
    with pytest.raises(BudgetExceeded):
        approve(site.pm, order)
    with pytest.raises(Invalid) as refused:
        approve(site.pm, order, override_budget=True, comments=" ")
    assert "comments" in refused.value.fields
    order = approve(site.pm, order, override_budget=True, comments="The slab must be poured today.")
    assert order.budget_overridden
    site.cost_code.refresh_from_db()
    assert site.cost_code.remaining == D("-0.01")
    entry = AuditEntry.objects.filter(action="approved").latest("position")
    assert entry.new_values["overdrawn_by"] == "0.01"


def test_order_that_figures_have_no_room_for_is_refused_and_others_go_on(site):
    """Not a broken database: else one order of a fantastic amount would stop everybody's on its cost code."""
    submit(make_order(site, amount="900000000000"))
    too_much = make_order(site, amount="100000000000")
    with pytest.raises(BusinessRule, match="order less") as refused:
        submit(too_much)
    assert refused.value.code == "FIGURES_TOO_LARGE"
    assert submit(make_order(site)).status == "submitted"
    approve(site.admin, submit(make_order(site, amount="90000000000")), override_budget=True, comments="x")
    with pytest.raises(BusinessRule):  # spent is both together
        budgets.set_external(cost_code=site.cost_code, spent=D("950000000000"), reason="x", actor=None, now=NOW)


def test_approval_up_to_the_last_cent_of_the_budget_is_no_override():
    site = make_site(budget="700.00")
    order = approve(site.pm, submit(make_order(site)), override_budget=True, comments="To be sure.")
    assert not order.budget_overridden


def test_rejection_needs_a_reason_and_takes_the_request_back(site):
    order = submit(make_order(site))
    with pytest.raises(Invalid):
        orders.reject_order(actor=site.pm, order=order, reason="  ", now=NOW)
    order = orders.reject_order(actor=site.pm, order=order, reason="Too dear.", now=NOW)
    assert (order.status, order.rejection_reason, order.rejected_at) == ("rejected", "Too dear.", NOW)
    assert figures(order) == (0, 0, 0, 0, 0)


# --- Delegation


def delegate(giver, taker, *, first=0, last=0, actor=None):
    day = NOW.date()
    return delegations.create_delegation(
        actor=actor or giver,
        delegator=giver,
        delegate=taker,
        start_date=day + timedelta(days=first),
        end_date=day + timedelta(days=last),
        now=NOW,
    )


def test_delegate_decides_up_to_the_lower_of_both_limits(site):
    delegate(site.superintendent, site.foreman)
    small, large = make_order(site, actor=site.pm, amount="5000"), make_order(site, actor=site.pm, amount="5000.01")
    order = approve(site.foreman, submit(small))
    assert order.approved_by == site.foreman
    assert Decision.objects.get(order=order).in_place_of == site.superintendent
    assert AuditEntry.objects.filter(action="approved").latest("position").new_values["in_place_of"]
    with pytest.raises(Forbidden):
        approve(site.foreman, submit(large))


@pytest.mark.parametrize("days", [(-5, 0), (0, 5)])
def test_delegation_holds_from_its_first_to_its_last_day(site, days):
    delegate(site.superintendent, site.foreman, first=days[0], last=days[1])
    order = submit(make_order(site, actor=site.pm))
    assert approve(site.foreman, order).status == "approved"


def test_delegation_does_not_hold_before_after_or_once_taken_back(site):
    later = delegate(site.superintendent, site.foreman, first=1, last=2)
    order = submit(make_order(site, actor=site.pm))
    with pytest.raises(Forbidden):
        approve(site.foreman, order)
    with pytest.raises(Forbidden):
        approve(site.foreman, order, now=NOW + timedelta(days=3))
    delegations.end_delegation(actor=site.superintendent, delegation=later, now=NOW)
    with pytest.raises(Forbidden):
        approve(site.foreman, order, now=NOW + timedelta(days=1))


def test_delegate_of_the_creator_does_not_decide_on_the_creators_order(site):
    delegate(site.superintendent, site.foreman)
    order = submit(make_order(site, actor=site.superintendent))
    with pytest.raises(Forbidden):
        approve(site.foreman, order)


def test_one_delegates_only_ones_own_decisions_and_to_a_colleague(site):
    with pytest.raises(Forbidden):
        delegate(site.superintendent, site.foreman, actor=site.pm)
    for taker in (site.superintendent, make_user()):
        with pytest.raises(Invalid):
            delegate(site.superintendent, taker)
    with pytest.raises(Invalid):
        delegate(site.staff, site.foreman)
    assert delegate(site.superintendent, site.foreman, actor=site.admin)


def test_inbox_shows_what_a_person_may_decide(site):
    small, large = (submit(make_order(site, actor=site.pm, amount=amount)) for amount in ("4000", "20000"))
    today = timezone.localdate()
    delegations.create_delegation(
        actor=site.superintendent,
        delegator=site.superintendent,
        delegate=site.foreman,
        start_date=today,
        end_date=today,
        now=timezone.now(),
    )
    assert list(selectors.orders_awaiting(site.superintendent)) == [small, large]
    assert list(selectors.orders_awaiting(site.foreman)) == [small]
    assert list(selectors.orders_awaiting(site.pm)) == []


# --- Cancelling and closing


def test_cancelled_order_takes_its_request_back(site):
    order = submit(make_order(site))
    with pytest.raises(Forbidden):
        orders.cancel_order(actor=site.superintendent, order=order, reason="x", now=NOW)
    with pytest.raises(Invalid):
        orders.cancel_order(actor=site.pm, order=order, now=NOW)
    order = orders.cancel_order(actor=site.foreman, order=order, now=NOW)
    assert (order.status, figures(order)) == ("cancelled", (0, 0, 0, 0, 0))
    with pytest.raises(WrongState):
        approve(site.pm, order)


def test_walkup_order_is_closed_only_with_a_receipt(site):
    order = order_in("approved", site, type="walkup", urgency_justification="Burst pipe")
    with pytest.raises(ReceiptMissing):
        orders.close_order(actor=site.foreman, order=order, now=NOW)
    file = attach(order)
    file.file.scan_state = "pending"
    file.file.save()
    with pytest.raises(ReceiptMissing):
        orders.close_order(actor=site.foreman, order=order, now=NOW)
    attach(order)
    assert orders.close_order(actor=site.foreman, order=order, now=NOW).status == "closed"
    assert figures(order) == (700, 700, 0, 0, 0)


def test_closing_gives_back_what_will_not_come(site):
    order = order_in("approved", site)
    budgets.set_stage(order, EntryKind.RECEIVED, D("300.00"), reason="receipt", actor=site.foreman, now=NOW)
    orders.close_order(actor=site.foreman, order=order, now=NOW)
    assert figures(order) == (300, 300, 300, 0, 0)


def test_closing_a_rolling_order_keeps_what_was_released(site):
    order = order_in("approved", site, type="rolling", ceiling_amount=D(5000), lines=[])
    orders.release(actor=site.foreman, order=order, amount=D("1200.50"), now=NOW)
    orders.close_order(actor=site.foreman, order=order, now=NOW)
    assert figures(order) == (D("1200.50"), D("1200.50"), 0, 0, 0)


# --- Releases, notes, files


def test_releases_never_pass_the_ceiling(site):
    order = order_in("approved", site, type="rolling", ceiling_amount=D(1000), lines=[])
    orders.release(actor=site.foreman, order=order, amount=D("999.99"), now=NOW)
    with pytest.raises(CeilingExceeded):
        orders.release(actor=site.foreman, order=order, amount=D("0.02"), now=NOW)
    orders.release(actor=site.foreman, order=order, amount=D("0.01"), now=NOW)
    assert fresh(order).released_amount == 1000
    for amount in (D(0), D(-1), D("0.001"), D("NaN")):
        with pytest.raises(Invalid):
            orders.release(actor=site.foreman, order=order, amount=amount, now=NOW)


def test_only_an_approved_rolling_order_takes_releases(site):
    with pytest.raises(orders.NotRolling):
        orders.release(actor=site.foreman, order=order_in("approved", site), amount=D(1), now=NOW)
    order = order_in("submitted", site, type="rolling", ceiling_amount=D(1000), lines=[])
    with pytest.raises(WrongState):
        orders.release(actor=site.foreman, order=order, amount=D(1), now=NOW)


def test_notes_and_files_are_added_later(site):
    order = order_in("approved", site)
    orders.add_note(actor=site.superintendent, order=order, text="Gate 3", now=NOW)
    attach(order, actor=site.staff)
    kinds = [event.kind for event in selectors.order_events(order)]
    assert kinds.count("note") == kinds.count("attached") == 1
    with pytest.raises(WrongState):
        attach(order_in("cancelled", site))


def test_order_takes_ten_files(site, monkeypatch):
    monkeypatch.setattr("bureau.purchasing.services.orders.additions.MAX_FILES", 2)
    order = make_order(site)
    attach(order)
    attach(order)
    with pytest.raises(TooLarge):
        attach(order)


def test_files_of_an_order_have_a_size_in_all(site, monkeypatch):
    order = make_order(site)
    size = attach(order).file.size
    monkeypatch.setattr("bureau.purchasing.services.orders.additions.MAX_BYTES_IN_ALL", 2 * size - 1)
    with pytest.raises(TooLarge):
        attach(order)
    assert OrderFile.objects.filter(order=order).count() == 1


def test_file_that_was_decided_on_stays(site):
    order = make_order(site)
    first = attach(order)
    submit(order)
    for person in (site.foreman, site.superintendent):
        with pytest.raises(Forbidden):
            orders.remove_file(actor=person, file=first, now=NOW)
    approve(site.pm, order, now=NOW + timedelta(hours=1))
    later = attach(fresh(order), now=NOW + timedelta(hours=2))
    orders.remove_file(actor=site.foreman, file=later, now=NOW + timedelta(hours=3))
    assert list(order.files.all()) == [first]


# --- Who sees


def test_order_is_seen_by_its_people_and_who_sees_all(site):
    outsider = make_user(site.organization, role="super")
    order = make_order(site)
    seen = {
        name
        for name in ("foreman", "superintendent", "pm", "admin", "staff", "finance")
        if PurchaseOrder.objects.visible_to(getattr(site, name)).filter(pk=order.pk).exists()
    }
    assert seen == {"foreman", "superintendent", "pm", "admin", "staff"}
    assert not PurchaseOrder.objects.visible_to(outsider).exists()
    assert not PurchaseOrder.objects.visible_to(make_site().admin).exists()


def test_who_was_asked_sees_the_order_before_and_after(site):
    outsider = make_user(site.organization, role="super", authorization_limit=D(200_000))
    order = submit(make_order(site, actor=site.pm, amount="150000"))
    assert order.asked == outsider
    assert PurchaseOrder.objects.visible_to(outsider).get() == order
    approve(outsider, order)
    assert PurchaseOrder.objects.visible_to(outsider).get() == order


# --- What is told of it later


def test_closing_an_order_of_which_nothing_came_gives_all_of_it_back(site):
    order = orders.close_order(actor=site.foreman, order=order_in("approved", site), nothing_came=True, now=NOW)
    assert (order.status, figures(order)) == ("closed", (0, 0, 0, 0, 0))


def test_closing_an_order_of_which_nothing_is_noted_counts_it_as_delivered(site):
    order = orders.close_order(actor=site.foreman, order=order_in("approved", site), now=NOW)
    assert figures(order) == (700, 700, 0, 0, 0)


def test_closing_an_order_that_went_back_whole_gives_all_of_it_back(site):
    order = order_in("approved", site)
    for quantity in (D(50), D(-50)):
        line_in = ReceiptLineInput(order.lines.get().pk, quantity)
        record_receipt(actor=site.foreman, order=order, lines=[line_in], now=NOW)
    order = orders.close_order(actor=site.foreman, order=order, now=NOW)
    assert figures(order) == (0, 0, 0, 0, 0)


def test_order_without_a_vendor_or_with_one_that_ended_is_not_submitted(site):
    for order in (make_order(site, vendor_name=NO_VENDOR_YET), make_order(site)):
        site.vendor.active = False
        site.vendor.save()
        with pytest.raises(Invalid) as refused:
            submit(order)
        assert "vendor_name" in refused.value.fields


def test_colleague_who_stands_in_is_named_as_such_with_the_right_of_their_own(site):
    order = submit(make_order(site))
    delegate(site.superintendent, site.pm)
    approve(site.pm, order)
    assert Decision.objects.get(order=order).in_place_of == site.superintendent
