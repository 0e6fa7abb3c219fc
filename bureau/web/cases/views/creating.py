"""Starting a case: for a customer who is known, or for one who is entered at the same time."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureau.cases.calendars import calendars_of
from bureau.cases.models import Case, Product, ProductDocument, ProductTask
from bureau.cases.planning import plan
from bureau.cases.selectors.products import required_and_optional, visible_product
from bureau.cases.services.cases import create_case
from bureau.cases.services.intake import open_case_for_new_customer
from bureau.core.models import User
from bureau.kit.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from bureau.parties.models import Customer
from bureau.parties.selectors.customers import searched, visible_customer, visible_customers
from bureau.parties.services.customers import CustomerExists
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.cases.finding import LARGEST_ID
from bureau.web.cases.forms import NewCaseForm
from bureau.web.setup.forms import show_refusal

SUGGESTED = 8


@dataclass(frozen=True)
class Outlook:
    """What a case of a product would take: each task with the day on which it would be due."""

    product: Product
    tasks: list[tuple[ProductTask, date]]
    required: list[ProductDocument]
    optional: list[ProductDocument]

    @property
    def due_date(self) -> date | None:
        return self.tasks[-1][1] if self.tasks else None


def outlook_of(user: User, product: Product | None, begin: date | None) -> Outlook | None:
    """From `begin`, today where it is not given; None where the calendar does not reach."""
    if product is None:
        return None
    product = visible_product(user, product.pk)
    calendar_of, day, tasks = calendars_of(product.organization), begin or timezone.localdate(), []
    try:
        for task in product.tasks.all():
            day = plan(day, [task], calendar_of)
            tasks.append((task, day))
    except OverflowError:
        return None
    documents = required_and_optional(product)
    return Outlook(product, tasks, documents[True], documents[False])


@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    if request.method == "GET":
        return _shown(request, NewCaseForm(request.user, initial=_initial(request)))
    form, chosen = NewCaseForm(request.user, request.POST), None
    if form.is_valid():
        try:
            chosen = _chosen(request.user, form)
            made = _made(request.user, form, chosen)
        except Forbidden:
            raise
        except CustomerExists as error:
            return _shown(request, form, exists=error)
        except DomainError as error:
            show_refusal(form, error if isinstance(error, Invalid) else Invalid(error.message))
        else:
            messages.success(request, _("%s is open. Next: its documents.") % made.number)
            return redirect("web:case", made.pk)
    return _shown(request, form)


def _initial(request: PageRequest) -> dict[str, Any]:
    """`customer` and `product` of the address, as far as this person sees them."""
    initial: dict[str, Any] = {"doc_date": timezone.localdate(), "product": request.GET.get("product", "")}
    given = request.GET.get("customer", "")
    if given.isascii() and given.isdigit() and len(given) < 19:
        found = visible_customers(request.user).filter(pk=int(given)).first()
        if found is not None:
            initial |= {"customer": found.pk, "customer_name": found.party.name}
    return initial


def _chosen(user: User, form: NewCaseForm) -> Customer | None:
    """The customer who is known; None where a new one is described. Raises Invalid where it is not clear which."""
    pk, name = form.cleaned_data["customer"], form.cleaned_data["customer_name"].strip()
    if pk and 0 < pk <= LARGEST_ID:
        try:
            return visible_customer(user, pk)
        except NotFound:
            raise Invalid.field("customer_name", _("There is no such customer.")) from None
    if form.makes_customer:
        return None
    if not name:
        raise Invalid.field("customer_name", _("Choose a customer, or enter a new one below."))
    alike = searched(visible_customers(user).filter(active=True), name)
    exact = alike.filter(party__name__iexact=name)[:2] or alike[:2]
    if len(exact) == 1:
        return exact[0]
    if exact:
        raise Invalid.field("customer_name", _("Several customers are called like this: choose one of the list."))
    raise Invalid.field("customer_name", _("Nobody is called like this: enter a new customer below."))


def _made(user: User, form: NewCaseForm, customer: Customer | None) -> Case:
    given = form.cleaned_data
    options: dict[str, Any] = {
        "actor": user,
        "product": form.products[given["product"]],
        "doc_date": given["doc_date"],
        "notes": given["notes"],
        "now": timezone.now(),
    }
    if customer is not None:
        return create_case(customer=customer, **options)
    return open_case_for_new_customer(customer=form.new_customer, allow_duplicate=given["allow_duplicate"], **options)


def _shown(request: PageRequest, form: NewCaseForm, *, exists: Conflict | None = None) -> HttpResponse:
    begin = form["doc_date"].value()
    context = {
        "form": form,
        "exists": exists,
        "outlook": outlook_of(request.user, form.chosen, _day(begin)),
        "customers": visible_customers(request.user).filter(active=True)[:SUGGESTED],
    }
    status = UNREADABLE if form.is_bound else 200
    return render(request, "web/cases/new.html", context, status=status)


def _day(given: Any) -> date | None:
    if isinstance(given, date) or not given:
        return given or None
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        return None


@page
@require_GET
def customers(request: PageRequest) -> HttpResponse:
    """Those whom the letters may mean."""
    words = request.GET.get("customer_name", "").replace("\x00", "").strip()[:200]
    found = searched(visible_customers(request.user).filter(active=True), words)[:SUGGESTED]
    return render(request, "web/cases/customers.html", {"customers": found})


@page
@require_GET
def outlook(request: PageRequest) -> HttpResponse:
    """What the product takes, and when it would be done."""
    form = NewCaseForm(request.user, request.GET)
    found = outlook_of(request.user, form.chosen, _day(request.GET.get("doc_date", "")))
    return render(request, "web/cases/outlook.html", {"outlook": found})
