"""Cases: opened with their documents and first step, worked on step by step, and closed."""

from bureau.cases.services.cases.closing import (
    CaseBilled,
    bulk_delete_cases,
    complete_paid_case,
    delete_case,
    force_close_case,
    reopen_case,
)
from bureau.cases.services.cases.opening import add_note, create_case, update_case
from bureau.cases.services.cases.stepping import DocumentsMissing, advance_workflow, set_step_status

__all__ = [
    "CaseBilled",
    "DocumentsMissing",
    "add_note",
    "advance_workflow",
    "bulk_delete_cases",
    "complete_paid_case",
    "create_case",
    "delete_case",
    "force_close_case",
    "reopen_case",
    "set_step_status",
    "update_case",
]
