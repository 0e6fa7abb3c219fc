"""Entering bills, changing them while nobody has approved them, and their files."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bureau.core import audit, files
from bureau.core.files import Upload
from bureau.core.models import Organization, StoredFile, User
from bureau.kit.errors import Conflict, Invalid, NotFound
from bureau.parties.models import AccountState, Vendor
from bureau.parties.selectors.vendors import confirmed_account
from bureau.purchasing.models import Bill, PurchaseOrder
from bureau.purchasing.permissions import bills as permissions
from bureau.purchasing.services.bills.content import (
    FIELDS,
    BillLineInput,
    check_dates,
    check_order,
    check_vendor,
    described,
    read_lines,
    read_number,
    set_totals,
    write_lines,
)
from bureau.purchasing.services.bills.editing import locked, move, require_state
from bureau.purchasing.services.content import Errors

EXTENSIONS = frozenset({"pdf", "png", "jpg", "jpeg"})
MAX_BYTES = 20 * 1024 * 1024


class BillSeenBefore(Conflict):
    """The same number of the same vendor, or the same file, was entered before."""

    code = "BILL_SEEN_BEFORE"


def enter_bill(
    *,
    actor: User,
    vendor: Vendor,
    bill_number: str,
    bill_date: date,
    due_date: date | None = None,
    order: PurchaseOrder | None = None,
    lines: Sequence[BillLineInput],
    upload: Upload | None = None,
    now: datetime,
) -> Bill:
    """Enters a vendor's bill, open. Its amounts follow from its lines.

    Raises Forbidden, Invalid (by the API's names: purchase_order, lines.0.quantity), BillSeenBefore; of the file
    Invalid, TooLarge, VirusDetected.
    """
    organization = vendor.organization
    permissions.can_write_bills(actor, organization).enforce()
    errors: Errors = defaultdict(list)
    number = read_number(bill_number, errors)
    check_dates(bill_date, due_date, errors)
    check_vendor(vendor, organization, errors)
    check_order(vendor, order, errors)
    rows = read_lines(organization, order, lines, errors)
    if errors:
        raise Invalid(fields=errors)
    bill = Bill(
        organization=organization,
        vendor=vendor,
        order=order,
        bill_date=bill_date,
        due_date=due_date,
        created_by=actor,
        created_at=now,
        updated_at=now,
        **number,
    )
    _refuse_same_number(bill)
    bill.file = _stored(upload, actor=actor, now=now) if upload else None
    with transaction.atomic():
        if bill.file is not None:
            _one_at_a_time(bill)
            _refuse_same_file(bill, bill.file)
        _set_account(bill)
        set_totals(bill, rows)
        _save(bill)
        write_lines(bill, rows)
        audit.record(bill, "created", actor=actor, now=now, new=described(bill, rows))
    return bill


def update_bill(
    *,
    actor: User,
    bill: Bill,
    changes: Mapping[str, Any],
    lines: Sequence[BillLineInput] | None = None,
    now: datetime,
) -> Bill:
    """Changes what is given of a bill that is not approved (names of FIELDS); `lines` replaces all. It is open again.

    Lines that stay while the order changes are about no line of an order any more.
    Raises Forbidden, WrongState, Invalid, BillSeenBefore.
    """
    with transaction.atomic():
        bill = locked(bill)
        permissions.can_write_bills(actor, bill.organization).enforce()
        require_state(bill, "edit")
        old_lines = list(bill.lines.all())
        before, vendor, order = described(bill, old_lines), bill.vendor_id, bill.order_id
        errors: Errors = defaultdict(list)
        values = {name: value for name, value in changes.items() if name in FIELDS}
        if "bill_number" in values:
            values |= read_number(values["bill_number"], errors)
        for name, value in values.items():
            setattr(bill, name, value)
        check_dates(bill.bill_date, bill.due_date, errors)
        if bill.vendor_id != vendor:
            check_vendor(bill.vendor, bill.organization, errors)
        check_order(bill.vendor, bill.order, errors)
        rows = old_lines if lines is None else read_lines(bill.organization, bill.order, lines, errors)
        if errors:
            raise Invalid(fields=errors)
        _refuse_same_number(bill)
        if bill.vendor_id != vendor:
            _set_account(bill)
        if lines is None and bill.order_id != order:
            bill.lines.update(order_line=None)
            rows = list(bill.lines.all())
        move(bill, "edit", of="edit")
        bill.exceptions, bill.matched_at, bill.changed_by, bill.updated_at = [], None, actor, now
        set_totals(bill, rows)
        _save(bill)
        if lines is not None:
            bill.lines.all().delete()
            write_lines(bill, rows)
        after = described(bill, rows)
        audit.record_update(bill, actor=actor, now=now, before=before, after=after)
    return bill


def delete_bill(*, actor: User, bill: Bill, now: datetime) -> None:
    """Deletes a bill that is not approved; it can be entered again. Raises Forbidden, WrongState."""
    with transaction.atomic():
        bill = locked(bill)
        permissions.can_write_bills(actor, bill.organization).enforce()
        require_state(bill, "delete")
        audit.record(bill, "deleted", actor=actor, now=now, old=described(bill, bill.lines.all()))
        bill.delete()


def attach_file(
    *, actor: User, bill: Bill, upload: IO[bytes], filename: str, declared_type: str | None = None, now: datetime
) -> Bill:
    """Keeps the bill as it came in, in place of an earlier file: PDF, PNG or JPEG.

    Raises Forbidden, WrongState, BillSeenBefore, Invalid, TooLarge, VirusDetected.
    """
    permissions.can_write_bills(actor, bill.organization).enforce()
    require_state(bill, "attach")
    stored = _stored(Upload(upload, filename, declared_type), actor=actor, now=now)
    with transaction.atomic():
        _one_at_a_time(bill)
        bill = locked(bill)
        permissions.can_write_bills(actor, bill.organization).enforce()
        require_state(bill, "attach")
        _refuse_same_file(bill, stored)
        old = bill.file
        bill.file, bill.updated_at = stored, now
        bill.save(update_fields=["file", "updated_at"])
        audit.record(
            bill,
            "file_added",
            actor=actor,
            now=now,
            old={"sha256": old.sha256} if old else None,
            new={"filename": stored.filename, "sha256": stored.sha256},
        )
    return bill


def open_file(*, actor: User, bill: Bill, now: datetime) -> IO[bytes]:
    """The content of the bill's file, for a download by somebody who sees the bill; the download is audited.

    Raises NotFound, and Locked (code SCAN_PENDING while the scan runs) for a file that must not leave.
    """
    if bill.file is None or not Bill.objects.visible_to(actor).filter(pk=bill.pk).exists():
        raise NotFound(_("Not found."))
    content = files.open_clean(bill.file)
    with transaction.atomic():
        told = {"filename": bill.file.filename, "sha256": bill.file.sha256}
        audit.record(bill, "downloaded", actor=actor, now=now, new=told)
    return content


def _stored(upload: Upload, *, actor: User, now: datetime) -> StoredFile:
    return files.store(
        upload,
        allowed=EXTENSIONS,
        max_bytes=MAX_BYTES,
        uploader=actor,
        now=now,
    )


def _save(bill: Bill) -> None:
    """Raises BillSeenBefore where somebody was quicker with the same number."""
    try:
        with transaction.atomic():
            bill.save()
    except IntegrityError:
        _refuse_same_number(bill)
        raise


def _refuse_same_number(bill: Bill) -> None:
    others = Bill.objects.filter(vendor=bill.vendor, number_key=bill.number_key).exclude(pk=bill.pk)
    _refuse(others.first(), "bill_number")


def _one_at_a_time(bill: Bill) -> None:
    """Lets the files of an organization's bills come one after the other: no constraint sees the same file twice."""
    Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=bill.organization_id)


def _refuse_same_file(bill: Bill, file: StoredFile) -> None:
    others = Bill.objects.filter(organization=bill.organization_id, file__sha256=file.sha256).exclude(pk=bill.pk)
    _refuse(others.first(), "file")


def _refuse(seen: Bill | None, field: str) -> None:
    if seen is None:
        return
    said = (
        _("This bill is here already: %(number)s of %(vendor)s, entered on %(date)s, “%(status)s”.")
        if field == "bill_number"
        else _("This file is here already: it is bill %(number)s of %(vendor)s, entered on %(date)s, “%(status)s”.")
    )
    message = said % {
        "number": seen.bill_number,
        "vendor": str(seen.vendor),
        "date": seen.created_at.date().isoformat(),
        "status": seen.get_status_display(),
    }
    raise BillSeenBefore(message, fields={field: [message]})


def _set_account(bill: Bill) -> None:
    """Where the vendor is paid now, and whether this is the first bill since that was changed."""
    account = confirmed_account(bill.vendor)
    superseded = bill.vendor.bank_accounts.filter(state=AccountState.SUPERSEDED)
    earlier = Bill.objects.filter(vendor=bill.vendor, bank_account=account).exclude(pk=bill.pk)
    bill.bank_account = account
    bill.account_changed = account is not None and superseded.exists() and not earlier.exists()
