"""Bills: entered once, matched, approved with eyes open, paid once, and in the ledger."""

from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bureau.core.files import Upload
from bureau.core.models import AuditEntry
from bureau.kit.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, WrongState
from bureau.kit.money import ZERO
from bureau.parties.services import vendors as parties
from bureau.purchasing.models import Bill, BillLine, EntryKind
from bureau.purchasing.selectors import bills as selectors
from bureau.purchasing.services import bills, orders
from bureau.purchasing.services.bills import BillLineInput
from bureau.purchasing.services.budgets import differences, order_figures
from bureau.purchasing.states import BILL_MOVES, BillStatus
from tests.core.samples import pdf_bytes
from tests.factories.accounts import make_user
from tests.factories.bills import approve, bill_in, billed, enter, match, pay, receive
from tests.factories.orders import NOW, make_order, make_site, make_vendor, order_in
from tests.factories.purchasing import pdf

pytestmark = pytest.mark.django_db
S = BillStatus
D = Decimal


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site):
    return deepcopy(first_site)


@pytest.fixture
def order(site):
    return order_in("approved", site)


def kinds(bill):
    return [difference["kind"] for difference in bill.exceptions]


def figures(order):
    found = order_figures(order)
    return [found[kind] for kind in (EntryKind.COMMITTED, EntryKind.RECEIVED, EntryKind.BILLED, EntryKind.PAID)]


# --- Entering


def test_amounts_follow_from_the_lines(site):
    lines = [
        BillLineInput(D("1.5"), D("0.33"), "Sand", "GST2"),  # 0.495 and 0.02475 tax
        BillLineInput(D(3), D("33.33"), "Gravel", "GP"),
    ]
    bill = enter(site, lines=lines)
    assert (bill.status, bill.subtotal, bill.tax_amount, bill.total_amount) == (
        S.OPEN,
        D("100.49"),
        D("12.02"),
        D("112.51"),
    )
    assert [line.line_total for line in bill.lines.all()] == [D("0.52"), D("111.99")]


def test_line_of_the_order_gives_what_the_bill_leaves_out(site, order):
    bill = enter(site, order)
    [line] = bill.lines.all()
    assert (line.description, line.tax_code, line.tax_rate) == ("2x4 Lumber - 8ft", "GP", D("12.00"))
    assert bill.total_amount == order.total_amount


@pytest.mark.parametrize(
    "again",
    ["A-100", "a 100", "A/100", " A100 ", "\N{CYRILLIC CAPITAL LETTER A}-100", "Ａ１００", "A\u200b-١٠٠", "Á-100"],
)
def test_number_seen_before_is_refused_and_named(site, again):
    enter(site)
    with pytest.raises(Conflict, match=r"A-100 of VEN001 ABC Supply Co\., entered on 2026-03-10") as refused:
        enter(site, bill_number=again)
    assert list(refused.value.fields) == ["bill_number"]
    other = make_vendor(site.organization, "VEN002", "Bolt & Nut")
    assert enter(site, vendor=other, bill_number=again).pk


def test_file_seen_before_is_refused_whatever_its_number_and_vendor(site):
    upload = lambda: Upload(pdf(), "bill.pdf")  # noqa: E731
    first = enter(site, upload=upload())
    other = make_vendor(site.organization, "VEN002", "Bolt & Nut")
    with pytest.raises(Conflict, match="A-100 of VEN001") as refused:
        enter(site, vendor=other, bill_number="B-7", upload=upload())
    assert list(refused.value.fields) == ["file"]
    second = enter(site, vendor=other, bill_number="B-7")
    with pytest.raises(Conflict):
        bills.attach_file(actor=site.finance, bill=second, upload=pdf(), filename="x.pdf", now=NOW)
    elsewhere = make_site()
    assert enter(elsewhere, upload=upload()).file.sha256 == first.file.sha256


def test_file_is_attached_replaced_and_downloaded_on_the_record(site):
    bill = enter(site)
    bill = bills.attach_file(actor=site.finance, bill=bill, upload=pdf(), filename="bill.pdf", now=NOW)
    assert bills.open_file(actor=site.staff, bill=bill, now=NOW).read() == pdf_bytes()
    with pytest.raises(NotFound):
        bills.open_file(actor=site.foreman, bill=bill, now=NOW)
    with pytest.raises(Invalid):
        bills.attach_file(actor=site.finance, bill=bill, upload=pdf(b"text"), filename="bill.txt", now=NOW)
    actions = AuditEntry.objects.filter(entity_type="bill").order_by("position").values_list("action", flat=True)
    assert list(actions) == ["created", "file_added", "downloaded"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"bill_number": " -/ "}, "bill_number"),
        ({"bill_number": "7" * 101}, "bill_number"),
        ({"due_date": date(2026, 3, 8)}, "due_date"),
        ({"lines": []}, "lines"),
        ({"lines": [BillLineInput(D(0), D(1), "x")]}, "lines.0.quantity"),
        ({"lines": [BillLineInput(D("1.0001"), D(1), "x")]}, "lines.0.quantity"),
        ({"lines": [BillLineInput(D(1), D("-1"), "x")]}, "lines.0.unit_price"),
        ({"lines": [BillLineInput(D(1), D("NaN"), "x")]}, "lines.0.unit_price"),
        ({"lines": [BillLineInput(D(999_999_999), D(999_999_999), "x")]}, "lines.0.unit_price"),
        ({"lines": [BillLineInput(D(1), D(1))]}, "lines.0.description"),
        ({"lines": [BillLineInput(D(1), D(1), "x", "VAT")]}, "lines.0.tax_code"),
        ({"lines": [BillLineInput(D(1), D(1), "x", order_line=1)]}, "lines.0.order_line"),
    ],
)
def test_bill_that_cannot_be_is_refused_by_field(site, given, field):
    with pytest.raises(Invalid) as refused:
        enter(site, **given)
    assert list(refused.value.fields) == [field]
    assert not Bill.objects.exists()


def test_bill_names_an_approved_order_of_its_vendor(site, order):
    other, elsewhere = make_vendor(site.organization, "VEN002", "Bolt & Nut"), make_site()
    for vendor, of, actor in (
        (other, order, site.finance),
        (site.vendor, make_order(site), site.finance),
        (elsewhere.vendor, order, elsewhere.finance),
    ):
        with pytest.raises(Invalid) as refused:
            enter(site, of, vendor=vendor, actor=actor)
        assert "purchase_order" in refused.value.fields
    unknown_vendor = order_in("closed", site, vendor_name="Somebody at the corner")
    assert enter(site, unknown_vendor, vendor=other).order == unknown_vendor


def test_bill_stays_with_its_organization_whoever_changes_it(site):
    """A superuser sees the vendors of every organization."""
    elsewhere = make_site()
    superuser = make_user(site.organization, role="admin", superuser=True)
    bill = enter(elsewhere)
    with pytest.raises(Invalid) as refused:
        bills.update_bill(actor=superuser, bill=bill, changes={"vendor": site.vendor}, now=NOW)
    assert list(refused.value.fields) == ["vendor"]


def test_vendor_that_is_not_active_sends_no_new_bills(site):
    bill = enter(site)
    closed = make_vendor(site.organization, "VEN002", "Old Quarry", active=False)
    with pytest.raises(Invalid) as refused:
        enter(site, vendor=closed)
    assert list(refused.value.fields) == ["vendor"]
    with pytest.raises(Invalid):
        bills.update_bill(actor=site.finance, bill=bill, changes={"vendor": closed}, now=NOW)
    type(site.vendor).objects.filter(pk=site.vendor.pk).update(active=False)
    bills.update_bill(actor=site.finance, bill=bill, changes={"due_date": date(2026, 4, 1)}, now=NOW)


def test_line_of_another_order_is_refused_in_the_words_of_an_unknown_one(site, order):
    foreign = order_in("approved", site).lines.get().pk
    said = []
    for line in (foreign, 2**40):
        with pytest.raises(Invalid) as refused:
            enter(site, order, lines=billed(order, order_line=line))
        said.append(refused.value.fields)
    assert said[0] == said[1]


def test_who_works_with_bills(site):
    for number, person in enumerate([site.finance, site.staff, site.admin]):
        enter(site, actor=person, bill_number=f"N{number}")
    stranger = make_site().admin
    for person in (site.foreman, site.pm, stranger):
        with pytest.raises(Forbidden):
            enter(site, actor=person, bill_number="N9")
    assert selectors.visible_bills(site.finance).count() == selectors.visible_bills(site.pm).count() == 3
    assert selectors.visible_bills(site.foreman).count() == selectors.visible_bills(stranger).count() == 0


def test_finance_reviewer_finds_the_orders_to_bill_without_being_on_the_project(site, order):
    make_order(site)
    order_in("approved", make_site())
    assert list(selectors.billable_orders(site.finance)) == [order]


# --- Changing


def test_change_makes_the_bill_open_again_with_new_totals(site, order):
    bill = match(enter(site, order))
    assert bill.status == S.EXCEPTION
    lines = billed(order, quantity=D(10))
    bill = bills.update_bill(actor=site.staff, bill=bill, changes={"bill_number": "A-101"}, lines=lines, now=NOW)
    bill = Bill.objects.get(pk=bill.pk)
    assert (bill.status, bill.exceptions, bill.matched_at) == (S.OPEN, [], None)
    assert (bill.bill_number, bill.number_key, bill.total_amount) == ("A-101", "A101", D("140.00"))
    assert BillLine.objects.filter(bill=bill).count() == 1
    entry = AuditEntry.objects.get(entity_type="bill", action="updated")
    assert (entry.old_values["total_amount"], entry.new_values["total_amount"]) == ("700.00", "140.00")


def test_lines_that_stay_while_the_order_changes_are_of_no_order(site, order):
    bill = enter(site, order)
    bills.update_bill(actor=site.finance, bill=bill, changes={"order": order_in("approved", site)}, now=NOW)
    assert [line.order_line for line in bill.lines.all()] == [None]


def test_change_to_a_number_seen_before_is_refused(site):
    enter(site)
    second = enter(site, bill_number="A-200")
    with pytest.raises(Conflict):
        bills.update_bill(actor=site.finance, bill=second, changes={"bill_number": "a100"}, now=NOW)


def test_deleted_bill_can_be_entered_again(site):
    bill = enter(site, upload=Upload(pdf(), "bill.pdf"))
    bills.delete_bill(actor=site.finance, bill=bill, now=NOW)
    assert enter(site, upload=Upload(pdf(), "bill.pdf")).pk
    assert AuditEntry.objects.get(entity_type="bill", action="deleted").old_values["bill_number"] == "A-100"


# --- Matching and approving


def test_bill_of_what_came_in_matches_and_is_approved_and_paid(site, order):
    receive(order, "50")
    bill = match(enter(site, order))
    assert (bill.status, bill.exceptions) == (S.MATCHED, [])
    bill = approve(bill, actor=site.staff)
    assert (bill.status, bill.approved_by) == (S.APPROVED, site.staff)
    assert figures(order) == [D(700), D(700), D(700), ZERO]
    bill = pay(bill, actor=site.admin)
    assert (bill.status, bill.payment_method, bill.payment_date) == (S.PAID, "bank_transfer", date(2026, 3, 20))
    assert figures(order) == [D(700)] * 4
    assert list(differences()) == []


def test_bill_of_more_than_came_in_goes_to_a_person(site, order):
    receive(order, "30")
    bill = match(enter(site, order))
    assert (bill.status, kinds(bill)) == (S.EXCEPTION, ["quantity"])
    assert list(selectors.bill_exceptions(site.staff)) == [bill]
    assert list(selectors.bill_exceptions(site.foreman)) == []
    with pytest.raises(Invalid, match="50 is billed in all, 30 was received") as refused:
        approve(bill, "  ")
    assert list(refused.value.fields) == ["comment"]
    bill = approve(bill, "The rest is on the truck.")
    assert (bill.status, bill.approval_comment) == (S.APPROVED, "The rest is on the truck.")
    assert figures(order) == [D(700), D(700), D(700), ZERO]
    receive(order, "20")
    assert figures(order) == [D(700), D(700), D(700), ZERO]


def test_who_made_the_order_does_not_approve_what_goes_beyond_it(site):
    order = order_in("approved", site, actor=site.admin, amount="90000")
    bill = match(enter(site, order))
    assert not selectors.available_actions(bill, site.admin)["approve"]
    with pytest.raises(Forbidden, match="You made the order"):
        approve(bill, "Looks good", actor=site.admin)
    receive(order, "1", actor=site.admin)
    assert approve(bill, actor=site.admin).status == S.APPROVED


def test_bill_of_a_vendor_that_the_order_does_not_name_goes_to_a_person(site):
    """An order of a vendor without a record could else be billed by anybody."""
    order = order_in("approved", site, vendor_name="Corner shop")
    receive(order, "50")
    shop, other = (
        make_vendor(site.organization, code, name) for code, name in (("VEN002", "Corner Shop"), ("VEN003", "Other"))
    )
    stranger = match(enter(site, order, vendor=other, bill_number="X-1"))
    assert (kinds(stranger), stranger.status) == (["vendor"], S.EXCEPTION)
    assert "“Corner shop”" in stranger.exceptions[0]["message"]
    assert match(enter(site, order, vendor=shop)).status == S.MATCHED
    make_vendor(site.organization, "VEN004", "corner shop")
    assert kinds(match(enter(site, order, vendor=shop, bill_number="A-101"))) == ["vendor"]


@pytest.mark.parametrize("again", ["A-0100", "A-1OO", "A-l00"])
def test_bill_that_looks_like_another_goes_to_a_person(site, order, again):
    receive(order, "50")
    first = approve(enter(site, order, lines=billed(order, quantity=D(20))))
    twin = match(enter(site, order, lines=billed(order, quantity=D(10)), bill_number=again))
    assert twin.status == S.MATCHED  # another total
    of_the_same_total = billed(order, quantity=D(20))
    twin = bills.update_bill(actor=site.finance, bill=twin, changes={}, lines=of_the_same_total, now=NOW)
    assert kinds(match(twin)) == ["seen_before"]
    twin.refresh_from_db()
    assert first.bill_number in twin.exceptions[0]["message"]


def test_bill_that_another_record_of_the_vendor_had_goes_to_a_person(site, order):
    receive(order, "50")
    twin = make_vendor(site.organization, "VEN002")
    enter(site, vendor=twin, lines=[BillLineInput(D(1), D(700), "Lumber", "XMPT")])
    bill = match(enter(site, order))
    assert kinds(bill) == ["seen_before"]
    assert "VEN002" in bill.exceptions[0]["message"]
    enter(make_site(), lines=[BillLineInput(D(1), D(40), "Courier", "XMPT")])
    assert kinds(match(enter(site, bill_number="X1"))) == ["no_order"]


def test_two_ways_is_without_receipts(site, order):
    type(site.vendor).objects.update(match_receipts=False)
    assert match(enter(site, order)).status == S.MATCHED


def test_tolerances_are_the_vendors_else_the_organizations(site, order):
    receive(order, "50")
    dearer = billed(order, unit_price=D("12.60"))  # 0.8 %, 5.60 in all
    bill = match(enter(site, order, lines=dearer))
    assert kinds(bill) == ["total"]  # the organization: 2 % and 5.00
    type(site.vendor).objects.update(total_tolerance=D("5.60"))
    assert match(bill).status == S.MATCHED
    type(site.vendor).objects.update(price_tolerance=D("0.79"))
    assert kinds(match(bill)) == ["price"]


def test_nothing_is_approved_by_an_old_match(site, order):
    receive(order, "50")
    first, second = match(enter(site, order)), match(enter(site, order, bill_number="A-101"))
    assert first.status == second.status == S.MATCHED
    approve(first)
    with pytest.raises(Invalid, match="100 is billed in all"):
        approve(second)
    second.refresh_from_db()
    assert second.status == S.MATCHED
    assert figures(order)[2] == D(700)


def test_open_bill_is_matched_as_it_is_approved(site, order):
    receive(order, "50")
    bill = approve(enter(site, order))
    assert (bill.status, bill.matched_at) == (S.APPROVED, NOW)


def test_bill_without_an_order_takes_a_comment_and_stays_out_of_the_ledger(site):
    bill = match(enter(site))
    assert (bill.status, kinds(bill)) == (S.EXCEPTION, ["no_order"])
    bill = approve(bill, "Monthly courier")
    assert pay(bill, method="cash").status == S.PAID


def test_rolling_order_is_billed_up_to_what_was_released(site):
    order = order_in("approved", site, type="rolling", lines=[], ceiling_amount=D(1000))
    orders.release(actor=site.foreman, order=order, amount=D(100), now=NOW)
    concrete = [BillLineInput(D(1), D(60), "Concrete", "XMPT")]
    approve(enter(site, order, lines=concrete))
    second = match(enter(site, order, lines=concrete, bill_number="A-101"))
    assert kinds(second) == ["over_ceiling"]
    orders.release(actor=site.foreman, order=order, amount=D(20), now=NOW)
    assert approve(second).status == S.APPROVED
    assert figures(order) == [D(1000), D(120), D(120), ZERO]


def test_bill_above_the_order_lifts_what_is_committed(site, order):
    receive(order, "50")
    bill = approve(enter(site, order, lines=billed(order, unit_price=D(13))), "Price of the day, agreed by phone.")
    assert bill.total_amount == D(728)
    assert figures(order) == [D(728), D(728), D(728), ZERO]
    assert list(differences()) == []


def test_match_rows_show_ordered_received_and_billed_side_by_side(site, order):
    receive(order, "30")
    approve(enter(site, order, lines=billed(order, quantity=D(20))))
    bill = match(
        enter(
            site,
            order,
            bill_number="A-101",
            lines=[*billed(order, quantity=D(15)), BillLineInput(D(1), D(9), "Freight", "XMPT")],
        )
    )
    lumber, freight = selectors.match_rows(bill)
    assert (lumber.ordered.quantity, lumber.received, lumber.billed_before, lumber.billed_now) == (50, 30, 20, 15)
    assert [difference["kind"] for difference in lumber.differences] == ["quantity"]
    assert (freight.ordered, [line.description for line in freight.billed]) == (None, ["Freight"])
    assert [difference["kind"] for difference in freight.differences] == ["unknown_line"]


# --- Changed bank accounts


IBANS = ("DE89370400440532013000", "GB82WEST12345698765432")


def change_account(site, iban):
    account = parties.propose_account(actor=site.staff, vendor=site.vendor, iban=iban, now=NOW)
    return parties.confirm_account(actor=site.admin, account=account, now=NOW)


def test_changed_account_shows_on_the_next_bill_alone(site):
    assert enter(site).bank_account is None
    first = change_account(site, IBANS[0])
    bill = enter(site, bill_number="2")
    assert (bill.bank_account, bill.account_changed) == (first, False)
    second = change_account(site, IBANS[1])
    bill = enter(site, bill_number="3")
    assert (bill.bank_account, bill.account_changed) == (second, True)
    assert not enter(site, bill_number="4").account_changed


def test_proposed_account_is_on_no_bill(site):
    parties.propose_account(actor=site.staff, vendor=site.vendor, iban=IBANS[0], now=NOW)
    assert enter(site).bank_account is None


# --- States

ACTIONS = {
    "edit": lambda site, bill: bills.update_bill(
        actor=site.finance, bill=bill, changes={"due_date": date(2026, 4, 9)}, now=NOW
    ),
    "delete": lambda site, bill: bills.delete_bill(actor=site.finance, bill=bill, now=NOW),
    "attach": lambda site, bill: bills.attach_file(
        actor=site.finance, bill=bill, upload=pdf(), filename="a.pdf", now=NOW
    ),
    "match": lambda site, bill: match(bill),
    "approve": lambda site, bill: approve(bill, "Agreed"),
    "pay": lambda site, bill: pay(bill),
}
UNDECIDED = (S.OPEN, S.MATCHED, S.EXCEPTION)
OUTCOMES = {
    **{(state, "edit"): S.OPEN for state in UNDECIDED},
    **{(state, "attach"): state for state in UNDECIDED},
    **{(state, "delete"): "gone" for state in UNDECIDED},
    **{(state, "approve"): S.APPROVED for state in UNDECIDED},
    (S.OPEN, "match"): S.MATCHED,
    (S.MATCHED, "match"): S.MATCHED,
    (S.EXCEPTION, "match"): S.EXCEPTION,
    (S.APPROVED, "pay"): S.PAID,
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", list(S))
def test_action_in_state_moves_or_refuses_and_changes_nothing(site, status, action):
    bill = bill_in(status, site)
    assert bill.status == status
    offered = bool(selectors.available_actions(bill, site.finance)[action])
    entries = AuditEntry.objects.count()
    outcome = OUTCOMES.get((status, action))
    if outcome is None:
        with pytest.raises(WrongState):
            ACTIONS[action](site, bill)
        assert AuditEntry.objects.count() == entries
        outcome = status
    else:
        assert offered
        ACTIONS[action](site, bill)
        assert AuditEntry.objects.count() == entries + 1
    now = Bill.objects.filter(pk=bill.pk).values_list("status", flat=True).first()
    assert (now or "gone") == outcome
    assert offered == ((status, action) in OUTCOMES)


def test_every_move_of_the_table_is_one_of_a_service():
    assert {action for _state, action in BILL_MOVES} == {"edit", "match", "match_with_exceptions", "approve", "pay"}


def test_payment_takes_a_known_method(site):
    bill = bill_in("approved", site)
    with pytest.raises(Invalid) as refused:
        pay(bill, method="shells")
    assert list(refused.value.fields) == ["payment_method"]


def test_other_people_do_nothing_with_a_bill(site):
    bill = bill_in("matched", site)
    for person in (site.pm, site.foreman, make_site().admin):
        for action in (match, approve, pay):
            with pytest.raises(DomainError) as refused:
                action(bill, actor=person)
            assert isinstance(refused.value, Forbidden)
        with pytest.raises(Forbidden):
            bills.delete_bill(actor=person, bill=bill, now=NOW + timedelta(days=1))


def test_high_bill_that_differs_takes_a_second_person(site):
    lines = [BillLineInput(D(1), D("5000.01"), "Crane", "XMPT")]
    bill = enter(site, None, lines=lines)
    with pytest.raises(Forbidden):
        approve(bill, actor=site.finance, comment="Agreed by phone.")
    bill = bills.update_bill(actor=site.staff, bill=bill, changes={"due_date": None}, now=NOW)
    with pytest.raises(Forbidden):
        approve(bill, actor=site.staff, comment="Agreed by phone.")
    assert approve(bill, actor=site.admin, comment="Agreed by phone.").status == BillStatus.APPROVED


def test_bill_up_to_the_amount_takes_one_person(site):
    lines = [BillLineInput(D(1), D("5000.00"), "Crane", "XMPT")]
    assert approve(enter(site, None, lines=lines), actor=site.finance, comment="Rent.").status == BillStatus.APPROVED
