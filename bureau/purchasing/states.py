"""The states of purchase requests, orders and bills, and their moves."""

from enum import StrEnum


class RequestStatus(StrEnum):
    DRAFT = "DRAFT"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    IN_REVIEW = "IN_REVIEW"
    FULLY_APPROVED = "FULLY_APPROVED"
    FINANCE_REVIEW = "FINANCE_REVIEW"
    COMPLETED = "COMPLETED"
    REJECTED = "REJECTED"
    RESUBMITTED = "RESUBMITTED"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").title()


S = RequestStatus
EDITABLE = frozenset({S.DRAFT, S.REJECTED, S.RESUBMITTED})
WAITING_FOR_APPROVAL = frozenset({S.PENDING_APPROVAL, S.IN_REVIEW})
WAITING_FOR_DECISION = WAITING_FOR_APPROVAL | {S.FINANCE_REVIEW}
FINANCE_INBOX = frozenset({S.FULLY_APPROVED, S.FINANCE_REVIEW})
ORDERABLE = FINANCE_INBOX | {S.COMPLETED}
"""Counts as approved where a request is to become an order (system.md, section 11)."""

REQUEST_MOVES: dict[tuple[str, str], str] = {
    (S.DRAFT, "edit"): S.DRAFT,
    (S.REJECTED, "edit"): S.RESUBMITTED,
    (S.RESUBMITTED, "edit"): S.RESUBMITTED,
    (S.DRAFT, "submit"): S.PENDING_APPROVAL,
    (S.REJECTED, "submit"): S.PENDING_APPROVAL,
    (S.RESUBMITTED, "submit"): S.PENDING_APPROVAL,
    (S.PENDING_APPROVAL, "approve"): S.IN_REVIEW,
    (S.IN_REVIEW, "approve"): S.IN_REVIEW,
    (S.PENDING_APPROVAL, "approve_fully"): S.FULLY_APPROVED,
    (S.IN_REVIEW, "approve_fully"): S.FULLY_APPROVED,
    (S.FULLY_APPROVED, "begin_finance_review"): S.FINANCE_REVIEW,
    (S.FULLY_APPROVED, "complete"): S.COMPLETED,
    (S.FINANCE_REVIEW, "complete"): S.COMPLETED,
    (S.PENDING_APPROVAL, "reject"): S.REJECTED,
    (S.IN_REVIEW, "reject"): S.REJECTED,
    (S.FINANCE_REVIEW, "reject"): S.REJECTED,
}

P2P_STATUSES: dict[str, frozenset[RequestStatus]] = {
    "pending": WAITING_FOR_APPROVAL | FINANCE_INBOX | {S.RESUBMITTED},
    "approved": frozenset({S.COMPLETED}),
    "rejected": frozenset({S.REJECTED}),
}
"""The coarse view of p2p; a DRAFT has none and does not show there."""


class OrderStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        return self.value.capitalize()


O = OrderStatus  # noqa: E741
ORDER_MOVES: dict[tuple[str, str], str] = {
    (O.DRAFT, "edit"): O.DRAFT,
    (O.DRAFT, "submit"): O.SUBMITTED,
    (O.SUBMITTED, "approve"): O.APPROVED,
    (O.SUBMITTED, "reject"): O.REJECTED,
    (O.DRAFT, "cancel"): O.CANCELLED,
    (O.SUBMITTED, "cancel"): O.CANCELLED,
    (O.APPROVED, "close"): O.CLOSED,
}


class BillStatus(StrEnum):
    OPEN = "open"
    MATCHED = "matched"
    EXCEPTION = "exception"
    APPROVED = "approved"
    PAID = "paid"

    @property
    def label(self) -> str:
        return self.value.capitalize()


B = BillStatus
BILL_MOVES: dict[tuple[str, str], str] = {
    **{(state, "edit"): B.OPEN for state in (B.OPEN, B.MATCHED, B.EXCEPTION)},
    **{(state, "match"): B.MATCHED for state in (B.OPEN, B.MATCHED, B.EXCEPTION)},
    **{(state, "match_with_exceptions"): B.EXCEPTION for state in (B.OPEN, B.MATCHED, B.EXCEPTION)},
    (B.MATCHED, "approve"): B.APPROVED,
    (B.EXCEPTION, "approve"): B.APPROVED,
    (B.APPROVED, "pay"): B.PAID,
}
