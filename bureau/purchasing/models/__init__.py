from bureau.purchasing.models.approvals import Approval, ApprovalSlot, Decision, DecisionAction, SlotState
from bureau.purchasing.models.bills import Bill, BillLine
from bureau.purchasing.models.forms import AttachmentCategory, FieldType, FormField, FormTemplate
from bureau.purchasing.models.ledger import EntryKind, LedgerEntry
from bureau.purchasing.models.orders import (
    Delegation,
    LineCategory,
    OrderFile,
    OrderLine,
    OrderNote,
    OrderRelease,
    OrderType,
    PurchaseOrder,
)
from bureau.purchasing.models.projects import CostCode, Project, ProjectMember, ProjectStatus
from bureau.purchasing.models.receipts import GoodsReceipt, ReceiptLine
from bureau.purchasing.models.requests import (
    Attachment,
    FieldValue,
    PurchaseRequest,
    PurchaseType,
    RequestItem,
    finance_scopes,
    sees_all_requests,
)
from bureau.purchasing.models.workflows import StepApprover, WorkflowStep, WorkflowTemplate

__all__ = [
    "Approval",
    "ApprovalSlot",
    "Attachment",
    "AttachmentCategory",
    "Bill",
    "BillLine",
    "CostCode",
    "Decision",
    "DecisionAction",
    "Delegation",
    "EntryKind",
    "FieldType",
    "FieldValue",
    "FormField",
    "FormTemplate",
    "GoodsReceipt",
    "LedgerEntry",
    "LineCategory",
    "OrderFile",
    "OrderLine",
    "OrderNote",
    "OrderRelease",
    "OrderType",
    "Project",
    "ProjectMember",
    "ProjectStatus",
    "PurchaseOrder",
    "PurchaseRequest",
    "PurchaseType",
    "ReceiptLine",
    "RequestItem",
    "SlotState",
    "StepApprover",
    "WorkflowStep",
    "WorkflowTemplate",
    "finance_scopes",
    "sees_all_requests",
]
