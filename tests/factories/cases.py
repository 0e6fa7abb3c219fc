"""Cases and their documents, by the services."""

from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

from django.utils import timezone

from bureau.cases.models import Case, CaseDocument, Product
from bureau.cases.selectors.cases import visible_case
from bureau.cases.services.cases import create_case
from bureau.cases.services.documents import update_document
from bureau.core.files import Upload
from bureau.core.models import Organization, User
from bureau.parties.models import Customer
from tests.core import samples
from tests.factories.accounts import make_organization, make_user
from tests.factories.parties import make_customer
from tests.factories.products import make_product


@dataclass
class Agency:
    """An organization that handles cases: who works there, what it offers, and a customer."""

    organization: Organization
    admin: User
    staff: User
    member: User
    other: User
    product: Product
    customer: Customer


def make_agency(**product: Any) -> Agency:
    """The customer is the member's; `other` is another member, who sees neither."""
    organization = make_organization(country="DE")
    people = {role: make_user(organization, role=role) for role in ("admin", "staff", "member")}
    member = people["member"]
    return Agency(
        organization,
        **people,
        other=make_user(organization),
        product=make_product(organization, **product),
        customer=make_customer(organization, owner=member),
    )


def make_case(agency: Agency, *, actor: User | None = None, now: datetime | None = None, **options: Any) -> Case:
    """A case of the agency's customer and product, opened by the member where no `actor` is named."""
    actor = actor or agency.member
    options = {"customer": agency.customer, "product": agency.product, **options}
    case = create_case(actor=actor, now=now or timezone.now(), **options)
    return visible_case(agency.admin, case.pk)


def pdf_upload(name: str = "passport.pdf") -> Upload:
    return Upload(BytesIO(samples.pdf_bytes()), name, "application/pdf")


def fill(
    document: CaseDocument,
    *,
    actor: User,
    number: str = "X1",
    expiry: date = date(2099, 1, 1),
    now: datetime | None = None,
) -> CaseDocument:
    """Uploads a document with all that its type may ask for."""
    changes = {"number": number, "expiry_date": expiry}
    return update_document(
        actor=actor, document=document, changes=changes, upload=pdf_upload(), now=now or timezone.now()
    )


def fill_required(case: Case, *, actor: User, now: datetime | None = None) -> None:
    for document in CaseDocument.objects.filter(case=case, required=True).select_related("case__customer"):
        fill(document, actor=actor, now=now)
