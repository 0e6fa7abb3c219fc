from bureau.core.models.audit import AuditEntry, AuditHead
from bureau.core.models.closing_days import ClosingDay
from bureau.core.models.files import ScanState, StoredFile
from bureau.core.models.idempotency import IdempotencyKey
from bureau.core.models.jobs import Job, JobEvent, JobState
from bureau.core.models.organizations import Organization
from bureau.core.models.payments import PaymentMethod
from bureau.core.models.taxes import TaxCategory, TaxCode
from bureau.core.models.users import ADMINISTRATORS, ORGANIZATION_WIDE, User, UserRole, full_name

__all__ = [
    "ADMINISTRATORS",
    "ORGANIZATION_WIDE",
    "AuditEntry",
    "AuditHead",
    "ClosingDay",
    "IdempotencyKey",
    "Job",
    "JobEvent",
    "JobState",
    "Organization",
    "PaymentMethod",
    "ScanState",
    "StoredFile",
    "TaxCategory",
    "TaxCode",
    "User",
    "UserRole",
    "full_name",
]
