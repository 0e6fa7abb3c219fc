"""Nightly work."""

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.utils import timezone

from bureau.accounts.models import RefreshFamily
from bureau.core.jobs import Run, job_handler
from bureau.core.models import IdempotencyKey

IDEMPOTENCY_KEPT = timedelta(days=1)


@job_handler("clean_up_accounts", every=timedelta(days=1))
def clean_up_accounts(run: Run) -> dict[str, Any]:
    """Deletes what has run out: sign-ins, sessions, and answers kept for repeated requests."""
    now = timezone.now()
    with run.completing() as result:
        result["refresh_families"] = RefreshFamily.objects.filter(expires_at__lt=now).delete()[0]
        result["sessions"] = Session.objects.filter(expire_date__lt=now).delete()[0]
        result["idempotency_keys"] = IdempotencyKey.objects.filter(created_at__lt=now - IDEMPOTENCY_KEPT).delete()[0]
    return {}
