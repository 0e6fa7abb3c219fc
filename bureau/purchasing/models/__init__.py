from bureau.purchasing.models.approvals import Approval, ApprovalSlot, Decision, DecisionAction, SlotState
from bureau.purchasing.models.forms import AttachmentCategory, FieldType, FormField, FormTemplate
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
    "Decision",
    "DecisionAction",
    "FieldType",
    "FieldValue",
    "FormField",
    "FormTemplate",
    "PurchaseRequest",
    "PurchaseType",
    "RequestItem",
    "SlotState",
    "StepApprover",
    "WorkflowStep",
    "WorkflowTemplate",
    "finance_scopes",
    "sees_all_requests",
]
