"""What is added to an order later: notes, releases, files."""

from datetime import datetime
from decimal import Decimal
from typing import IO

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.core import audit, files
from bureau.core.files import Upload
from bureau.core.models import User
from bureau.kit.errors import BusinessRule, Invalid, NotFound, TooLarge
from bureau.kit.money import shown
from bureau.kit.pricing import MAX_AMOUNT, decimal_places
from bureau.purchasing.models import OrderFile, OrderNote, OrderRelease, OrderType, PurchaseOrder
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.services.orders.editing import locked, require_state

EXTENSIONS = frozenset({"pdf", "docx", "xlsx", "png", "jpg", "jpeg"})
MAX_BYTES = 20 * 1024 * 1024
MAX_FILES = 10
MAX_BYTES_IN_ALL = 50 * 1024 * 1024
LONGEST_NOTE = 5000


class CeilingExceeded(BusinessRule):
    """A release would draw a rolling order past its ceiling."""

    code = "CEILING_EXCEEDED"


class NotRolling(BusinessRule):
    """A release of an order that is no rolling one."""

    code = "NOT_ROLLING"


def release(*, actor: User, order: PurchaseOrder, amount: Decimal, note: str = "", now: datetime) -> OrderRelease:
    """Calls off a part of an approved rolling order. All releases together never pass the ceiling.

    Raises Forbidden, WrongState, NotRolling, Invalid (the amount), CeilingExceeded.
    """
    note = clean_text("note", note, longest=500)
    if not amount.is_finite() or not 0 < amount < MAX_AMOUNT or decimal_places(amount) > 2:
        raise Invalid.field("amount", _("Give an amount above 0, with at most 2 decimals."))
    with transaction.atomic():
        order = locked(order)
        if order.type != OrderType.ROLLING or order.ceiling_amount is None:
            raise NotRolling(_("Only a rolling order takes releases."))
        permissions.can_release(actor, order).enforce()
        require_state(order, "release")
        left = order.ceiling_amount - order.released_amount
        if amount > left:
            raise CeilingExceeded(
                _("Only %(left)s is left below the ceiling of %(ceiling)s.")
                % {"left": shown(left), "ceiling": shown(order.ceiling_amount)}
            )
        made = OrderRelease.objects.create(order=order, amount=amount, note=note, released_by=actor, created_at=now)
        released = order.released_amount + amount
        PurchaseOrder.objects.filter(pk=order.pk).update(released_amount=released, updated_at=now)
        audit.record(
            order,
            "released",
            actor=actor,
            now=now,
            old={"released_amount": order.released_amount},
            new={"released_amount": released, "amount": amount, "note": note},
        )
    return made


def add_note(*, actor: User, order: PurchaseOrder, text: str, now: datetime) -> OrderNote:
    """Adds a note, in any state. Raises Forbidden, Invalid."""
    text = clean_text("text", text, longest=LONGEST_NOTE)
    if not text:
        raise Invalid.field("text", _("Write something."))
    with transaction.atomic():
        order = locked(order)
        permissions.can_add_to_order(actor, order).enforce()
        note = OrderNote.objects.create(order=order, author=actor, text=text, created_at=now)
        audit.record(order, "note_added", actor=actor, now=now, new={"text": text})
    return note


def attach_file(
    *,
    actor: User,
    order: PurchaseOrder,
    upload: IO[bytes],
    filename: str,
    declared_type: str | None = None,
    now: datetime,
) -> OrderFile:
    """Adds a file, judged and scanned before the order is locked: nobody should wait for that.

    Raises Forbidden, WrongState, Invalid (wrong type, empty), TooLarge (the file, too many files, or all together),
    VirusDetected.
    """
    permissions.can_add_to_order(actor, order).enforce()
    require_state(order, "attach")
    _check_room(order)
    stored = files.store(
        Upload(upload, filename, declared_type),
        allowed=EXTENSIONS,
        max_bytes=MAX_BYTES,
        uploader=actor,
        now=now,
    )
    with transaction.atomic():
        order = locked(order)
        require_state(order, "attach")
        _check_room(order, stored.size)
        file = OrderFile.objects.create(order=order, file=stored, created_at=now)
        audit.record(order, "file_added", actor=actor, now=now, new=described_file(file))
    return file


def _check_room(order: PurchaseOrder, added: int = 0) -> None:
    if order.files.count() >= MAX_FILES:
        raise TooLarge(_("An order takes at most %(count)d files.") % {"count": MAX_FILES})
    size = order.files.aggregate(size=Sum("file__size"))["size"] or 0
    if size + added > MAX_BYTES_IN_ALL:
        raise TooLarge(_("The files of an order take at most %(count)d MB.") % {"count": MAX_BYTES_IN_ALL >> 20})


def open_file(*, actor: User, file: OrderFile, now: datetime) -> IO[bytes]:
    """The content, for a download by somebody who sees the order; the download is audited.

    Raises NotFound, and Locked (code SCAN_PENDING while the scan runs) for a file that must not leave.
    """
    if not PurchaseOrder.objects.visible_to(actor).filter(pk=file.order_id).exists():
        raise NotFound
    content = files.open_clean(file.file)
    with transaction.atomic():
        audit.record(file.order, "downloaded", actor=actor, now=now, new=described_file(file))
    return content


def remove_file(*, actor: User, file: OrderFile, now: datetime) -> None:
    """Takes a file off the order again. Raises Forbidden (what was decided on stays), NotFound (gone already)."""
    with transaction.atomic():
        order = locked(file.order)
        found = OrderFile.objects.select_related("file").filter(pk=file.pk).first()
        if found is None:
            raise NotFound(_("The file was removed already."))
        found.order = order
        permissions.can_remove_file(actor, found).enforce()
        gone = described_file(found)
        found.delete()
        audit.record(order, "file_removed", actor=actor, now=now, old=gone)


def described_file(file: OrderFile) -> dict[str, object]:
    """What the audit log keeps of a file: enough to know it again."""
    return {"file": file.pk, "filename": file.file.filename, "sha256": file.file.sha256}
