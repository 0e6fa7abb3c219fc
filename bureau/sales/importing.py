"""Invoices out of a file: one row is one invoice, as it was written elsewhere."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import Organization, PaymentMethod, User
from bureau.imports.models import RowOutcome
from bureau.imports.reading import as_amount, as_day, parsed
from bureau.imports.registry import Importer, ImportField, Taken, Values, register
from bureau.kit.errors import DomainError, Invalid
from bureau.kit.permissions import ALLOWED, Decision
from bureau.parties.models import Customer
from bureau.parties.permissions.customers import can_write_customer
from bureau.parties.selectors.customers import twins
from bureau.parties.services import customers
from bureau.sales.models import Invoice
from bureau.sales.services.invoices.importing import (
    Amounts,
    InvoiceExists,
    PaidAlready,
    add_imported_invoice,
    record_imported,
)

FIELDS: Final = (
    ImportField(
        "invoice_number",
        gettext_lazy("Invoice number"),
        required=True,
        aliases=("number", "invoice", "invoice no", "no", "rechnungsnummer", "rechnung", "rechnungsnr", "facture"),
        help=gettext_lazy("as it is printed; by it an invoice is known again"),
    ),
    ImportField(
        "customer",
        gettext_lazy("Customer"),
        aliases=("client", "customer name", "client name", "bill to", "kunde", "name", "company", "client_name"),
        help=gettext_lazy("name, e-mail address or tax number"),
    ),
    ImportField(
        "customer_email",
        gettext_lazy("Customer’s e-mail"),
        aliases=("email", "e-mail", "client email", "e-mail-adresse"),
        help=gettext_lazy("a customer who is not there yet is added, where this or the tax number is given"),
    ),
    ImportField(
        "customer_tax_number",
        gettext_lazy("Customer’s tax number"),
        aliases=("tax number", "vat number", "vat id", "client tax number", "uid", "ust-idnr"),
    ),
    ImportField("customer_address", gettext_lazy("Customer’s address"), aliases=("address", "adresse", "anschrift")),
    ImportField(
        "issue_date",
        gettext_lazy("Date"),
        required=True,
        aliases=("invoice date", "issued", "issued on", "rechnungsdatum", "datum"),
    ),
    ImportField(
        "due_date",
        gettext_lazy("Due"),
        aliases=("due", "due on", "fällig", "fällig am", "fälligkeitsdatum", "zahlungsziel"),
        help=gettext_lazy("where it is missing: after the organization’s payment days"),
    ),
    ImportField(
        "description",
        gettext_lazy("Description"),
        aliases=("subject", "item", "for", "beschreibung", "betreff", "leistung"),
    ),
    ImportField(
        "subtotal", gettext_lazy("Net amount"), aliases=("net", "net total", "netto", "nettobetrag", "amount excl tax")
    ),
    ImportField("tax_amount", gettext_lazy("Tax"), aliases=("vat", "tax total", "steuer", "mwst", "ust", "gst")),
    ImportField("tax_code", gettext_lazy("Tax code"), aliases=("vat code", "tax rate code", "steuerschlüssel")),
    ImportField(
        "total",
        gettext_lazy("Total"),
        aliases=("gross", "amount", "total amount", "invoice total", "brutto", "bruttobetrag", "gesamtbetrag"),
    ),
    ImportField("paid_amount", gettext_lazy("Paid"), aliases=("amount paid", "paid total", "bezahlt", "zahlbetrag")),
    ImportField(
        "payment_date", gettext_lazy("Paid on"), aliases=("date paid", "paid date", "bezahlt am", "zahlungsdatum")
    ),
    ImportField(
        "payment_method",
        gettext_lazy("Paid how"),
        aliases=("method", "payment type", "paid by", "zahlungsart"),
        help=", ".join(PaymentMethod.values),
    ),
    ImportField(
        "currency",
        gettext_lazy("Currency"),
        aliases=("currency code", "währung"),
        help=gettext_lazy("must be the organization’s"),
    ),
    ImportField("notes", gettext_lazy("Notes"), aliases=("note", "comment", "memo", "notiz", "bemerkung")),
)
_METHODS: Final = {
    **{word: method.value for method in PaymentMethod for word in (method.value, str(method.label).casefold())},
    **dict.fromkeys(("bank", "transfer", "wire", "wire_transfer", "wire transfer", "überweisung"), "bank_transfer"),
    **dict.fromkeys(("card", "kreditkarte"), "credit_card"),
    "bar": "cash",
}
_NAMES: Final = {"number": "invoice_number", "amount": "paid_amount"}
"""Field of the services -> field of the import, where they differ."""


def take_invoice(*, actor: User, values: Values, update_existing: bool, now: datetime) -> Taken:
    """An issued invoice with its payment, for a customer whom the actor sees, or who is added with it. One whose number
    is there already stays as it is, whatever `update_existing` says: what has been issued is not changed.

    Raises DomainError.
    """
    given = parsed(
        values,
        {
            **dict.fromkeys(("issue_date", "due_date", "payment_date"), as_day),
            **dict.fromkeys(("subtotal", "tax_amount", "total", "paid_amount"), as_amount),
            "payment_method": _as_method,
        },
    )
    _require(given)
    _check_currency(actor.organization, given.get("currency", ""))
    try:
        invoice = _made(actor, given, now)
    except InvoiceExists as error:
        seen = Invoice.objects.visible_to(actor).filter(pk=error.twin.pk).exists()
        problems = {"invoice_number": [error.message]}
        return Taken(RowOutcome.DUPLICATE, error.twin.pk if seen else None, about(values), problems)
    except DomainError as error:
        error.fields = {_NAMES.get(name, name): texts for name, texts in error.fields.items()}
        raise
    return Taken(RowOutcome.CREATED, invoice.pk, f"{invoice.number} {invoice.customer}")


def _made(actor: User, given: dict[str, Any], now: datetime) -> Invoice:
    """All that is locked or made comes before the first audit entry."""
    amounts = Amounts(
        **{name: given[name] for name in ("subtotal", "tax_amount", "total", "tax_code") if name in given}
    )
    with transaction.atomic():
        customer = _customer(actor, given)
        added = customer is None
        if customer is None:
            customer = _add_customer(actor, given, now)
        invoice, line = add_imported_invoice(
            actor=actor,
            customer=customer,
            number=given["invoice_number"],
            issue_date=given["issue_date"],
            due_date=given.get("due_date"),
            description=given.get("description", ""),
            amounts=amounts,
            notes=given.get("notes", ""),
            now=now,
        )
        if added:
            customers.record_created(customer, actor=actor, now=now)
        record_imported(invoice, line, paid=_paid(given), actor=actor, now=now)
    return invoice


def _require(given: dict[str, Any]) -> None:
    missing = {
        "invoice_number": _("Give the invoice's number."),
        "issue_date": _("Give the invoice's date."),
    }
    errors = {name: [told] for name, told in missing.items() if not given.get(name)}
    if not any(given.get(name) for name in ("customer", "customer_email", "customer_tax_number")):
        errors["customer"] = [_("Say whose invoice it is: by name, e-mail address or tax number.")]
    if given.get("paid_amount") and not given.get("payment_date"):
        errors["payment_date"] = [_("Give the day on which it was paid.")]
    if errors:
        raise Invalid(fields=errors)


def _check_currency(organization: Organization, currency: str) -> None:
    if currency and currency.strip().upper() != organization.currency:
        told = _("Invoices are in %(ours)s here; this one is in %(theirs)s. Enter it by hand, converted.")
        raise Invalid.field("currency", told % {"ours": organization.currency, "theirs": currency[:10]})


def _paid(given: dict[str, Any]) -> PaidAlready | None:
    amount: Decimal = given.get("paid_amount", Decimal(0))
    if not amount:
        return None
    method = given.get("payment_method", PaymentMethod.OTHER.value)
    return PaidAlready(amount=amount, payment_date=given["payment_date"], payment_method=method)


def _customer(actor: User, given: dict[str, Any]) -> Customer | None:
    """Who is meant, of those whom the actor sees; None where nobody is. Raises Invalid where it fits several."""
    named = given.get("customer", "")
    asked = {
        "email": given.get("customer_email", named if "@" in named else ""),
        "tax_number": given.get("customer_tax_number", named if any(map(str.isdigit, named)) else ""),
    }
    found = [one for alike in twins(actor.organization, asked).values() for one in alike]
    fitting = {one.pk: one for one in found if can_write_customer(actor, one)}
    if not fitting and named:
        called = Customer.objects.visible_to(actor).filter(
            organization=actor.organization_id, sort_name=named.upper()[:100]
        )
        same = [one for one in called.select_related("party") if one.party.name.casefold() == named.casefold()]
        fitting = {one.pk: one for one in same}
    if len(fitting) > 1:
        told = _("This fits several customers: %(names)s. Give the e-mail address or tax number of the right one.")
        names = ", ".join(f"{one} {one.party.email}".strip() for one in list(fitting.values())[:3])
        raise Invalid.field("customer", told % {"names": names})
    one = next(iter(fitting.values()), None)
    return None if one is None else Customer.objects.select_related("party", "organization", "owner").get(pk=one.pk)


def _add_customer(actor: User, given: dict[str, Any], now: datetime) -> Customer:
    """A company, where it is known by more than its name. Raises Invalid where it is not, CustomerExists where somebody
    else looks after it."""
    email, tax_number = given.get("customer_email", ""), given.get("customer_tax_number", "")
    if not given.get("customer") or not (email or tax_number):
        told = _(
            "There is no customer “%(name)s”. Add or import them first; or give their name and an e-mail address or tax"
            " number in columns of their own: then they are added with the invoice."
        )
        raise Invalid.field("customer", told % {"name": (given.get("customer") or email or tax_number)[:100]})
    try:
        return customers.add_customer(
            actor=actor,
            now=now,
            customer_type="company",
            company_name=given["customer"],
            email=email,
            tax_number=tax_number,
            address=given.get("customer_address", ""),
        )
    except DomainError as error:
        names = {"email": "customer_email", "tax_number": "customer_tax_number", "address": "customer_address"}
        error.fields = {names.get(name, "customer"): texts for name, texts in error.fields.items()}
        raise


def keys(values: Values) -> Iterator[tuple[str, str]]:
    if values.get("invoice_number"):
        yield "invoice_number", values["invoice_number"]


def about(values: Values) -> str:
    return " ".join(values[name] for name in ("invoice_number", "customer") if name in values)


def may_import(user: User, organization: Organization) -> Decision:
    """Everybody of an organization may bill the customers that they see."""
    return ALLOWED


def _as_method(text: str) -> str:
    if (word := text.casefold()) in _METHODS:
        return _METHODS[word]
    raise ValueError(_("Choose one of: %(options)s.") % {"options": ", ".join(PaymentMethod.values)})


invoices = register(
    Importer(
        "invoices",
        gettext_lazy("Invoices"),
        FIELDS,
        take_invoice,
        keys,
        may_import,
        about,
        locks=True,
        changes=False,
    )
)
