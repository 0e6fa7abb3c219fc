"""The walk-up order: one short page for a phone, sent off in one step with the photo of its receipt."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bureau.kit.errors import BusinessRule, Forbidden, Invalid, NotFound, WrongState
from bureau.parties.selectors.vendors import visible_vendors
from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.selectors.orders import visible_order
from bureau.purchasing.services import orders
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.orders.finding import chosen_ids
from bureau.web.orders.forms import WalkupForm
from bureau.web.orders.reading import Story
from bureau.web.orders.views.editing import SUGGESTED_VENDORS, last_project
from bureau.web.orders.views.files import attach


@page
@require_http_methods(["GET", "POST"])
def walkup(request: PageRequest) -> HttpResponse:
    """A refusal after the draft was made comes back with the draft's id, so that the next try goes on with it."""
    user = request.user
    permissions.can_create_order(user).enforce()
    initial = {"tax_code": user.organization.default_tax_code, **last_project(request)}
    form = WalkupForm(user, request.POST or None, request.FILES or None, initial=initial)
    draft = None
    if request.method == "POST" and request.POST.get("do") == "codes":
        form = WalkupForm(user, initial=request.POST.dict())
    elif request.method == "POST" and form.is_valid():
        draft = _draft_of(request, form)
        try:
            draft = _saved(request, form, draft)
            for upload in form.uploads():
                attach(request, draft, upload)
            item = orders.submit_order(actor=user, order=draft, now=timezone.now())
        except (Forbidden, NotFound, WrongState):
            raise
        except (Invalid, BusinessRule) as error:
            form.place(error)
        else:
            next_person = Story(item, user, today=timezone.localdate()).reason
            messages.success(request, _("%s is submitted.") % item.po_number + " " + next_person)
            return redirect("web:order", item.pk)
    context = {
        "form": form,
        "draft": draft,
        "vendors": visible_vendors(user).filter(organization=user.organization, active=True)[:SUGGESTED_VENDORS],
        "currency": user.organization.currency,
    }
    return render(request, "web/orders/walkup.html", context, status=UNREADABLE if form.is_bound else 200)


def _draft_of(request: PageRequest, form: WalkupForm) -> PurchaseOrder | None:
    ids = chosen_ids([form.cleaned_data["order"]])
    return visible_order(request.user, ids[0]) if ids else None


def _saved(request: PageRequest, form: WalkupForm, draft: PurchaseOrder | None) -> PurchaseOrder:
    values, lines, now = form.values(), form.lines(), timezone.now()
    if draft is None:
        return orders.create_order(actor=request.user, lines=lines, now=now, **values)
    return orders.update_order(actor=request.user, order=draft, changes=values, lines=lines, now=now)
