"""Links by which a customer sees one document, and answers a quote."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest

from bureau.core.models import AuditEntry
from bureau.kit.errors import Forbidden, Invalid, NotFound, WrongState
from bureau.sales.models import SalesLink
from bureau.sales.services import links
from bureau.sales.services.quotes import mark_quote_sent, update_quote
from tests.factories.parties import make_customer
from tests.factories.sales import make_invoice, make_quote, make_shop

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def test_token_is_kept_nowhere_and_opens_its_document_alone(shop):
    invoice = make_invoice(shop, issued=True, now=NOW)
    link, token = links.create_link(actor=shop.member, document=invoice, now=NOW)
    assert len(token) >= 43
    assert token not in str(SalesLink.objects.values())
    assert token not in str(AuditEntry.objects.values())
    assert links.document_of(links.link_for_token(token, now=NOW)) == invoice
    other, second = links.create_link(actor=shop.member, document=invoice, now=NOW)
    links.revoke_link(actor=shop.member, link=other, now=NOW)
    assert links.link_for_token(token, now=NOW) == link
    with pytest.raises(NotFound):
        links.link_for_token(second, now=NOW)


@pytest.mark.parametrize("days", [0, 366, -1, True])
def test_link_works_for_its_days_only(shop, days):
    invoice = make_invoice(shop, issued=True, now=NOW)
    with pytest.raises(Invalid):
        links.create_link(actor=shop.member, document=invoice, days=days, now=NOW)
    _link, token = links.create_link(actor=shop.member, document=invoice, days=1, now=NOW)
    assert links.link_for_token(token, now=NOW + timedelta(hours=23))
    with pytest.raises(NotFound, match="does not work"):
        links.link_for_token(token, now=NOW + timedelta(days=1))


def test_nobody_links_to_what_they_do_not_see_nor_to_a_draft(shop):
    invoice, draft = make_invoice(shop, issued=True, now=NOW), make_quote(shop, now=NOW)
    with pytest.raises(Forbidden):
        links.create_link(actor=shop.other, document=invoice, now=NOW)
    with pytest.raises(WrongState, match="draft"):
        links.create_link(actor=shop.member, document=draft, now=NOW)
    mark_quote_sent(actor=shop.member, quote=draft, now=NOW)
    link, _token = links.create_link(actor=shop.member, document=draft, now=NOW)
    with pytest.raises(Forbidden):
        links.revoke_link(actor=shop.other, link=link, now=NOW)
    links.revoke_link(actor=shop.staff, link=link, now=NOW)
    with pytest.raises(WrongState):
        links.revoke_link(actor=shop.staff, link=link, now=NOW)


def test_link_does_not_open_what_a_quote_becomes_for_another_client(shop):
    quote = make_quote(shop, now=NOW)
    mark_quote_sent(actor=shop.member, quote=quote, now=NOW)
    _link, token = links.create_link(actor=shop.member, document=quote, now=NOW)
    update_quote(actor=shop.member, quote=quote, changes={"notes": "Anew."}, now=NOW)
    assert links.link_for_token(token, now=NOW)  # still theirs
    update_quote(
        actor=shop.member,
        quote=quote,
        changes={"customer": make_customer(shop.organization, owner=shop.member)},
        now=NOW,
    )
    mark_quote_sent(actor=shop.member, quote=quote, now=NOW)
    with pytest.raises(NotFound):
        links.link_for_token(token, now=NOW)
