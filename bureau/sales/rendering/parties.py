"""Who sells and who buys, as a quote or an invoice names them."""

from typing import Any

from bureau.sales.models.documents import SalesDocument


def parties_of(document: SalesDocument) -> dict[str, Any]:
    """Seller and buyer as they are now, JSON-able."""
    organization, customer = document.organization, document.customer
    party = customer.party
    return {
        "seller": {
            "name": organization.name,
            "address": organization.address,
            "country": organization.country,
            "tax_number": organization.tax_number,
            "bank_name": organization.bank_name,
            "iban": organization.iban,
            "bic": organization.bic,
        },
        "buyer": {
            "name": party.name,
            "address": party.address,
            "country": party.country or organization.country,
            "tax_number": party.tax_number,
            "email": party.email,
            "phone": party.phone,
        },
    }
