from bureau.purchasing.services.orders.additions import (
    CeilingExceeded,
    NotRolling,
    add_note,
    attach_file,
    open_file,
    release,
    remove_file,
)
from bureau.purchasing.services.orders.content import LineInput
from bureau.purchasing.services.orders.deciding import (
    BudgetExceeded,
    NoApprover,
    approve_order,
    escalate,
    reject_order,
    submit_order,
)
from bureau.purchasing.services.orders.drafts import create_order, delete_order, update_order
from bureau.purchasing.services.orders.ending import ReceiptMissing, cancel_order, close_order

__all__ = [
    "BudgetExceeded",
    "CeilingExceeded",
    "LineInput",
    "NoApprover",
    "NotRolling",
    "ReceiptMissing",
    "add_note",
    "approve_order",
    "attach_file",
    "cancel_order",
    "close_order",
    "create_order",
    "delete_order",
    "escalate",
    "open_file",
    "reject_order",
    "release",
    "remove_file",
    "submit_order",
    "update_order",
]
