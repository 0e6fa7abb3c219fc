"""Several people at one customer at the same moment, on PostgreSQL."""

from datetime import timedelta

import pytest

from bureau.core import audit
from bureau.core.models import AuditEntry
from bureau.parties.models import Customer, Party, Vendor
from bureau.parties.services.customers import bulk_delete_customers, delete_customer, update_customer
from bureau.parties.services.vendors import update_vendor
from tests.crowds import at_once
from tests.factories.accounts import make_organization, make_user
from tests.factories.parties import NOW, make_customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def root():
    return make_user(make_organization(), role="admin", superuser=True)


def test_changes_of_a_customer_and_of_the_vendor_that_it_is_are_all_kept(root):
    customer = make_customer(root.organization, root, company_name="Acme")
    vendor = Vendor.objects.create(party=customer.party, organization=root.organization, code="V1")
    later = NOW + timedelta(hours=1)

    def change(**changes):
        return lambda: update_customer(actor=root, customer=customer, changes=changes, now=later)

    def sell(**changes):
        return lambda: update_vendor(actor=root, vendor=vendor, changes=changes, now=later)

    bought = [change(email="a@example.com"), change(title="Dr"), change(whatsapp="0172"), change(tax_number="DE1")]
    sold = [sell(phone="0171"), sell(name="Bolt"), sell(address="Main St"), sell(payment_terms="Net 30")]
    crowd = [one for pair in zip(bought, sold, strict=True) for one in pair]
    assert at_once(crowd) == {"done": len(crowd)}
    found = Customer.objects.select_related("party").get()
    party = found.party
    assert (party.email, party.phone, party.address, party.tax_number) == ("a@example.com", "0171", "Main St", "DE1")
    assert (party.name, found.company_name, found.title, found.whatsapp) == ("Bolt", "Bolt", "Dr", "0172")
    for word in ("BOLT", "A@EXAMPLE.COM", "0171", "0172", "DE1"):
        assert word in found.search_text
    assert list(audit.breaks()) == []


def test_customer_is_deleted_once_and_a_change_comes_before_or_not_at_all(root):
    customer = make_customer(root.organization, root, name="Jane Doe")

    def delete():
        delete_customer(actor=root, customer=customer, now=NOW)

    def change():
        update_customer(actor=root, customer=customer, changes={"title": "Dr"}, now=NOW)

    def sweep():
        bulk_delete_customers(actor=root, query="jane", confirm=True, now=NOW)

    outcome = at_once([delete, change, sweep, delete, change, sweep])
    assert set(outcome) <= {"done", "NotFound"}
    assert not Customer.objects.exists()
    assert not Party.objects.exists()
    assert AuditEntry.objects.filter(entity_type="customer", action="deleted").count() == 1
