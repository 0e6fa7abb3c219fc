"""The e-mails about an order: to whom, when, once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bureau.core import jobs
from bureau.core.models import Job, User
from bureau.purchasing.models import ApprovalSlot, PurchaseOrder
from bureau.purchasing.notifications import orders as notifications
from bureau.purchasing.services import orders
from bureau.purchasing.services.delegations import create_delegation
from tests.factories.accounts import make_user
from tests.factories.orders import NOW, Site, approve, make_order, make_site, submit

pytestmark = pytest.mark.django_db


def written() -> list[Job]:
    """The mails since the last look, when every telling has run, twice."""
    Job.objects.filter(kind="send_mail").delete()
    for job in Job.objects.filter(kind="tell_about_order"):
        jobs.run(job.pk)
        Job.objects.filter(pk=job.pk).update(state="PENDING", run_after=job.created_at)
        jobs.run(job.pk)
    Job.objects.filter(kind="tell_about_order").delete()
    return list(Job.objects.filter(kind="send_mail").order_by("created_at", "pk"))


def mails() -> list[tuple[str, str]]:
    """(address, first words of the subject)."""
    return sorted((job.payload["to"], job.payload["subject"].partition(":")[0]) for job in written())


def waiting(order: PurchaseOrder) -> ApprovalSlot:
    return ApprovalSlot.objects.waiting().get(order=order)


def submitted(site: Site, **options: object) -> PurchaseOrder:
    return submit(make_order(site, **options))


def delegate(site: Site, giver: User, taker: User) -> None:
    today = timezone.localdate()
    create_delegation(
        actor=giver, delegator=giver, delegate=taker, start_date=today, end_date=today, now=timezone.now()
    )


def test_submit_tells_the_approver_and_a_decision_tells_the_creator():
    site = make_site()
    order = make_order(site)
    assert mails() == []
    submit(order)
    assert mails() == [(site.superintendent.email, "Your turn")]
    approve(site.superintendent, order, comments="Fine.")
    assert mails() == [(site.foreman.email, "Approved")]
    rejected = submitted(site)
    mails()
    orders.reject_order(actor=site.superintendent, order=rejected, reason="Too dear.", now=NOW)
    assert mails() == [(site.foreman.email, "Rejected")]


def test_mail_names_the_order_its_amount_and_its_address(settings):
    settings.PUBLIC_URL = "https://bureau.example"
    site = make_site()
    order = submitted(site, vendor_name="Smith & <Sons>")
    mails()
    orders.reject_order(actor=site.superintendent, order=order, reason="Ask for a second quote.", now=NOW)
    [job] = written()
    assert job.payload["subject"] == f"Rejected: {order.po_number} Smith & <Sons>"
    for text in (
        "Ask for a second quote.",
        f"https://bureau.example/orders/{order.pk}/",
        "Smith & <Sons>",
        "Total: 700.00 EUR",
        "PRJ001 Downtown Office Building",
        site.superintendent.name,
    ):
        assert text in job.payload["body"]


def test_rolling_order_is_told_with_its_ceiling():
    site = make_site()
    submitted(site, type="rolling", ceiling_amount=site.cost_code.budget / 100, lines=())
    [job] = written()
    assert "Ceiling: 1500.00 EUR" in job.payload["body"]


def test_delegate_of_today_is_told_within_their_limit():
    site = make_site()
    delegate(site, site.superintendent, site.pm)
    submitted(site)
    assert mails() == sorted([(site.superintendent.email, "Your turn"), (site.pm.email, "Your turn")])
    low = make_user(site.organization, role="foreman")
    delegate(site, site.pm, low)
    submitted(site, amount="30000.00")
    assert mails() == [(site.pm.email, "Your turn")]


def test_delegation_of_other_days_tells_nobody():
    site = make_site()
    tomorrow = timezone.localdate() + timedelta(days=1)
    create_delegation(
        actor=site.superintendent,
        delegator=site.superintendent,
        delegate=site.pm,
        start_date=tomorrow,
        end_date=tomorrow + timedelta(days=3),
        now=timezone.now(),
    )
    submitted(site)
    assert mails() == [(site.superintendent.email, "Your turn")]


def test_reminder_goes_to_who_still_waits():
    site = make_site()
    order = submitted(site)
    slot = waiting(order)
    mails()
    notifications.tell_reminder(slot, now=NOW)
    assert mails() == [(site.superintendent.email, "Still waiting for you")]
    approve(site.superintendent, order)
    mails()
    notifications.tell_reminder(slot, now=NOW)
    assert mails() == []


def test_escalation_tells_the_next_person_and_the_creator():
    site = make_site()
    order = submitted(site)
    mails()
    assert orders.escalate(waiting(order), now=NOW) == site.pm
    told = written()
    assert sorted(job.payload["to"] for job in told) == sorted([site.pm.email, site.foreman.email])
    [asked] = [job for job in told if job.payload["to"] == site.pm.email]
    assert f"{site.superintendent.name} has not decided in time" in asked.payload["body"]
    [moved] = [job for job in told if job.payload["to"] == site.foreman.email]
    assert f"{site.pm.name} decides on it now" in moved.payload["body"]


def test_people_who_have_left_are_told_nothing():
    site = make_site()
    order = submitted(site)
    mails()
    site.foreman.is_active = False
    site.foreman.save()
    approve(site.superintendent, order)
    assert mails() == []


def test_refused_submit_sends_nothing():
    site = make_site()
    order = make_order(site)
    User.objects.exclude(pk=site.foreman.pk).update(is_active=False)
    with pytest.raises(orders.NoApprover):
        submit(order)
    assert mails() == []
