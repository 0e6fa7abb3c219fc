"""Products out of a file: what they are and what they cost. Tasks and documents are given to them afterwards."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.cases.models import Product
from bureau.cases.permissions.products import can_write_products
from bureau.cases.services.products import create_product, update_product
from bureau.core.models import User
from bureau.imports.models import RowOutcome
from bureau.imports.reading import as_amount, as_flag, parsed
from bureau.imports.registry import Importer, ImportField, Taken, Values, register

FIELDS: Final = (
    ImportField(
        "code",
        gettext_lazy("Code"),
        required=True,
        aliases=("product code", "article number", "item number", "sku", "artikelnummer", "id"),
        help=gettext_lazy("by it a product is known again"),
    ),
    ImportField(
        "name", gettext_lazy("Name"), aliases=("product name", "product", "title", "bezeichnung", "article", "item")
    ),
    ImportField("description", gettext_lazy("Description"), aliases=("details", "beschreibung")),
    ImportField("product_type", gettext_lazy("Kind"), aliases=("product type", "type", "category", "kategorie")),
    ImportField(
        "base_price",
        gettext_lazy("Base price"),
        aliases=("price", "net price", "unit price", "preis", "amount"),
        help=gettext_lazy("net, such as 1500.00"),
    ),
    ImportField("tax_code", gettext_lazy("Tax code"), aliases=("tax", "vat code")),
    ImportField("active", gettext_lazy("Active"), help=gettext_lazy("yes or no")),
)


def take_product(*, actor: User, values: Values, update_existing: bool, now: datetime) -> Taken:
    """A new product; one with the same code stays as it is, or is changed where that is wanted. An empty cell changes
    nothing.

    Raises Invalid, Forbidden, ProductExists.
    """
    given = parsed(values, {"base_price": as_amount, "active": as_flag})
    existing = _existing(actor, values)
    if existing is None:
        named = {"code": "", "name": "", **given}
        product = create_product(actor=actor, organization=actor.organization, now=now, **named)
        return Taken(RowOutcome.CREATED, product.pk, str(product))
    if not update_existing:
        message = _("There is a product with the code %(code)s already.") % {"code": existing.code}
        return Taken(RowOutcome.DUPLICATE, existing.pk, about(values), {"code": [message]})
    before = existing.updated_at
    given.pop("code")  # known by it, in whatever case
    product = update_product(actor=actor, product=existing, changes=given, now=now)
    outcome = RowOutcome.UNCHANGED if product.updated_at == before else RowOutcome.UPDATED
    return Taken(outcome, product.pk, str(product))


def _existing(actor: User, values: Values) -> Product | None:
    code = values.get("code", "")
    same = Product.objects.filter(organization=actor.organization_id, code__iexact=code)
    return same.select_related("organization").first() if code else None


def keys(values: Values) -> Iterator[tuple[str, str]]:
    if values.get("code"):
        yield "code", values["code"].upper()


def about(values: Values) -> str:
    return " ".join(values[name] for name in ("code", "name") if name in values)


products = register(
    Importer("products", gettext_lazy("Products"), FIELDS, take_product, keys, can_write_products, about)
)
