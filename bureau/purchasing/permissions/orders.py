"""Who may do what to a purchase order, whatever its state; and why an action is not there in its state."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.accounts.permissions import has_code
from bureau.core.models import User, UserRole
from bureau.kit.money import ZERO, shown
from bureau.kit.permissions import ALLOWED, Decision, denied
from bureau.purchasing.models import Delegation, OrderFile, OrderType, PurchaseOrder
from bureau.purchasing.states import OrderStatus

S = OrderStatus
UNLIMITED = Decimal("Infinity")
STATES_OF = {
    "edit": frozenset({S.DRAFT}),
    "delete": frozenset({S.DRAFT}),
    "submit": frozenset({S.DRAFT}),
    "approve": frozenset({S.SUBMITTED}),
    "reject": frozenset({S.SUBMITTED}),
    "cancel": frozenset({S.DRAFT, S.SUBMITTED}),
    "close": frozenset({S.APPROVED}),
    "attach": frozenset({S.DRAFT, S.SUBMITTED, S.APPROVED, S.CLOSED}),
    "note": frozenset(S),
    "release": frozenset({S.APPROVED}),
    "receive": frozenset({S.APPROVED}),
    "send": frozenset({S.APPROVED}),
}
"""The states in which each action of a person can be done (system.md, section 4)."""

WRONG_STATE = {
    "edit": gettext_lazy("Only a draft can be changed; this order is “%(status)s”."),
    "delete": gettext_lazy("Only a draft can be deleted; this order is “%(status)s”."),
    "submit": gettext_lazy("Only a draft can be submitted; this order is “%(status)s”."),
    "approve": gettext_lazy("Only a submitted order can be approved; this one is “%(status)s”."),
    "reject": gettext_lazy("Only a submitted order can be rejected; this one is “%(status)s”."),
    "cancel": gettext_lazy("Only a draft or a submitted order can be cancelled; this one is “%(status)s”."),
    "close": gettext_lazy("Only an approved order can be closed; this one is “%(status)s”."),
    "attach": gettext_lazy("Files cannot be added while the order is “%(status)s”."),
    "release": gettext_lazy("Only an approved rolling order takes releases; this one is “%(status)s”."),
    "receive": gettext_lazy("Goods are received on an approved order; this one is “%(status)s”."),
    "send": gettext_lazy("Only an approved order is sent to the vendor; this one is “%(status)s”."),
}


def wrong_state(order: PurchaseOrder, action: str) -> str:
    """The sentence for an action that this order's state does not have."""
    return str(WRONG_STATE[action]) % {"status": OrderStatus(order.status).label}


def limit_of(user: User) -> Decimal:
    """Up to which amount the person may approve; administrators without a limit: UNLIMITED."""
    if user.authorization_limit is not None:
        return user.authorization_limit
    return UNLIMITED if user.administers else ZERO


@dataclass(frozen=True, slots=True)
class Authority:
    """Whether a person may decide on an order, and in whose place where not by their own right."""

    answer: Decision
    in_place_of: User | None = None


def can_create_order(user: User) -> Decision:
    return _holds(user, "po:create", _("Your role does not create purchase orders."))


def can_edit_order(user: User, order: PurchaseOrder) -> Decision:
    """To change or delete the draft."""
    if order.created_by_id == user.pk:
        return ALLOWED
    return denied(_("Only the person who made the order can change it."))


def can_submit_order(user: User, order: PurchaseOrder) -> Decision:
    return can_edit_order(user, order) and _holds(user, "po:submit", _("Your role does not submit purchase orders."))


def authority(user: User, order: PurchaseOrder, delegations: Iterable[Delegation]) -> Authority:
    """Deciding takes `po:approve`, a limit of at least the amount, and not being the creator (system.md, section 4).

    `delegations` are those that this person holds today: each lends the right of its giver, up to the lower of both
    limits.
    """
    if user.pk in (order.created_by_id, order.submitted_by_id):
        return Authority(denied(_("Nobody decides on their own order.")))
    limit = limit_of(user)
    if has_code(user, "po:approve") and limit >= order.amount:
        return Authority(ALLOWED)
    for delegation in delegations:
        giver = delegation.delegator
        if giver.pk in (order.created_by_id, order.submitted_by_id) or not has_code(giver, "po:approve"):
            continue
        if min(limit, limit_of(giver)) >= order.amount:
            return Authority(ALLOWED, giver)
    if has_code(user, "po:approve") or delegations:
        return Authority(
            denied(_("Your limit of %(limit)s is below the amount of this order.") % {"limit": shown(limit)})
        )
    return Authority(denied(_("Your role does not approve purchase orders.")))


def can_cancel_order(user: User, order: PurchaseOrder) -> Decision:
    """Also to close it."""
    if order.created_by_id == user.pk or has_code(user, "po:cancel"):
        return ALLOWED
    return denied(_("Only the person who made the order, or a project manager, can cancel or close it."))


def can_add_to_order(user: User, order: PurchaseOrder) -> Decision:
    """Notes and files: whoever sees the order and may upload files, or works in the office."""
    if has_code(user, "file:upload") or user.role == UserRole.STAFF:
        return ALLOWED
    return denied(_("Your role does not add to purchase orders."))


def can_remove_file(user: User, file: OrderFile) -> Decision:
    """Who added it, or the order's creator; but never what an approver has seen."""
    order = file.order
    if user.pk not in (file.file.uploader_id, order.created_by_id):
        return denied(_("Only the person who added a file, or who made the order, can remove it."))
    seen = order.status != S.DRAFT and order.submitted_at is not None and file.created_at <= order.submitted_at
    if seen or (order.approved_at is not None and file.created_at <= order.approved_at) or order.status == S.CLOSED:
        return denied(_("This file was there when the order was decided on, and stays with it."))
    return ALLOWED


def can_release(user: User, order: PurchaseOrder) -> Decision:
    if order.type != OrderType.ROLLING:
        return denied(_("Only a rolling order takes releases."))
    return _holds(user, "po:create", _("Your role does not release orders."))


def can_receive(user: User, order: PurchaseOrder) -> Decision:
    """Whoever sees the order and works on a site or in the office."""
    return can_add_to_order(user, order)


def can_send_order(user: User, order: PurchaseOrder) -> Decision:
    if order.created_by_id == user.pk or has_code(user, "po:approve"):
        return ALLOWED
    return denied(_("Only the person who made the order, or who approves orders, can send it."))


def _holds(user: User, code: str, reason: str) -> Decision:
    return ALLOWED if has_code(user, code) else denied(reason)
