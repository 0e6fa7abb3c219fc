"""Quotes and invoices by e-mail."""

import re
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO

import pikepdf
import pytest
from django.core import mail
from django.utils import timezone

from bureau.core import jobs
from bureau.core.models import Job
from bureau.kit.errors import Forbidden, Invalid, WrongState
from bureau.parties.services.customers import update_customer
from bureau.sales.models import Invoice, SalesLink
from bureau.sales.services.invoices import cancel_invoice
from bureau.sales.services.links import document_of, link_for_token
from bureau.sales.services.quotes import decide_quote
from bureau.sales.services.sending import send_invoice, send_quote
from tests.factories.sales import make_invoice, make_quote, make_shop

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def work():
    """Runs the mails that wait; returns the messages."""
    for job in Job.objects.filter(kind="mail_sales_document", state="PENDING"):
        jobs.run(job.pk)
    return mail.outbox


def test_invoice_goes_to_the_customer_with_its_pdf_and_a_link(shop):
    draft = make_invoice(shop, now=timezone.now())
    send_invoice(actor=shop.member, invoice=draft, message="With thanks.", now=timezone.now())
    (message,) = work()
    draft.refresh_from_db()
    assert (draft.status, draft.mailed_at is not None) == ("sent", True)
    assert (message.to, message.reply_to) == (["books@fjord.example"], [shop.member.email])
    assert "With thanks." in message.body
    ((name, content, kind),) = message.attachments
    assert (name, kind) == (f"{draft.number}.pdf", "application/pdf")
    assert "factur-x.xml" in pikepdf.open(BytesIO(content)).attachments
    token = re.search(r"/s/([\w-]+)/", message.body)[1]
    assert document_of(link_for_token(token, now=timezone.now())) == draft


def test_second_try_of_the_mail_replaces_the_token_of_the_first(shop):
    send_invoice(actor=shop.member, invoice=make_invoice(shop, now=timezone.now()), now=timezone.now())
    work()
    first = SalesLink.objects.get().token_hash
    Job.objects.filter(kind="mail_sales_document").update(state="PENDING")
    assert len(work()) == 2
    assert SalesLink.objects.get().token_hash != first


def test_quote_goes_out_and_again(shop):
    quote = make_quote(shop, now=timezone.now())
    send_quote(actor=shop.member, quote=quote, now=timezone.now())
    send_quote(actor=shop.member, quote=quote, now=timezone.now())
    first, second = work()
    assert quote.number in first.subject
    assert first.attachments[0][0] == f"{quote.number}.pdf"
    quote.refresh_from_db()
    assert (quote.status, quote.versions.count(), quote.links.count()) == ("sent", 1, 2)
    assert re.search(r"/s/([\w-]+)/", first.body)[1] != re.search(r"/s/([\w-]+)/", second.body)[1]


def test_nothing_is_sent_without_an_address_or_by_who_may_not(shop):
    invoice, quote = make_invoice(shop, now=NOW), make_quote(shop, now=NOW)
    with pytest.raises(Forbidden):
        send_invoice(actor=shop.other, invoice=invoice, now=NOW)
    with pytest.raises(Forbidden):
        send_quote(actor=shop.other, quote=quote, now=NOW)
    with pytest.raises(Invalid):
        send_invoice(actor=shop.member, invoice=invoice, message="x" * 2001, now=NOW)
    update_customer(actor=shop.member, customer=shop.customer, changes={"email": ""}, now=NOW)
    for send in (
        lambda: send_invoice(actor=shop.member, invoice=Invoice.objects.get(), now=NOW),
        lambda: send_quote(actor=shop.member, quote=type(quote).objects.get(), now=NOW),
    ):
        with pytest.raises(Invalid) as refused:
            send()
        assert list(refused.value.fields) == ["email"]
    assert not Job.objects.filter(kind="mail_sales_document").exists()
    assert (Invoice.objects.get().status, type(quote).objects.get().status) == ("draft", "draft")


def test_what_ended_meanwhile_is_not_mailed(shop):
    now = timezone.now()
    invoice, quote = make_invoice(shop, now=now), make_quote(shop, now=now)
    send_invoice(actor=shop.member, invoice=invoice, now=now)
    send_quote(actor=shop.member, quote=quote, now=now)
    cancel_invoice(actor=shop.member, invoice=invoice, now=now)
    decide_quote(quote=quote, accepted=True, name="Kari", version=1, actor=shop.member, now=now)
    assert work() == []
    with pytest.raises(WrongState, match="cancelled"):
        send_invoice(actor=shop.member, invoice=Invoice.objects.get(), now=now)
