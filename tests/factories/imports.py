"""Imports of files, driven as their jobs drive them."""

import io

from django.utils import timezone

from bureau.core import jobs
from bureau.core.files import Upload
from bureau.core.models import User
from bureau.imports.models import Import
from bureau.imports.services import check_import, run_import, upload_import


def upload(actor: User, text: str | bytes, *, kind: str = "customers", filename: str = "list.csv") -> Import:
    content = text.encode() if isinstance(text, str) else text
    given = Upload(io.BytesIO(content), filename)
    return upload_import(actor=actor, kind=kind, upload=given, now=timezone.now())


def check(actor: User, imported: Import) -> Import:
    return driven(check_import(actor=actor, imported=imported, now=timezone.now()))


def take_over(actor: User, imported: Import) -> Import:
    return driven(run_import(actor=actor, imported=imported, now=timezone.now()))


def driven(imported: Import) -> Import:
    """With its job run to the end."""
    jobs.run(imported.job.pk)
    imported.refresh_from_db()
    return imported


def imported(actor: User, text: str | bytes, **options) -> Import:
    """Uploaded, checked and taken over."""
    return take_over(actor, check(actor, upload(actor, text, **options)))
