"""Creating, changing and deleting products."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bureau.accounts.permissions import System
from bureau.accounts.services.validation import clean_text, set_fields
from bureau.cases.models import Product
from bureau.cases.permissions import products as permissions
from bureau.cases.selectors.products import product_usage, products_found
from bureau.cases.services.document_types import organization_of, recorded
from bureau.cases.services.products.content import (
    FIELDS,
    Content,
    DocumentInput,
    Errors,
    TaskInput,
    described,
    read_documents,
    read_tasks,
    stored,
    write_documents,
    write_tasks,
)
from bureau.core import audit
from bureau.core.models import Organization, TaxCode, User
from bureau.kit.errors import BusinessRule, Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class BulkDeletion:
    """How many went, and the codes of those that stayed because of their cases."""

    deleted: int
    kept: list[str]


class ProductExists(Conflict):
    """The organization has a product with this code, in whatever case."""

    code = "PRODUCT_EXISTS"


class ProductInUse(BusinessRule):
    """There are cases of the product."""

    code = "PRODUCT_IN_USE"


def create_product(
    *,
    actor: User | System,
    code: str,
    name: str,
    tasks: Sequence[TaskInput] = (),
    documents: Sequence[DocumentInput] = (),
    organization: Organization | None = None,
    now: datetime,
    **details: Any,
) -> Product:
    """A product of the organization, the actor's where not named. `details`: further names of FIELDS.

    Where no task is marked as the last step, the last one is.
    Raises Forbidden, Invalid (by the API's names: tasks.0.duration, required_documents.0), ProductExists.
    """
    owner = organization or organization_of(actor)
    permissions.can_write_products(actor, owner).enforce()
    product = Product(organization=owner, created_at=now, updated_at=now)
    errors: Errors = defaultdict(list)
    _set(product, {"code": code, "name": name, **details}, errors)
    read = Content(read_tasks(tasks, [], errors), read_documents(owner, documents, errors))
    if errors:
        raise Invalid(fields=errors)
    with transaction.atomic():
        _save(product, force_insert=True)
        write_tasks(product, read.tasks, [])
        write_documents(product, read.documents)
        audit.record(product, "created", actor=recorded(actor), now=now, new=described(product, read))
    return product


def update_product(
    *,
    actor: User | System,
    product: Product,
    changes: Mapping[str, Any],
    tasks: Sequence[TaskInput] | None = None,
    documents: Sequence[DocumentInput] | None = None,
    now: datetime,
) -> Product:
    """Changes what is named in `changes` (names of FIELDS; others are ignored). `tasks` and `documents` replace all,
    but a task that is named by its id, or has the step of one that was there, is that task: cases go on with it.

    Raises Forbidden, Invalid, ProductExists.
    """
    permissions.can_write_products(actor, product.organization).enforce()
    with transaction.atomic():
        product = _locked(product)
        old = stored(product)
        before = described(product, old)
        errors: Errors = defaultdict(list)
        _set(product, changes, errors)
        read = stored(product)
        if tasks is not None:
            read.tasks = read_tasks(tasks, read.tasks, errors)
        if documents is not None:
            read.documents = read_documents(product.organization, documents, errors)
        if errors:
            raise Invalid(fields=errors)
        after = described(product, read)
        if after != before:
            product.updated_at = now
            _save(product)
            if after["tasks"] != before["tasks"]:
                write_tasks(product, read.tasks, old.tasks)
            if after["documents"] != before["documents"]:
                product.documents.all().delete()
                write_documents(product, read.documents)
            audit.record_update(product, actor=recorded(actor), now=now, before=before, after=after)
    return product


def delete_product(*, actor: User | System, product: Product, now: datetime) -> None:
    """Deletes a product of which there is no case, with its tasks. Raises Forbidden, ProductInUse."""
    permissions.can_write_products(actor, product.organization).enforce()
    with transaction.atomic():
        product = _locked(product, deleting=True)
        usage = product_usage(product)
        if usage.in_use:
            raise ProductInUse(usage.message)
        _delete(product, actor=actor, now=now)


def bulk_delete_products(*, actor: User, query: str, confirm: bool, now: datetime) -> BulkDeletion:
    """Deletes the products of the actor's organization that the words of `query` find; those with cases stay.

    Raises Forbidden, Invalid (nothing to search for, or not confirmed).
    """
    permissions.can_bulk_delete_products(actor).enforce()
    query = clean_text("query", query, longest=200)
    if not query:
        raise Invalid.field("query", _("Say which products: words of their code or name."))
    if not confirm:
        raise Invalid.field("confirm", _("Deleting cannot be undone: confirm it with true."))
    deleted, kept = 0, []
    with transaction.atomic():
        rows = Product.objects.select_for_update(of=("self",)).order_by("pk")  # all of them before the audit log
        for product in list(rows.filter(products_found(query), organization=actor.organization_id)):
            if product_usage(product).in_use:
                kept.append(product.code)
            else:
                _delete(product, actor=actor, now=now)
                deleted += 1
    return BulkDeletion(deleted, kept)


def _delete(product: Product, *, actor: User | System, now: datetime) -> None:
    audit.record(product, "deleted", actor=recorded(actor), now=now, old=described(product, stored(product)))
    product.delete()


def _set(product: Product, given: Mapping[str, Any], errors: Errors) -> None:
    values = {name: given[name] for name in FIELDS if name in given}
    former = product.tax_code
    errors.update(set_fields(product, values))
    if "base_price" in values and "base_price" not in errors and product.base_price < 0:
        errors["base_price"].append(_("The price must be 0 or more."))
    if product.tax_code and product.tax_code != former and "tax_code" not in errors:
        codes = TaxCode.objects.filter(organization=product.organization_id, active=True)
        known = list(codes.values_list("code", flat=True))
        if product.tax_code not in known:
            errors["tax_code"].append(_("Choose one of: %(options)s.") % {"options": ", ".join(known)})


def _save(product: Product, **options: Any) -> None:
    """Raises ProductExists."""
    message = _("There is a product with the code %(code)s already.") % {"code": product.code}
    taken = ProductExists(message, fields={"code": [message]})
    same = Product.objects.filter(organization=product.organization_id, code__iexact=product.code)
    if same.exclude(pk=product.pk).exists():
        raise taken
    try:
        with transaction.atomic():
            product.save(**options)
    except IntegrityError:
        raise taken from None


def _locked(product: Product, *, deleting: bool = False) -> Product:
    """The product as it is now, locked until the end of the transaction; with `deleting` no case of it can begin."""
    rows = Product.objects.select_for_update(of=("self",), no_key=not deleting).select_related("organization")
    found = rows.filter(pk=product.pk).first()
    if found is None:
        raise NotFound(_("The product was deleted."))
    return found
