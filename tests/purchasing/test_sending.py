"""An order goes to its vendor: which address, who may, once, with the PDF."""

import email
from email import policy

import pytest

from bureau.core import jobs
from bureau.core.models import AuditEntry, Job
from bureau.kit.errors import Forbidden, Invalid, WrongState
from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.services.sending import send_order
from tests.factories.accounts import make_user
from tests.factories.orders import NOW, make_site, order_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mailbox(settings, tmp_path):
    settings.EMAIL_BACKEND = "bureau.core.mail.MessageFileBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return tmp_path / "mail"


def delivered(mailbox) -> list[email.message.EmailMessage]:
    """The messages in the box when the sending job has run twice, as after a crash."""
    for job in Job.objects.filter(kind="send_order"):
        jobs.run(job.pk)
        Job.objects.filter(pk=job.pk).update(state="PENDING", run_after=job.created_at)
        jobs.run(job.pk)
    return [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in mailbox.glob("*.eml")]


def test_order_is_mailed_once_with_its_pdf(mailbox):
    site = make_site(name="Northwind\nBuilders")
    order = order_in("approved", site)
    assert send_order(actor=site.foreman, order=order, message="Gate 2, please.", now=NOW) == "jane@abcsupply.com"
    order.refresh_from_db()
    assert order.sent_at == NOW
    [message] = delivered(mailbox)
    job = Job.objects.get(kind="send_order")
    assert message["To"] == "jane@abcsupply.com"
    assert message["Reply-To"] == site.foreman.email
    assert message["Subject"] == f"Purchase order {order.po_number} of Northwind Builders"
    assert message["Message-ID"] == f"<{job.pk}@bureau>"
    assert "Gate 2, please." in message.get_body().get_content()
    [enclosed] = message.iter_attachments()
    assert (enclosed.get_filename(), enclosed.get_content_type()) == (f"{order.po_number}.pdf", "application/pdf")
    assert enclosed.get_content().startswith(b"%PDF-")
    entry = AuditEntry.objects.get(action="sent")
    assert (entry.entity_id, entry.new_values) == (
        str(order.pk),
        {"to": "jane@abcsupply.com", "message": "Gate 2, please."},
    )


def test_without_a_message_the_mail_says_what_is_attached(mailbox):
    site = make_site()
    order = order_in("approved", site)
    send_order(actor=site.foreman, order=order, now=NOW)
    [message] = delivered(mailbox)
    assert f"our purchase order {order.po_number} attached" in message.get_body().get_content()


def test_only_addresses_of_the_vendor_are_written_to():
    site = make_site()
    order = order_in("approved", site, vendor=site.vendor)
    assert order.vendor_addresses == ["jane@abcsupply.com", "orders@abcsupply.com"]
    with pytest.raises(Invalid) as refused:
        send_order(actor=site.foreman, order=order, to="mallory@example.com", now=NOW)
    assert list(refused.value.fields) == ["to"]
    assert send_order(actor=site.foreman, order=order, to=" Orders@ABCsupply.com ", now=NOW) == "orders@abcsupply.com"
    assert Job.objects.filter(kind="send_order").count() == 1


def test_vendor_without_address_is_refused():
    site = make_site()
    order = order_in("approved", site, vendor_name="Unknown Ltd", vendor_email="")
    with pytest.raises(Invalid, match="e-mail address"):
        send_order(actor=site.foreman, order=order, now=NOW)
    assert not Job.objects.filter(kind="send_order").exists()


@pytest.mark.parametrize("status", ["draft", "submitted", "rejected", "cancelled", "closed"])
def test_only_an_approved_order_is_sent(status):
    site = make_site()
    order = order_in(status, site)
    with pytest.raises(WrongState):
        send_order(actor=site.foreman, order=order, now=NOW)
    assert PurchaseOrder.objects.get(pk=order.pk).sent_at is None


def test_creator_and_approvers_send_and_nobody_else():
    site = make_site()
    order = order_in("approved", site)
    for person in (site.foreman, site.superintendent, site.pm, site.admin):
        send_order(actor=person, order=order, now=NOW)
    for person in (site.staff, site.finance, make_user(site.organization, role="foreman")):
        with pytest.raises(Forbidden):
            send_order(actor=person, order=order, now=NOW)


def test_message_is_checked():
    site = make_site()
    order = order_in("approved", site)
    for message in ("x" * 5001, "a\x00b"):
        with pytest.raises(Invalid) as refused:
            send_order(actor=site.foreman, order=order, message=message, now=NOW)
        assert list(refused.value.fields) == ["message"]
