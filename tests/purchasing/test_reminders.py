"""Orders that wait too long."""

from datetime import timedelta

import pytest

from bureau.core.models import AuditEntry, Job
from bureau.purchasing.models import ApprovalSlot
from bureau.purchasing.reminders import remind
from bureau.purchasing.selectors import orders as selectors
from tests.factories.orders import NOW, approve, make_order, make_site, submit

pytestmark = pytest.mark.django_db


def told() -> list[str]:
    return [job.payload["about"] for job in Job.objects.filter(kind="tell_about_order").order_by("created_at", "pk")]


def test_who_is_asked_is_reminded_once():
    order = submit(make_order(make_site()))
    assert remind(now=NOW + timedelta(days=1, hours=23)) == {"reminded": 0, "escalated": 0}
    assert remind(now=NOW + timedelta(days=2)) == {"reminded": 1, "escalated": 0}
    assert remind(now=NOW + timedelta(days=3)) == {"reminded": 0, "escalated": 0}
    assert told() == ["turn", "reminder"]
    assert AuditEntry.objects.filter(entity_id=str(order.pk), action="reminded").count() == 1


def test_order_that_waits_too_long_goes_to_the_next_person():
    site = make_site()
    order = submit(make_order(site))
    assert remind(now=NOW + timedelta(days=5))["escalated"] == 1
    first, second = selectors.approval_history(order)
    assert (selectors.slot_status(first), first.user) == ("superseded", site.superintendent)
    assert (selectors.slot_status(second), second.user) == ("pending", site.pm)
    assert remind(now=NOW + timedelta(days=6)) == {"reminded": 0, "escalated": 0}
    assert remind(now=NOW + timedelta(days=10))["escalated"] == 1
    assert ApprovalSlot.objects.waiting().get(order=order).user == site.admin
    assert remind(now=NOW + timedelta(days=20)) == {"reminded": 1, "escalated": 0}  # there is nobody after the admin
    entry = AuditEntry.objects.filter(action="escalated").earliest("position")
    assert (entry.old_values, entry.new_values) == ({"approver": site.superintendent.pk}, {"approver": site.pm.pk})


def test_waiting_times_are_the_organizations_own():
    site = make_site()
    site.organization.reminder_days, site.organization.escalation_days = 1, 3
    site.organization.save()
    submit(make_order(site))
    assert remind(now=NOW + timedelta(days=1))["reminded"] == 1
    assert remind(now=NOW + timedelta(days=3))["escalated"] == 1


def test_decided_orders_are_left_alone():
    site = make_site()
    approve(site.pm, submit(make_order(site)))
    assert remind(now=NOW + timedelta(days=30)) == {"reminded": 0, "escalated": 0}


def test_who_was_asked_first_may_still_decide_after_the_escalation():
    site = make_site()
    order = submit(make_order(site))
    remind(now=NOW + timedelta(days=5))
    assert approve(site.superintendent, order).approved_by == site.superintendent
