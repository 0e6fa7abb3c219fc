"""What the page of a bill tells: the three-way table with what is lit in it, what to do about each difference, and the
account it is paid to. The facts are the selectors'."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.kit.money import ZERO
from bureau.kit.permissions import Decision
from bureau.parties.models import BankAccount
from bureau.parties.selectors.vendors import confirmed_account
from bureau.purchasing.matching import Kind
from bureau.purchasing.models import Bill, OrderType, PurchaseOrder
from bureau.purchasing.permissions.bills import UNDECIDED
from bureau.purchasing.selectors import bills as selectors
from bureau.purchasing.selectors import payables
from bureau.purchasing.selectors.bills import MatchRow


@dataclass(frozen=True)
class Row:
    """A line of the three-way table. `lit` holds the kinds of difference found in it."""

    match: MatchRow
    three_way: bool
    lit: frozenset[str]
    words: list[str]

    @property
    def description(self) -> str:
        return self.match.ordered.description if self.match.ordered else self.match.billed[0].description

    @property
    def unit(self) -> str:
        return self.match.ordered.unit if self.match.ordered else ""

    @property
    def prices(self) -> list[Decimal]:
        return list(dict.fromkeys(line.unit_price for line in self.match.billed))

    @property
    def net(self) -> Decimal:
        return sum((line.net_amount for line in self.match.billed), ZERO)

    @property
    def quantity_difference(self) -> Decimal | None:
        """Billed in all against what came in (two ways: what was ordered); nothing where nothing is billed now."""
        match = self.match
        if match.ordered is None or not match.billed:
            return None
        return match.billed_before + match.billed_now - (match.received if self.three_way else match.ordered.quantity)

    @property
    def price_difference(self) -> Decimal | None:
        if self.match.ordered is None or not self.match.billed:
            return None
        return max(self.prices) - self.match.ordered.unit_price


@dataclass(frozen=True)
class Finding:
    """A difference in words, with what a person can do about it."""

    message: str
    advice: str
    url: str = ""
    action: str = ""


class Sheet:
    """One bill as one person sees it."""

    def __init__(self, bill: Bill, user: User) -> None:
        self.bill = bill
        self.user = user
        self.three_way = bill.vendor.match_receipts

    @cached_property
    def answers(self) -> dict[str, Decision]:
        return selectors.available_actions(self.bill, self.user)

    @cached_property
    def actions(self) -> set[str]:
        return {name for name, answer in self.answers.items() if answer}

    @property
    def reason(self) -> str:
        """What stands where people look for an action that is not theirs."""
        if self.bill.status in UNDECIDED and "approve" not in self.actions:
            return self.answers["approve"].reason
        if self.bill.status == "approved" and "pay" not in self.actions:
            return self.answers["pay"].reason
        return ""

    @cached_property
    def rows(self) -> list[Row]:
        return [
            Row(
                match,
                self.three_way,
                frozenset(found["kind"] for found in match.differences),
                [found["message"] for found in match.differences],
            )
            for match in selectors.match_rows(self.bill)
        ]

    @cached_property
    def sees_order(self) -> bool:
        """Whether there is an order that this person can open: finance reviewers work with bills alone."""
        return PurchaseOrder.objects.visible_to(self.user).filter(bills=self.bill).exists()

    @property
    def whole(self) -> set[str]:
        """The kinds of difference that the bill as a whole has."""
        return {found["kind"] for found in self.bill.exceptions if found["line"] is None}

    @cached_property
    def exceptions(self) -> list[Finding]:
        return list(self._advised())

    def _advised(self) -> Iterator[Finding]:
        bill, may_edit = self.bill, "edit" in self.actions
        edit = reverse("web:bill-edit", args=[bill.pk]) if may_edit else ""
        receive = reverse("web:order-receive", args=[bill.order_id]) if self.sees_order else ""
        order = reverse("web:order", args=[bill.order_id]) if self.sees_order else ""
        vendor = _("Ask %s for a corrected bill or a credit note; or approve it and say why.") % bill.vendor.party.name
        for found in bill.exceptions:
            match found["kind"]:
                case Kind.NO_ORDER:
                    advice = _("Name the order it belongs to, or approve it and say what it is for.")
                    yield Finding(found["message"], advice, edit, _("Name the order"))
                case Kind.UNKNOWN_LINE:
                    advice = _("Say which line of the order it is, or approve it and say what it is for.")
                    yield Finding(found["message"], advice, edit, _("Name the line"))
                case Kind.QUANTITY if self.three_way:
                    advice = _("Are the goods here? Note the receipt and match again. Else wait, or ask the vendor.")
                    yield Finding(found["message"], advice, receive, _("Receive"))
                case Kind.VENDOR:
                    advice = _(
                        "Choose the right vendor or order, or approve it and say how you know that they are one."
                    )
                    yield Finding(found["message"], advice, edit, _("Edit"))
                case Kind.SEEN_BEFORE:
                    advice = _(
                        "Compare the two. Delete the one that is there twice, or approve it and say what differs."
                    )
                    yield Finding(found["message"], advice)
                case Kind.OVER_CEILING:
                    advice = _("Release more of the order if it was agreed, or ask the vendor.")
                    yield Finding(found["message"], advice, order, _("Open the order"))
                case _:
                    yield Finding(found["message"], vendor)

    @cached_property
    def account(self) -> BankAccount | None:
        """The one it is paid to."""
        return confirmed_account(self.bill.vendor)

    @cached_property
    def former(self) -> BankAccount | None:
        """Where the vendor was paid before, for a bill that came in when that was new, or before."""
        return payables.former_account(self.bill.vendor) if self.changed else None

    @cached_property
    def changed(self) -> bool:
        """Whether this is the first bill that is paid to a new account, or the account changed since it came in."""
        if self.account is None:
            return False
        return self.bill.account_changed or (
            self.bill.bank_account_id is not None and self.bill.bank_account_id != self.account.pk
        )

    @cached_property
    def waiting(self) -> BankAccount | None:
        return payables.proposed_account(self.bill.vendor)

    @property
    def rolling(self) -> bool:
        return self.bill.order is not None and self.bill.order.type == OrderType.ROLLING

    @property
    def facts(self) -> dict[str, Any]:
        """What happened, in order: what, who, when."""
        bill = self.bill
        return {
            "entered": (bill.created_by, bill.created_at),
            "approved": (bill.approved_by, bill.approved_at),
            "paid": (bill.paid_by, bill.paid_at),
        }
