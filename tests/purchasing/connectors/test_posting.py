"""Approved orders reach accounting once, however often anything fails in between."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from bureau.core import jobs
from bureau.core.models import AuditEntry, Job, JobState
from bureau.purchasing.connectors import post_order_later
from bureau.purchasing.connectors.files import FileConnector
from bureau.purchasing.connectors.posting import order_key, post_again
from bureau.purchasing.services import orders
from tests.factories.orders import NOW, approve, make_order, make_site, order_in, submit
from tests.purchasing.connectors import accounting

pytestmark = pytest.mark.django_db(transaction=True)


def attempt():
    """One try of every post that is due in the end."""
    for job in Job.objects.filter(kind="post_order", state=JobState.PENDING):
        Job.objects.filter(pk=job.pk).update(run_after=timezone.now())
        jobs.run(job.pk)


def the_post():
    return Job.objects.get(kind="post_order")


def test_approved_order_is_posted_with_its_lines(connected):
    site = make_site()
    order = approve(site.pm, submit(make_order(site)))
    attempt()
    (posted,) = connected.orders
    assert posted["po_number"] == order.po_number
    assert posted["external_id"] == order_key(order)
    assert (posted["project_id"], posted["cost_code_id"], posted["total_amount"]) == ("PRJ001", "CC-001", "700.00")
    assert posted["lines"][0]["quantity"] == "50.000"
    assert the_post().result == {"connector": "Timberline", "reference": "PO-1", "po_number": order.po_number}
    entry = AuditEntry.objects.get(entity_type="purchase_order", action="posted")
    assert entry.new_values == {"connector": "Timberline", "reference": "PO-1"}


def test_order_is_written_down_once(connected):
    site = make_site()
    order = approve(site.pm, submit(make_order(site)))
    post_order_later(order, now=NOW)
    attempt()
    jobs.run(the_post().pk)
    assert len(connected.orders) == 1


def test_order_whose_approval_is_rolled_back_is_not_posted(connected):
    site = make_site()
    order = submit(make_order(site))
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        approve(site.pm, order)
        raise RuntimeError
    assert not Job.objects.filter(kind="post_order").exists()


@pytest.mark.parametrize("keeps_keys", [True, False])
@pytest.mark.parametrize("lost", [accounting.reset, accounting.truncated, accounting.status(500)])
def test_lost_answer_makes_no_second_order(connected, lost, keeps_keys):
    connected.keeps_keys = keeps_keys
    connected.troubles["/purchase-orders"] = [
        lambda exchange: exchange.answer(200, {"data": []}),
        accounting.lost_answer(lost),
    ]
    order_in("approved", make_site())
    attempt()
    attempt()
    assert len(connected.orders) == 1
    assert (the_post().state, the_post().result["reference"]) == (JobState.SUCCESS, "PO-1")


def test_worker_that_dies_after_the_post_makes_no_second_order(connected, monkeypatch):
    order_in("approved", make_site())
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "_end", lambda *_args, **_options: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            attempt()
    assert (the_post().state, len(connected.orders)) == (JobState.STARTED, 1)
    assert not AuditEntry.objects.filter(action="posted").exists()
    assert jobs.release_lost(now=timezone.now() + timedelta(minutes=5)) == 1
    attempt()
    assert (the_post().state, len(connected.orders)) == (JobState.SUCCESS, 1)
    assert AuditEntry.objects.filter(action="posted").count() == 1


def test_post_survives_a_service_that_is_down_for_days(connected):
    order_in("approved", make_site())
    connected.always["/purchase-orders"] = accounting.status(503)
    waited = timedelta()
    for _ in range(40):
        attempt()
        job = the_post()
        assert job.state == JobState.PENDING
        waited += job.run_after - timezone.now()
    assert waited > timedelta(days=1)
    assert connected.orders == []
    assert len(connected.calls) < 40 * 3, "an open circuit spares the service most of them"
    connected.always.clear()
    from bureau.core.redis import connection

    connection().flushdb()  # the pause is over
    attempt()
    assert (the_post().state, len(connected.orders)) == (JobState.SUCCESS, 1)


def test_post_that_was_given_up_can_be_tried_again(connected):
    site = make_site()
    order_in("approved", site)
    connected.always["/purchase-orders"] = accounting.status(422)
    Job.objects.filter(kind="post_order").update(attempts=jobs.kinds["post_order"].max_attempts - 1)
    attempt()
    assert the_post().state == JobState.FAILURE
    connected.always.clear()
    assert post_again(make_site().organization, now=NOW) == 0
    assert post_again(site.organization, now=NOW) == 1
    attempt()
    assert (the_post().state, len(connected.orders)) == (JobState.SUCCESS, 1)


def test_order_that_was_closed_meanwhile_is_posted_all_the_same(connected):
    site = make_site()
    order = order_in("approved", site)
    orders.close_order(actor=order.created_by, order=order, now=NOW)
    attempt()
    assert len(connected.orders) == 1


def test_order_without_a_service_is_a_file():
    site = make_site()
    order = order_in("approved", site)
    attempt()
    path = FileConnector.of(site.organization).folder / "orders" / f"{order.po_number}.json"
    assert json.loads(path.read_text())["total_amount"] == "700.00"


def test_order_of_another_organization_never_reaches_the_service(connected):
    make_site()
    order_in("approved", make_site())
    attempt()
    assert connected.calls == []
    assert the_post().state == JobState.SUCCESS
