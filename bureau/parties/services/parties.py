"""What vendors and customers have in common: the party behind them."""

from datetime import datetime

from bureau.accounts.services.validation import field_errors
from bureau.parties.models import Customer, CustomerType, Party
from bureau.parties.names import Names, renamed

PARTY_FIELDS = ("name", "email", "phone", "address", "tax_number")
NAMES = ("customer_type", "first_name", "last_name", "company_name")
SORTED_BY = 100  # characters of a name that lists are sorted by


def save_party(party: Party, *, now: datetime) -> None:
    """Writes a changed party, and what its customer, where it is one, keeps of it."""
    party.updated_at = now
    party.save(update_fields=[*PARTY_FIELDS, "updated_at"])
    customer = Customer.objects.filter(party=party.pk).first()
    if customer is None:
        return
    customer.party = party
    set_names(customer, renamed(names_of(customer), {"name": party.name}))
    if field_errors(customer, NAMES):  # too long for a person's
        set_names(customer, Names(CustomerType.COMPANY, company_name=party.name))
    index(customer)
    customer.updated_at = now
    customer.save(update_fields=[*NAMES, "sort_name", "search_text", "updated_at"])


def names_of(customer: Customer) -> Names:
    return Names(*(getattr(customer, name) for name in NAMES))


def set_names(customer: Customer, names: Names) -> None:
    for name in NAMES:
        setattr(customer, name, getattr(names, name))


def index(customer: Customer) -> None:
    """Sets what lists sort and search by."""
    party = customer.party
    texts = [party.name, customer.company_name, party.email, party.phone, customer.whatsapp, party.tax_number]
    texts.append(customer.passport_number)
    customer.sort_name = party.name.upper()[:SORTED_BY]
    customer.search_text = "\n".join(text for text in dict.fromkeys(texts) if text).upper()
