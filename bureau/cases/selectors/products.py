"""Reads of products and document types: which there are, and what refers to them."""

from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bureau.cases.models import Case, CaseDocument, DocumentType, Product, ProductDocument, ProductTask
from bureau.core.models import User
from bureau.kit.errors import NotFound


def visible_products(user: User) -> QuerySet[Product]:
    """By name."""
    return Product.objects.visible_to(user).order_by("name", "pk")


def products_found(query: str) -> Q:
    """Each word of a search is in the code or the name."""
    found = Q()
    for word in query.split():
        found &= Q(code__icontains=word) | Q(name__icontains=word)
    return found


def visible_product(user: User, pk: int) -> Product:
    """The product with its tasks and document types. Raises NotFound, foreign or unknown."""
    found = with_details(Product.objects.visible_to(user).filter(pk=pk)).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def with_details(products: QuerySet[Product]) -> QuerySet[Product]:
    """With everything that a product's page and its detail in the API show."""
    documents = ProductDocument.objects.select_related("document_type")
    return products.select_related("organization").prefetch_related("tasks", Prefetch("documents", documents))


def visible_task(user: User, pk: int) -> ProductTask:
    """A task of a product that the person sees. Raises NotFound, foreign or unknown."""
    tasks = ProductTask.objects.filter(product__in=Product.objects.visible_to(user))
    found = tasks.select_related("product__organization").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def visible_document_types(user: User) -> QuerySet[DocumentType]:
    """By name."""
    return DocumentType.objects.visible_to(user).order_by("name", "pk")


def visible_document_type(user: User, pk: int) -> DocumentType:
    """Raises NotFound, foreign or unknown."""
    found = DocumentType.objects.visible_to(user).select_related("organization").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def product_types(user: User) -> list[str]:
    """The words that the organization sorts its products by."""
    words = Product.objects.visible_to(user).exclude(product_type="").values_list("product_type", flat=True)
    return sorted(set(words.order_by()), key=str.casefold)


@dataclass(frozen=True, slots=True)
class ProductUsage:
    """What refers to a product (`cases`), and what would go with it."""

    cases: int
    tasks: int
    documents: int

    @property
    def in_use(self) -> bool:
        return self.cases > 0

    @property
    def message(self) -> str:
        """In words, and what to do instead."""
        if not self.cases:
            return _("It goes with its tasks and its list of documents. No case is about it.")
        return ngettext(
            "%(count)d case is about this product. Deactivate it instead: it is not offered for new cases any more.",
            "%(count)d cases are about this product. Deactivate it instead: it is not offered for new cases any more.",
            self.cases,
        ) % {"count": self.cases}


def product_usage(product: Product) -> ProductUsage:
    return ProductUsage(
        cases=Case.objects.filter(product=product).count(),
        tasks=ProductTask.objects.filter(product=product).count(),
        documents=ProductDocument.objects.filter(product=product).count(),
    )


@dataclass(frozen=True, slots=True)
class TypeUsage:
    """What refers to a document type: products, and documents of cases."""

    products: int
    documents: int

    @property
    def in_use(self) -> bool:
        return bool(self.products or self.documents)

    @property
    def message(self) -> str:
        """In words, and what to do instead."""
        if not self.in_use:
            return _("Nothing refers to it.")
        found = []
        if self.products:
            found.append(ngettext("%(count)d product", "%(count)d products", self.products) % {"count": self.products})
        if self.documents:
            words = ngettext("%(count)d document of a case", "%(count)d documents of cases", self.documents)
            found.append(words % {"count": self.documents})
        if self.documents:
            return _(
                "It stays, for what is kept: %(found)s. Take it off the products that are to ask no more for it."
            ) % {"found": ", ".join(found)}
        return _("%(found)s asks for it. Take it off there first.") % {"found": found[0]}


def type_usage(document_type: DocumentType) -> TypeUsage:
    return TypeUsage(
        products=ProductDocument.objects.filter(document_type=document_type).count(),
        documents=CaseDocument.objects.filter(document_type=document_type).count(),
    )


def required_and_optional(product: Product) -> dict[bool, list[ProductDocument]]:
    """The product's documents (prefetched) by whether they are required."""
    found: dict[bool, list[ProductDocument]] = {True: [], False: []}
    for document in product.documents.all():
        found[document.required].append(document)
    return found
