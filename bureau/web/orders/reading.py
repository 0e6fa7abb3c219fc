"""What an order's page tells, in words: where it stands, who decides, why you, what it does to the budget, and what
happened. The facts are the selectors'."""

from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.kit.money import ZERO
from bureau.kit.permissions import Decision as Answer
from bureau.purchasing.models import ApprovalSlot, Bill, OrderType, Project, PurchaseOrder
from bureau.purchasing.permissions.orders import UNLIMITED, can_remove_file, limit_of
from bureau.purchasing.selectors import order_people, receipts
from bureau.purchasing.selectors import orders as selectors
from bureau.purchasing.selectors.orders import BudgetEffect, OrderEvent, OrderEventKind
from bureau.purchasing.states import OrderStatus
from bureau.web.requests.reading import Entry, Step

K = OrderEventKind


def amount_text(amount: Decimal, currency: str = "") -> str:
    """1,680.00 EUR, inside a sentence."""
    return f"{number_format(amount, 2, use_l10n=True, force_grouping=True)} {currency}".strip()


def limit_text(user: User, currency: str = "") -> str:
    limit = limit_of(user)
    return _("no limit") if limit == UNLIMITED else _("limit %s") % amount_text(limit, currency)


class Story:
    """One order as one person sees it, on a day."""

    def __init__(self, item: PurchaseOrder, user: User, *, today: date) -> None:
        self.item = item
        self.user = user
        self.today = today
        self.currency = item.organization.currency

    @cached_property
    def answers(self) -> dict[str, Answer]:
        return selectors.available_actions(self.item, self.user, today=self.today)

    @cached_property
    def actions(self) -> set[str]:
        return {name for name, answer in self.answers.items() if answer}

    @property
    def main_actions(self) -> set[str]:
        """Those that stand at the top of the page, at the thumb on a phone."""
        return self.actions & {"approve", "reject", "edit", "submit", "receive", "release", "send", "close"}

    @cached_property
    def effect(self) -> BudgetEffect:
        return selectors.budget_effect(self.item)

    @property
    def over(self) -> Decimal | None:
        """By how much approving it now would overdraw the cost code."""
        waits = self.item.status in (OrderStatus.DRAFT, OrderStatus.SUBMITTED)
        return (self.effect.overdrawn_by or None) if waits else None

    @cached_property
    def next_action(self) -> str:
        """Of an approved order, what most people do next: send it, book what comes, close it when all is there."""
        item = self.item
        wanted = {
            "send": item.type != OrderType.WALKUP and not item.sent_at and bool(item.vendor_email),
            "receive": item.type == OrderType.STANDARD and any(line.outstanding for line in self.receivable),
            "close": True,
        }
        offered = (name for name, wise in wanted.items() if wise and name in self.actions)
        return next(offered, "") if item.status == OrderStatus.APPROVED else ""

    @property
    def nothing_noted(self) -> bool:
        """Whether nobody wrote down yet what came of it, by a receipt or a bill."""
        return self.item.type != OrderType.ROLLING and not self.item.receipts.exists() and not self.item.bills.exists()

    @property
    def your_turn(self) -> bool:
        """Whether it waits for this person, and not only may be decided by them."""
        mine = self.asked is not None and self.asked.user_id == self.user.pk
        return "approve" in self.actions and (mine or self.stands_in_for is not None)

    @cached_property
    def stands_in_for(self) -> User | None:
        """The person asked, where they are away and this one decides in their place."""
        if self.asked is None or self.asked.user_id == self.user.pk:
            return None
        received = order_people.delegations_received(self.user, today=self.today)
        givers = (one.delegator for one in received if one.start_date <= self.today)
        return next((giver for giver in givers if giver.pk == self.asked.user_id), None)

    @property
    def warns(self) -> bool:
        return self.item.status == OrderStatus.DRAFT and self.likely is None

    @property
    def left_to_release(self) -> Decimal:
        return (self.item.ceiling_amount or ZERO) - self.item.released_amount

    @property
    def lines_received(self) -> list[receipts.Receivable]:
        """The lines with what came in, from the moment something can."""
        booked = self.item.type != OrderType.WALKUP and self.item.status in (OrderStatus.APPROVED, OrderStatus.CLOSED)
        return self.receivable if booked else []

    @cached_property
    def removable(self) -> set[int]:
        """The files that this person can take off again."""
        return {file.pk for file in self.item.files.all() if can_remove_file(self.user, file)}

    @cached_property
    def slots(self) -> list[ApprovalSlot]:
        return list(selectors.approval_history(self.item))

    @cached_property
    def asked(self) -> ApprovalSlot | None:
        """Whom the order waits for."""
        waiting = (slot for slot in self.slots if selectors.slot_status(slot) == "pending")
        return next(waiting, None)

    @cached_property
    def likely(self) -> User | None:
        """Who would be asked if a draft were submitted now."""
        return selectors.likely_approver(self.item, today=self.today)

    # --- Why you, and who else

    @cached_property
    def why_you(self) -> str:
        """Empty unless this person can decide now."""
        if "approve" not in self.actions or self.asked is None:
            return ""
        limit = limit_of(self.user)
        words = {
            "project": self.item.project.code,
            "asked": self.asked.user,
            "limit": _("any amount") if limit == UNLIMITED else _("up to %s") % amount_text(limit, self.currency),
        }
        if self.asked.user_id != self.user.pk:
            if self.stands_in_for is not None:
                words["giver"] = self.stands_in_for
                return _("you decide in place of %(giver)s; you may approve %(limit)s.") % words
            return _("%(asked)s is asked; you may decide as well, %(limit)s.") % words
        if len(self.slots) > 1:
            words["before"] = self.slots[-2].user
            return _("%(before)s did not decide in time, so it came to you; you may approve %(limit)s.") % words
        return _("of those who can approve this on %(project)s, your limit is the smallest: %(limit)s.") % words

    @cached_property
    def reason(self) -> str:
        """What stands where people look for an action that is not theirs now."""
        item, own = self.item, self.item.created_by_id == self.user.pk
        if item.status == OrderStatus.SUBMITTED and self.asked and self.asked.user:
            waiting = self.asked.user
            return _("Next: %(person)s decides (%(limit)s).") % {
                "person": waiting.name,
                "limit": limit_text(waiting, self.currency),
            }
        if item.status == OrderStatus.DRAFT and own:
            return self.outlook
        if item.status == OrderStatus.DRAFT:
            return _("A draft: only %s can change or submit it.") % item.created_by.name
        if item.status == OrderStatus.REJECTED and own:
            return _("A rejected order stays as it is. Make another one with what was asked for.")
        if item.status == OrderStatus.APPROVED and item.type == OrderType.WALKUP and not item.files.all():
            return _("Attach a photo of the receipt; then the order can be closed.")
        return ""

    @property
    def outlook(self) -> str:
        if self.likely is None:
            return _("Nobody else may approve %s: ask an administrator to raise a limit, or order less.") % amount_text(
                self.item.amount, self.currency
            )
        return _("%(person)s would decide (%(limit)s).") % {
            "person": self.likely.name,
            "limit": limit_text(self.likely, self.currency),
        }

    # --- Where it stands

    @property
    def steps(self) -> list[Step]:
        item = self.item
        if item.status == OrderStatus.DRAFT:
            who = self.likely.name if self.likely else _("nobody may approve this amount")
            tone = "ahead" if self.likely else "warning"
            return [
                Step(_("Draft"), "draft", item.created_by.name, item.created_at, current=True),
                Step(_("Approval"), tone, who),
                *self._later(),
            ]
        if item.submitted_at is None:  # cancelled before that
            return [Step(_("Cancelled"), "refused", "", item.cancelled_at)]
        submitter = item.submitted_by or item.created_by
        steps = [Step(_("Submitted"), "done", submitter.name, item.submitted_at), *map(self._slot_step, self.slots)]
        if item.status == OrderStatus.CANCELLED:
            return [*steps, Step(_("Cancelled"), "refused", "", item.cancelled_at)]
        return steps if item.status == OrderStatus.REJECTED else [*steps, *self._later()]

    def _slot_step(self, slot: ApprovalSlot) -> Step:
        person = slot.user.name if slot.user else ""
        if slot.decision is not None:
            decided, instead = slot.decision, slot.decision.approver_id != slot.user_id
            who = _("%(person)s, %(asked)s was asked") if instead else "%(person)s"
            text = who % {"person": decided.approver.name, "asked": person}
            tone = "refused" if selectors.slot_status(slot) == "rejected" else "done"
            return Step(_("Approval"), tone, text, decided.created_at)
        if self.asked and slot.pk == self.asked.pk:
            who = _("you") if slot.user_id == self.user.pk else person
            return Step(_("Approval"), "waiting", _("waits for %s") % who, slot.created_at, current=True)
        return Step(_("Asked"), "ahead", _("%s did not decide") % person, slot.created_at)

    def _later(self) -> list[Step]:
        item = self.item
        closed = item.status == OrderStatus.CLOSED
        steps = []
        if item.type == OrderType.ROLLING:
            done = _("%(released)s of %(ceiling)s") % {
                "released": amount_text(item.released_amount),
                "ceiling": amount_text(item.ceiling_amount or ZERO),
            }
            running = item.status == OrderStatus.APPROVED
            steps.append(
                Step(_("Releases"), "done" if closed else "moving" if running else "ahead", done, current=running)
            )
        elif item.type == OrderType.STANDARD:
            steps.append(self._delivery())
        steps.append(Step(_("Closed"), "done" if closed else "ahead", "", item.closed_at))
        return steps

    @cached_property
    def receivable(self) -> list[receipts.Receivable]:
        """Each line with what has come in of it."""
        return receipts.receivable(self.item)

    def _delivery(self) -> Step:
        item = self.item
        if item.status not in (OrderStatus.APPROVED, OrderStatus.CLOSED):
            return Step(_("Delivery"), "ahead", "")
        came = [line for line in self.receivable if line.received]
        if all(not line.outstanding for line in self.receivable):
            return Step(_("Delivery"), "done", _("everything has come in"))
        if item.status == OrderStatus.CLOSED:
            return Step(_("Delivery"), "ahead", _("in part") if came else _("nothing was booked in"))
        text = _("in part") if came else _("nothing has come in yet")
        return Step(_("Delivery"), "moving" if came else "waiting", text, current=True)

    @cached_property
    def sees_project(self) -> bool:
        """Somebody who was only asked to decide may not."""
        return Project.objects.visible_to(self.user).filter(pk=self.item.project_id).exists()

    @property
    def bills(self) -> list[Bill]:
        """The linked bills that this person sees."""
        seen = Bill.objects.visible_to(self.user).filter(order=self.item)
        return list(seen.order_by("-created_at", "-pk"))

    # --- What happened

    @property
    def entries(self) -> list[Entry]:
        return [self._entry(event) for event in selectors.order_events(self.item)]

    def _entry(self, event: OrderEvent) -> Entry:
        about: Any = event.about
        amount = amount_text(about.amount, self.currency) if event.kind == K.RELEASED else ""
        tone, icon, text = {
            K.CREATED: ("draft", "", _("started it")),
            K.SUBMITTED: ("moving", "send", _("submitted it")),
            K.ASKED: ("waiting", "", _("is asked now: it waited too long")),
            K.APPROVED: ("done", "", _("approved it")),
            K.REJECTED: ("refused", "", _("rejected it")),
            K.CANCELLED: ("refused", "", _("cancelled it") if event.person else _("Cancelled")),
            K.CLOSED: ("done", "lock", _("closed it") if event.person else _("Closed")),
            K.ATTACHED: ("", "paperclip", _("attached %s") % about.file.filename if event.kind == K.ATTACHED else ""),
            K.NOTE: ("", "comment", _("noted")),
            K.RELEASED: ("moving", "arrow-right", _("released %s") % amount),
            K.RECEIVED: (
                "moving",
                "receive",
                _("booked receipt %d") % about.number if event.kind == K.RECEIVED else "",
            ),
            K.BILLED: ("", "bills", _("entered the bill %s") % about.bill_number if event.kind == K.BILLED else ""),
            K.SENT: ("", "mail", _("Sent to the vendor")),
        }[event.kind]
        if event.kind == K.APPROVED and about.in_place_of:
            text = _("approved it in place of %s") % about.in_place_of.name
        if event.kind == K.REJECTED and about.in_place_of:
            text = _("rejected it in place of %s") % about.in_place_of.name
        return Entry(event.at, tone, text, event.person, event.comment, icon)
