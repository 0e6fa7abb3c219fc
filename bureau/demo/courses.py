"""What happens to one demo order, step by step, through the services."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from django.utils import timezone

from bureau.core.files import Upload
from bureau.core.models import PaymentMethod, User
from bureau.demo.paper import offer, receipt_photo
from bureau.demo.sites import Sites
from bureau.purchasing.models import ApprovalSlot, Bill, PurchaseOrder, PurchaseRequest
from bureau.purchasing.services import bills, orders
from bureau.purchasing.services.bills import BillLineInput
from bureau.purchasing.services.conversion import create_order_from_request
from bureau.purchasing.services.orders import LineInput
from bureau.purchasing.services.receipts import ReceiptLineInput, record_receipt
from bureau.purchasing.services.sending import send_order
from bureau.purchasing.states import RequestStatus

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Plan:
    """An order to come. `steps` are methods of Course; `hours` between them, where they are to be close together."""

    at: datetime
    who: str
    vendor: str
    code: tuple[str, str]
    steps: tuple[str, ...]
    lines: tuple[LineInput, ...] = ()
    type: str = "standard"
    description: str = ""
    words: str = ""
    """Why it was urgent, rejected or cancelled; or the note."""
    ceiling: Decimal | None = None
    raised: Decimal = Decimal(0)
    """Percent by which the vendor bills more than was ordered."""
    hours: float | None = None

    @property
    def in_one_piece(self) -> bool:
        """The goods came together: it is closed, and nothing came later."""
        return "close" in self.steps and "receive_rest" not in self.steps


class Course:
    def __init__(self, plan: Plan, people: dict[str, User], sites: Sites, number: int) -> None:
        self.plan = plan
        self.people = people
        self.actor = people[plan.who]
        self.vendor = sites.vendors[plan.vendor]
        self.code = sites.cost_codes[plan.code]
        self.number = number
        self.billed = 0
        self.order: PurchaseOrder
        self.bill: Bill

    def create(self, at: datetime) -> None:
        plan, party = self.plan, self.vendor.party
        self.order = orders.create_order(
            actor=self.actor,
            type=plan.type,
            project=self.code.project,
            cost_code=self.code,
            vendor=self.vendor,
            vendor_name=party.name,
            vendor_contact_name=self.vendor.contact_name,
            vendor_email=party.email,
            vendor_phone=party.phone,
            vendor_address=party.address,
            description=plan.description,
            lines=plan.lines,
            ceiling_amount=plan.ceiling,
            urgency_justification=plan.words if plan.type == "walkup" else "",
            now=at,
        )

    def convert(self, at: datetime) -> None:
        """Of the newest completed request that names this vendor."""
        completed = PurchaseRequest.objects.filter(
            organization=self.actor.organization, status=RequestStatus.COMPLETED, vendor_name=self.plan.vendor
        )
        self.order = create_order_from_request(
            actor=self.actor,
            request=completed.latest("completed_at", "pk"),
            project=self.code.project,
            cost_code=self.code,
            now=at,
        )

    def quote(self, at: datetime) -> None:
        party = self.vendor.party
        content = offer([f"Offer of {party.name}", f"Net {self.order.subtotal} EUR", f"For {self.order.po_number}"])
        self._attach(content, f"offer-{self.number}.pdf", at)

    def receipt(self, at: datetime) -> None:
        lines = [f"{line.quantity.normalize():f} {line.description}" for line in self.order.lines.all()]
        slip = [self.vendor.party.name.upper(), at.strftime("%d.%m.%Y %H:%M"), "", *lines]
        content = receipt_photo([*slip, "", f"TOTAL {self.order.total_amount} EUR", "Paid by card"])
        self._attach(content, f"receipt-{self.number}.jpg", at)

    def submit(self, at: datetime) -> None:
        self.order = orders.submit_order(actor=self.actor, order=self.order, now=at)

    def approve(self, at: datetime) -> None:
        """By who is asked; past the budget knowingly."""
        person = self._asked()
        try:
            self.order = orders.approve_order(actor=person, order=self.order, now=at)
        except orders.BudgetExceeded:
            comments = "It cannot wait; the rest of the site budget covers it."
            self.order = orders.approve_order(
                actor=person, order=self.order, comments=comments, override_budget=True, now=at
            )

    def approve_in_place(self, at: datetime) -> None:
        self.order = orders.approve_order(
            actor=self.people["foreman"], order=self.order, comments="Rosa is away.", now=at
        )

    def reject(self, at: datetime) -> None:
        self.order = orders.reject_order(actor=self._asked(), order=self.order, reason=self.plan.words, now=at)

    def cancel(self, at: datetime) -> None:
        self.order = orders.cancel_order(actor=self.actor, order=self.order, reason=self.plan.words, now=at)

    def note(self, at: datetime) -> None:
        orders.add_note(actor=self.actor, order=self.order, text=self.plan.words, now=at)

    def send(self, at: datetime) -> None:
        send_order(actor=self.actor, order=self.order, now=at)

    def receive(self, at: datetime) -> None:
        """About half of each line where the rest comes later."""
        shares = {line.pk: self._first_part(line.quantity) for line in self.order.lines.all()}
        self._receive(shares, at, "Delivery note 1")

    def receive_rest(self, at: datetime) -> None:
        rest = {line.pk: line.quantity - self._first_part(line.quantity) for line in self.order.lines.all()}
        if any(rest.values()):
            self._receive(rest, at, "Delivery note 2")

    def send_back(self, at: datetime) -> None:
        first = self.order.lines.all()[0]
        self._receive({first.pk: Decimal(-1)}, at, "Damaged, goes back")

    def release(self, at: datetime) -> None:
        ceiling = self.order.ceiling_amount or Decimal(0)
        amount = (ceiling / 6).quantize(Decimal(10), ROUND_DOWN)
        orders.release(actor=self.actor, order=self.order, amount=amount, note="Call-off of the month", now=at)

    def bill_order(self, at: datetime) -> None:
        """All that was ordered, at the prices that the vendor thinks right."""
        factor = 1 + self.plan.raised / 100
        lines = [
            BillLineInput(line.quantity, (line.unit_price * factor).quantize(CENT, ROUND_HALF_UP), order_line=line.pk)
            for line in self.order.lines.all()
        ]
        self._bill(lines, at)

    def bill_release(self, at: datetime) -> None:
        last = self.order.releases.last()
        net = (last.amount / Decimal("1.12")).quantize(CENT, ROUND_DOWN) if last else CENT
        self._bill([BillLineInput(Decimal(1), net, "Call-off of the month", "GP")], at)

    def match(self, at: datetime) -> None:
        self.bill = bills.match_bill(actor=self.people["finance"], bill=self.bill, now=at)

    def approve_bill(self, at: datetime) -> None:
        comment = "Agreed with the vendor by telephone." if self.plan.raised else ""
        actor = self.people["staff" if self.plan.raised else "finance"]
        self.bill = bills.approve_bill(actor=actor, bill=self.bill, comment=comment, now=at)

    def pay(self, at: datetime) -> None:
        bills.pay_bill(
            actor=self.people["finance"],
            bill=self.bill,
            payment_method=PaymentMethod.BANK_TRANSFER,
            payment_date=timezone.localdate(at),
            now=at,
        )

    def close(self, at: datetime) -> None:
        orders.close_order(actor=self.actor, order=self.order, now=at)

    def _asked(self) -> User:
        slot = ApprovalSlot.objects.waiting().select_related("user__organization").get(order=self.order)
        assert slot.user is not None  # noqa: S101  (of an order)
        return slot.user

    def _attach(self, content: object, filename: str, at: datetime) -> None:
        orders.attach_file(actor=self.actor, order=self.order, upload=content, filename=filename, now=at)  # type: ignore[arg-type]

    def _first_part(self, quantity: Decimal) -> Decimal:
        whole = self.plan.in_one_piece or quantity < 2
        return quantity if whole else (quantity / 2).quantize(Decimal(1), ROUND_HALF_UP)

    def _receive(self, quantities: dict[int, Decimal], at: datetime, note: str) -> None:
        lines = [ReceiptLineInput(pk, quantity) for pk, quantity in quantities.items() if quantity]
        record_receipt(actor=self.people["foreman"], order=self.order, lines=lines, note=note, now=at)

    def _bill(self, lines: list[BillLineInput], at: datetime) -> None:
        self.billed += 1
        day = timezone.localdate(at)
        terms = self.vendor.payment_terms.removeprefix("Net ")
        number = f"{day:%y}-{4000 + 7 * self.number + self.billed}"
        upload = None
        if self.number % 6 == 0 and self.billed == 1:
            text = [f"Invoice {number}", self.vendor.party.name, f"Your order {self.order.po_number}"]
            upload = Upload(offer(text), f"invoice-{number}.pdf")
        self.bill = bills.enter_bill(
            actor=self.people["finance"],
            vendor=self.vendor,
            order=self.order,
            bill_number=number,
            bill_date=day,
            due_date=day + timedelta(days=int(terms) if terms.isdigit() else 7),
            lines=lines,
            upload=upload,
            now=at,
        )
