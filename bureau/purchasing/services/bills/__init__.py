from bureau.purchasing.services.bills.content import BillLineInput
from bureau.purchasing.services.bills.deciding import approve_bill, match_bill, pay_bill
from bureau.purchasing.services.bills.entering import (
    BillSeenBefore,
    attach_file,
    delete_bill,
    enter_bill,
    open_file,
    update_bill,
)

__all__ = [
    "BillLineInput",
    "BillSeenBefore",
    "approve_bill",
    "attach_file",
    "delete_bill",
    "enter_bill",
    "match_bill",
    "open_file",
    "pay_bill",
    "update_bill",
]
