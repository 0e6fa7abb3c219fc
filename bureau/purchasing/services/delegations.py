"""Deciding in another's place for some days."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.accounts.permissions import has_code
from bureau.core import audit
from bureau.core.models import User
from bureau.kit.errors import Conflict, Forbidden, Invalid
from bureau.purchasing.models import Delegation

LONGEST = timedelta(days=366)


def create_delegation(
    *, actor: User, delegator: User, delegate: User, start_date: date, end_date: date, now: datetime
) -> Delegation:
    """Lets `delegate` decide on orders in the delegator's place, both days included, up to the lower of both limits.

    One's own, or an administrator's for somebody else. Raises Forbidden, Invalid, and Conflict where the delegator has
    delegated for some of these days already.
    """
    _check_may(actor, delegator)
    if not has_code(delegator, "po:approve"):
        raise Invalid.field("delegate", _("Only who approves orders has something to delegate."))
    if delegate.pk == delegator.pk or delegate.organization_id != delegator.organization_id or not delegate.is_active:
        raise Invalid.field("delegate", _("Choose an active colleague."))
    if end_date < start_date:
        raise Invalid.field("end_date", _("The last day is not before the first."))
    if end_date < timezone.localdate(now):
        raise Invalid.field("end_date", _("The last day has passed already."))
    if end_date - start_date > LONGEST:
        raise Invalid.field("end_date", _("A year at most."))
    with transaction.atomic():
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=delegator.pk)
        overlapping = Delegation.objects.filter(
            delegator=delegator, ended_at=None, start_date__lte=end_date, end_date__gte=start_date
        )
        if overlapping.exists():
            raise Conflict(_("There is a delegation for some of these days already: end it first."))
        delegation = Delegation.objects.create(
            organization=delegator.organization,
            delegator=delegator,
            delegate=delegate,
            start_date=start_date,
            end_date=end_date,
            created_by=actor,
            created_at=now,
        )
        audit.record(delegation, "created", actor=actor, now=now, new=_described(delegation))
    return delegation


def end_delegation(*, actor: User, delegation: Delegation, now: datetime) -> Delegation:
    """Takes it back at once; ending it twice changes nothing. Raises Forbidden."""
    _check_may(actor, delegation.delegator)
    with transaction.atomic():
        if Delegation.objects.filter(pk=delegation.pk, ended_at=None).update(ended_at=now):
            delegation.ended_at = now
            audit.record(delegation, "ended", actor=actor, now=now, old=_described(delegation), new={"ended_at": now})
    return delegation


def _check_may(actor: User, delegator: User) -> None:
    if actor.pk == delegator.pk:
        return
    if actor.is_superuser or (actor.administers and actor.organization_id == delegator.organization_id):
        return
    raise Forbidden(_("You can only delegate your own decisions."))


def _described(delegation: Delegation) -> dict[str, object]:
    return {
        "delegator": delegation.delegator_id,
        "delegate": delegation.delegate_id,
        "start_date": delegation.start_date,
        "end_date": delegation.end_date,
    }
