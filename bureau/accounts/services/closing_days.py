"""The days on which an organization does not work, beside weekends and public holidays. Due dates skip them."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts import permissions
from bureau.accounts.permissions import System
from bureau.accounts.services.validation import set_fields
from bureau.core import audit
from bureau.core.models import ClosingDay, Organization, User
from bureau.kit.errors import Conflict, Invalid, NotFound
from bureau.kit.workdays import Workdays

LONGEST = 60
"""Days that are added at once."""


def add_closing_day(
    *,
    actor: User | System,
    organization: Organization,
    date: date,
    until: date | None = None,
    name: str = "",
    now: datetime,
) -> list[ClosingDay]:
    """Adds a day, or each day from `date` to `until` on which it would work else. Steps that are open already
    keep their due date.

    Raises Forbidden, Invalid, Conflict (there is nothing to add).
    """
    permissions.can_administer(actor, organization).enforce()
    last = until or date
    errors = set_fields(ClosingDay(), {"name": name})
    if not 0 <= (last - date).days < LONGEST:
        errors["until"] = [_("End on the first day or later, at most %(count)d days in all.") % {"count": LONGEST}]
    if errors:
        raise Invalid(fields=errors)
    with transaction.atomic():
        Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization.pk)
        there = organization.closing_days.filter(date__range=(date, last)).values_list("date", flat=True)
        wanted = [date] if last == date else _worked(organization.country, date, last)
        new = sorted(set(wanted) - set(there))
        if not new:
            raise Conflict(fields={"date": [_("There is nothing to add: the organization does not work then.")]})
        added = [ClosingDay(organization=organization, date=day, name=name.strip()) for day in new]
        for closing_day in added:
            closing_day.save(force_insert=True)
        for closing_day in added:
            audit.record(closing_day, "created", actor=_recorded(actor), now=now, new=_values(closing_day))
    return added


def remove_closing_day(*, actor: User | System, closing_day: ClosingDay, now: datetime) -> None:
    """The organization works on it after all. Open steps keep their due date. Raises Forbidden, NotFound."""
    permissions.can_administer(actor, closing_day.organization).enforce()
    with transaction.atomic():
        found = ClosingDay.objects.select_for_update().filter(pk=closing_day.pk).first()
        if found is None:
            raise NotFound(_("This closing day was removed already."))
        audit.record(found, "deleted", actor=_recorded(actor), now=now, old=_values(found))
        found.delete()


def _worked(country: str, first: date, last: date) -> list[date]:
    calendar = Workdays(country)
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in span if calendar.works(day)]


def _values(closing_day: ClosingDay) -> dict[str, object]:
    return {"date": closing_day.date, "name": closing_day.name}


def _recorded(actor: User | System) -> User | None:
    return actor if isinstance(actor, User) else None
