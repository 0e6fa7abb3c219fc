"""The editor of quotes and invoices: new, changed, copied, saved by itself, saved and sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bureau.cases.models import Case
from bureau.kit.errors import BusinessRule, Forbidden, Invalid, NotFound, WrongState
from bureau.parties.models import Customer
from bureau.parties.selectors.customers import visible_customers
from bureau.parties.services.customers import CustomerExists, create_customer
from bureau.sales.models import Invoice
from bureau.sales.selectors.invoices import billable_cases
from bureau.sales.services.content import LineInput
from bureau.web.answers import UNREADABLE, PageRequest, page, place_errors
from bureau.web.selling.editing.forms import EditorForm, NewCustomerForm, chosen_values, first_values, kept_values
from bureau.web.selling.editing.kinds import Document, Kind
from bureau.web.selling.editing.lines import (
    Line,
    again,
    case_line,
    cases_of,
    copied_lines,
    kept_lines,
    read_lines,
    tax_totals,
    taxes_of,
    with_empty,
)
from bureau.web.selling.finding import known_id, read_id

MORE_LINES = 5
SUGGESTED = 50  # customers that a browser without script is told of
UNITS = ("h", "d", "pcs", "m", "m²", "kg", "km", "month")


@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest, kind: Kind) -> HttpResponse:
    """`?client=` and, of an invoice, `?case=` say for whom and for what it is."""
    if request.method == "POST":
        return _posted(request, kind, None)
    values, rows = first_values(kind, request.user.organization, timezone.localdate()), list[Line]()
    if customer := _asked_for(request):
        values |= chosen_values(customer)
    if kind.bills_cases and (case := _case(request, request.GET.get("case", ""))):
        values |= chosen_values(case.customer)
        rows = [case_line(case, case.organization)]
    return _shown(request, kind, None, EditorForm(kind, request.user, initial=values), rows)


@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, kind: Kind, pk: int) -> HttpResponse:
    item = document_of(request, kind, pk)
    may = kind.actions(item, request.user)["edit"]
    if not may:
        messages.info(request, may.reason)
        return redirect(kind.url(pk=item.pk))
    if request.method == "POST":
        return _posted(request, kind, item)
    form = EditorForm(kind, request.user, item=item, initial=kept_values(kind, item))
    return _shown(request, kind, item, form, kept_lines(item))


@page
@require_http_methods(["GET", "POST"])
def copy(request: PageRequest, kind: Kind, pk: int) -> HttpResponse:
    """A new one, filled as another is; nothing is made before it is saved."""
    item = document_of(request, kind, pk)
    if request.method == "POST":
        return _posted(request, kind, None)
    values = first_values(kind, item.organization, timezone.localdate()) | chosen_values(item.customer)
    values |= {"terms": item.terms, "notes": item.notes}
    return _shown(request, kind, None, EditorForm(kind, request.user, initial=values), copied_lines(item))


def document_of(request: PageRequest, kind: Kind, pk: int) -> Document:
    """Raises NotFound."""
    found: Document = kind.visible(request.user, known_id(pk, _("Not found.")))
    return found


def _asked_for(request: PageRequest) -> Customer | None:
    pk = read_id(request.GET.get("client", ""))
    return None if pk is None else visible_customers(request.user).filter(pk=pk).first()


def _case(request: PageRequest, text: str) -> Case | None:
    pk = read_id(text)
    cases = Case.objects.visible_to(request.user).select_related("customer__party", "product", "organization")
    return None if pk is None else cases.filter(pk=pk).first()


# --- What was sent


def _posted(request: PageRequest, kind: Kind, item: Document | None) -> HttpResponse:
    do = request.POST.get("do", "")
    if do == "customer":
        return _customer_added(request, kind, item)
    if do == "more":  # asked for by a browser without script, as the next is
        return _again(request, kind, item, more=MORE_LINES)
    if case := _case(request, request.POST.get("add_case", "")):
        return _again(request, kind, item, added=[case_line(case, case.organization)])
    autosaving = "application/json" in request.headers.get("Accept", "")
    form, saved = EditorForm(kind, request.user, request.POST, item=item), None
    cases = cases_of(request.POST, request.user, item)
    try:
        saved = _saved(request, kind, item, form, cases)
    except (Forbidden, NotFound, WrongState):
        raise  # nothing on the form could help
    except (Invalid, BusinessRule) as error:
        form.place(error)
    if saved is None:
        if autosaving:
            return JsonResponse({"message": _first_problem(form)}, status=UNREADABLE)
        return _shown(request, kind, item, form, again(request.POST, cases, form.cell_errors), typed=True)
    if autosaving:
        return JsonResponse({})
    if do == "send":
        return redirect(kind.url("send", saved.pk))
    messages.success(request, _("%s is saved.") % saved.number)
    return redirect(kind.url(pk=saved.pk))


def _saved(
    request: PageRequest, kind: Kind, item: Document | None, form: EditorForm, cases: Mapping[int, Case]
) -> Document | None:
    """As it is kept now; None where something cannot be read, all of which then stands in the form."""
    values, lines, now = dict[str, Any](), list[LineInput](), timezone.now()
    form.is_valid()
    try:
        values = form.values()
    except Invalid as error:
        form.place(error)
    try:
        lines = read_lines(request.POST, cases)
    except Invalid as error:
        form.place(error)
    if form.wrong:
        return None
    if item is None:
        return kind.make(actor=request.user, lines=lines, now=now, **values)
    return kind.change(actor=request.user, item=item, changes=values, lines=lines, now=now)


def _again(
    request: PageRequest,
    kind: Kind,
    item: Document | None,
    *,
    customer: Customer | None = None,
    newcomer: NewCustomerForm | None = None,
    added: Sequence[Line] = (),
    more: int = 1,
) -> HttpResponse:
    """The page as it was typed, not judged yet."""
    initial = request.POST.dict() | (chosen_values(customer) if customer else {})
    form = EditorForm(kind, request.user, item=item, initial=initial)
    rows = [*again(request.POST, cases_of(request.POST, request.user, item), {}), *added]
    return _shown(request, kind, item, form, rows, newcomer=newcomer, more=more, typed=True)


def _customer_added(request: PageRequest, kind: Kind, item: Document | None) -> HttpResponse:
    """Makes the new customer, and chooses them."""
    form = NewCustomerForm(request.POST)
    if form.is_valid():
        try:
            customer = create_customer(actor=request.user, now=timezone.now(), **form.values())
        except CustomerExists as error:
            form.exists = error
        except Invalid as error:
            place_errors(form, error)
        else:
            if request.htmx:
                return render(request, "web/selling/editor/options.html", {"customers": [customer]})
            return _again(request, kind, item, customer=customer, newcomer=NewCustomerForm())
    if request.htmx:
        return render(request, "web/selling/editor/new_customer.html", {"newcomer": form}, status=UNREADABLE)
    return _again(request, kind, item, newcomer=form)


def _first_problem(form: EditorForm) -> str:
    first = next((problem.text for problem in form.problems), "") or " ".join(map(str, form.non_field_errors()))
    return _("Still to do: %s") % first


# --- The page


def _shown(
    request: PageRequest,
    kind: Kind,
    item: Document | None,
    form: EditorForm,
    rows: Sequence[Line],
    *,
    newcomer: NewCustomerForm | None = None,
    more: int = 1,
    typed: bool = False,
) -> HttpResponse:
    chosen = form.chosen()
    organization = item.organization if item else chosen.organization if chosen else request.user.organization
    rows = with_empty(rows, organization, more=more)
    newcomer = newcomer or NewCustomerForm(request.POST if typed else None)
    customers = visible_customers(request.user).filter(organization=organization, active=True)
    lines = item.lines.all() if item and not typed else ()
    context = {
        "kind": kind,
        "item": item,
        "status": item.status_on(timezone.localdate()) if item else "",
        "form": form,
        "typed": typed,
        "newcomer": newcomer,
        "chosen": chosen,
        "customers": customers.order_by("sort_name", "pk")[:SUGGESTED],
        "lines": rows,
        "taxes": taxes_of(organization, rows),
        "tax_totals": tax_totals(lines),
        "units": UNITS,
        "cases": offered_cases(request, kind, chosen, item, rows),
        "currency": item.currency if item else organization.currency,
        "autosaves": bool(item and item.status == kind.draft),
        "days": kind.days(organization),
        **_addresses(request, kind, item),
    }
    return render(request, "web/selling/editor/edit.html", context, status=UNREADABLE if form.is_bound else 200)


def offered_cases(
    request: PageRequest, kind: Kind, customer: Customer | None, item: Document | None, rows: Sequence[Line]
) -> list[Line]:
    """What bills the cases of the customer that are ready to be billed; those of the invoice itself are again, once
    their line is gone."""
    if not kind.bills_cases or customer is None:
        return []
    there = {line.texts["case"] for line in rows}
    own: list[Case] = []
    if isinstance(item, Invoice) and item.customer_id == customer.pk:
        own = [line.case for line in item.lines.all() if line.case]
    cases = [*own, *billable_cases(request.user, customer)]
    return [case_line(case, customer.organization) for case in cases if str(case.pk) not in there]


def _addresses(request: PageRequest, kind: Kind, item: Document | None) -> dict[str, str]:
    if item is None:
        here = request.get_full_path()  # what is kept in the browser is of this customer, this copy
        return {"page": here, "preview": kind.url("preview"), "pdf": kind.url("preview-pdf"), "back": kind.list_url}
    return {
        "page": kind.url("edit", item.pk),
        "preview": kind.url("preview-of", item.pk),
        "pdf": kind.url("preview-pdf-of", item.pk),
        "back": kind.url(pk=item.pk),
    }
