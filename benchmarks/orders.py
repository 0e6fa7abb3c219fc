"""Orders of the last 18 months in bulk, with everything that the services would have left behind."""

import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection
from sequences.models import Sequence

from benchmarks.sites import PROJECTS, Site, Sites
from benchmarks.tables import Chain, Row, Tables
from bureau.core.models import ScanState, StoredFile, TaxCode, User
from bureau.purchasing.models import (
    Approval,
    ApprovalSlot,
    CostCode,
    Decision,
    DecisionAction,
    EntryKind,
    LedgerEntry,
    LineCategory,
    OrderFile,
    OrderLine,
    OrderNote,
    OrderRelease,
    OrderType,
    PurchaseOrder,
    SlotState,
)
from bureau.purchasing.permissions.orders import limit_of
from bureau.purchasing.states import OrderStatus

LINES = 3  # of each order
DAYS = 548
S, T = OrderStatus, OrderType
SHARES = {S.DRAFT: 4, S.SUBMITTED: 6, S.APPROVED: 42, S.REJECTED: 4, S.CANCELLED: 4, S.CLOSED: 40}
TYPES = {T.STANDARD: 78, T.ROLLING: 7, T.WALKUP: 15}
"""Percent of the orders."""
ROOM = Decimal(50_000_000)  # that every cost code keeps: no approval overdraws it
CHUNK = 5_000  # orders that are in memory at a time
THINGS = (
    "2x4 lumber 8ft", "concrete 32 MPa", "rebar 15M", "excavator day", "scaffold hire", "drywall 4x8", "copper pipe",
    "roof membrane", "electrician hours", "paint, interior", "safety shoes", "anchor bolts", "gravel 20mm", "crane day",
)  # fmt: skip
CATEGORIES = LineCategory.values
REFUSAL = "Too dear."
WORK = "As agreed on site with the foreman, to be delivered at gate 2 before noon. "


def make_orders(sites: Sites, orders: int, *, now: datetime) -> None:
    """This many of the last DAYS days, of all types, in every state."""
    with connection.cursor() as cursor:
        # Foreign keys are right by construction: to look each up again takes longer than writing it.
        cursor.execute("SET LOCAL session_replication_role = replica")
    dice = random.Random(13)
    maker = _Maker(sites, dice, now)
    moments = iter(sorted(now - timedelta(seconds=dice.randint(60, DAYS * 86_400)) for _ in range(orders)))
    while chunk := list(islice(moments, CHUNK)):
        for moment in chunk:
            maker.make(moment)
        maker.chain.link()
        maker.tables.write()
    maker.end()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


class _Maker:
    """Makes one order after the other, with all that belongs to it."""

    def __init__(self, sites: Sites, dice: random.Random, now: datetime) -> None:
        self.sites, self.dice, self.now = sites, dice, now
        self.organization = sites.organization.pk
        self.tables = Tables(PurchaseOrder, StoredFile, Approval, Decision)
        self.rates = {code.code: int(code.rate) for code in TaxCode.objects.filter(organization=sites.organization)}
        self.numbers: Counter[str] = Counter()
        self.sums: defaultdict[int, Counter[str]] = defaultdict(Counter)  # cents
        self.chain = Chain(sites.organization, "purchase_order", self.tables)

    def make(self, created: datetime) -> None:
        dice, add = self.dice, self.tables.add
        site = self.sites.sites[int(PROJECTS * dice.random() ** 1.5)]  # some are busier than others
        order_type = dice.choices(list(TYPES), TYPES.values())[0]
        author = dice.choice(site.foremen) if dice.random() < 0.9 else site.superintendent
        vendor = dice.choice(self.sites.vendors)
        day = f"{created:%y%j}"
        self.numbers[day] += 1
        order = {
            "organization_id": self.organization,
            "po_number": f"{day}-PO-{self.numbers[day]:03}",
            "type": order_type.value,
            "status": dice.choices(list(SHARES), SHARES.values())[0].value,
            "project_id": site.project.pk,
            "cost_code_id": dice.choice(site.cost_codes).pk,
            "vendor_id": vendor.pk,
            "vendor_name": vendor.party.name,
            "vendor_contact_name": "Jane Smith",
            "vendor_email": vendor.party.email,
            "vendor_phone": vendor.party.phone,
            "vendor_address": vendor.party.address,
            "description": WORK * dice.randint(0, 2),
            "urgency_justification": "The pump broke." if order_type == OrderType.WALKUP else "",
            "created_by_id": author.pk,
            "created_at": created,
            "updated_at": created,
        }
        add(PurchaseOrder, order)
        amount = self._lines(order)
        if order_type == OrderType.ROLLING:
            amount = amount * 3 // 2
            order["ceiling_amount"] = money(amount)
        if order_type == OrderType.WALKUP or dice.random() < 0.25:
            self._file(order)
        if dice.random() < 0.1:
            text = "Please call before the delivery."
            add(OrderNote, {"order_id": order["id"], "author_id": author.pk, "text": text, "created_at": created})
        total = str(order["total_amount"])
        self._entry(order, "created", author.pk, created, status="draft", total_amount=total)
        self._course(order, amount, site)

    def _lines(self, order: Row) -> int:
        """Returns the order's total, in cents."""
        dice, texts, net_sum, tax_sum = (
            self.dice,
            [order["po_number"], order["vendor_name"], order["description"]],
            0,
            0,
        )
        dearest = dice.choice((3_000, 6_000, 10_000, 20_000, 150_000))
        for number in range(1, LINES + 1):
            code = dice.choice(("GP", "GP", "GST2", "PST7", "XMPT"))
            quantity, price = dice.randint(1, 30), dice.randint(200, dearest)
            net = quantity * price
            tax = (net * self.rates[code] + 50) // 100
            net_sum, tax_sum = net_sum + net, tax_sum + tax
            text = f"{dice.choice(THINGS)}, item {dice.randint(1000, 9999)}"
            texts.append(text)
            line = {
                "order_id": order["id"],
                "line_number": number,
                "description": text,
                "quantity": quantity,
                "unit_price": money(price),
                "category": dice.choice(CATEGORIES),
                "tax_code": code,
                "tax_rate": self.rates[code],
                "net_amount": money(net),
                "tax_amount": money(tax),
                "line_total": money(net + tax),
            }
            self.tables.add(OrderLine, line)
        order["line_items_count"] = LINES
        order["subtotal"], order["tax_amount"] = money(net_sum), money(tax_sum)
        order["total_amount"] = money(net_sum + tax_sum)
        order["search_text"] = "\n".join(text for text in texts if text).upper()
        return net_sum + tax_sum

    def _file(self, order: Row) -> None:
        digest = f"{self.dice.getrandbits(256):064x}"
        stored = {
            "uuid": self._uuid(),
            "organization_id": self.organization,
            "uploader_id": order["created_by_id"],
            "filename": "quote.pdf",
            "content_type": "application/pdf",
            "size": self.dice.randint(20_000, 900_000),
            "sha256": digest,
            "path": f"{self.organization}/{digest[:2]}/{digest}",
            "scan_state": ScanState.CLEAN.value,
            "created_at": order["created_at"],
        }
        self.tables.add(StoredFile, stored)
        file = {"order_id": order["id"], "file_id": stored["id"], "created_at": order["created_at"]}
        self.tables.add(OrderFile, file)

    def _course(self, order: Row, amount: int, site: Site) -> None:
        """What happened to the order until it came to its status. `amount` is what it is approved for, in cents."""
        status, author, at = order["status"], order["created_by_id"], self._later(order["created_at"])
        if status == S.DRAFT:
            return
        if status == S.CANCELLED and self.dice.random() < 0.5:
            self._cancel(order, at)
            return
        approver = self._approver(author, amount, site)
        order.update(submitted_by_id=author, submitted_at=at, updated_at=at)
        approval = self.tables.add(Approval, {"order_id": order["id"], "started_at": at})
        slot = {"approval_id": approval["id"], "order_id": order["id"], "user_id": approver.pk, "created_at": at}
        self.tables.add(ApprovalSlot, slot)
        self._post(order, EntryKind.REQUESTED, amount, "submitted", author, at)
        self._entry(order, "submitted", author, at, status="submitted", approver=approver.pk)
        slot["state"] = SlotState.WAITING.value
        if status == S.SUBMITTED:
            site.waiting.append((order["id"], approver))
            return
        at = self._later(at)
        order["updated_at"] = approval["ended_at"] = at
        slot["state"] = SlotState.ENDED.value
        if status == S.CANCELLED:
            self._post(order, EntryKind.REQUESTED, -amount, "cancelled", author, at)
            self._cancel(order, at)
            return
        rejects = status == S.REJECTED
        decision = {
            "uuid": self._uuid(),
            "approval_id": approval["id"],
            "order_id": order["id"],
            "approver_id": approver.pk,
            "action": (DecisionAction.REJECT if rejects else DecisionAction.APPROVE).value,
            "comment": REFUSAL if rejects else "",
            "created_at": at,
        }
        slot["decision_id"] = self.tables.add(Decision, decision)["id"]
        if rejects:
            order.update(rejected_at=at, rejection_reason=REFUSAL)
            self._post(order, EntryKind.REQUESTED, -amount, "rejected", approver.pk, at)
            self._entry(order, "rejected", approver.pk, at, status="rejected", reason=REFUSAL)
            return
        slot["state"] = SlotState.APPROVED.value
        order.update(approved_by_id=approver.pk, approved_at=at)
        self._post(order, EntryKind.COMMITTED, amount, "approved", approver.pk, at)
        self._entry(order, "approved", approver.pk, at, status="approved", amount=str(money(amount)))
        self._end(order, amount)

    def _end(self, order: Row, amount: int) -> None:
        at, author, rolling = self._later(order["updated_at"]), order["created_by_id"], "ceiling_amount" in order
        if rolling:
            order["released_amount"] = released = order["total_amount"]
            row = {"order_id": order["id"], "amount": released, "released_by_id": author, "created_at": at}
            self.tables.add(OrderRelease, row)
        if order["status"] == S.CLOSED:
            for kind in (EntryKind.COMMITTED, EntryKind.REQUESTED) if rolling else ():
                self._post(order, kind, int(released * 100) - amount, "closed", author, at)
            order.update(closed_at=at, updated_at=at)
            self._entry(order, "closed", author, at, status="closed")

    def _cancel(self, order: Row, at: datetime) -> None:
        order.update(cancelled_at=at, updated_at=at)
        self._entry(order, "cancelled", order["created_by_id"], at, status="cancelled")

    def _later(self, start: datetime) -> datetime:
        """Within the five days after, but before now."""
        return start + (min(self.now, start + timedelta(days=5)) - start) * self.dice.uniform(0.01, 0.9)

    def _uuid(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128), version=4)

    def _approver(self, author: int, amount: int, site: Site) -> User:
        able = (site.superintendent, site.manager, self.sites.admin)
        return next(one for one in able if one.pk != author and limit_of(one) >= money(amount))

    def _post(self, order: Row, kind: EntryKind, cents: int, reason: str, person: int, at: datetime) -> None:
        self.sums[order["cost_code_id"]][kind.value] += cents
        entry = {
            "organization_id": self.organization,
            "project_id": order["project_id"],
            "cost_code_id": order["cost_code_id"],
            "order_id": order["id"],
            "kind": kind.value,
            "amount": money(cents),
            "reason": reason,
            "user_id": person,
            "created_at": at,
        }
        self.tables.add(LedgerEntry, entry)

    def _entry(self, order: Row, action: str, person: int, at: datetime, **new: Any) -> None:
        self.chain.add(order["id"], action, person, at, po_number=order["po_number"], **new)

    def end(self) -> None:
        """The sums of what was written, and budgets that nothing measured comes near."""
        for site in self.sites.sites:
            for code in site.cost_codes:
                for kind, cents in self.sums[code.pk].items():
                    setattr(code, kind, money(cents))
                code.budget = code.committed + ROOM
                LedgerEntry.objects.create(
                    organization=self.sites.organization, project=site.project, cost_code=code, kind=EntryKind.BUDGET,
                    amount=code.budget, reason="budget of the start", created_at=self.sites.began,
                )  # fmt: skip
            CostCode.objects.bulk_update(site.cost_codes, CostCode.SUMS)
        Sequence.objects.bulk_create(
            Sequence(name=f"{self.organization}:po:{day}", last=last) for day, last in self.numbers.items()
        )
        self.chain.end()
        self.tables.end()


def money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
