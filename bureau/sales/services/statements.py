"""A statement leaves the house."""

from datetime import datetime

from django.db import transaction

from bureau.core import audit
from bureau.core.models import User
from bureau.sales.rendering.statements import statement_filename, statement_pdf
from bureau.sales.selectors.statements import Statement


def read_statement_pdf(*, actor: User, statement: Statement, now: datetime) -> bytes:
    """The statement's PDF for somebody who sees the customer; the download is audited at the customer."""
    content = statement_pdf(statement, now=now)
    with transaction.atomic():
        new = {
            "filename": statement_filename(statement),
            "date_from": statement.date_from,
            "date_to": statement.date_to,
        }
        audit.record(statement.customer, "downloaded", actor=actor, now=now, new=new)
    return content
