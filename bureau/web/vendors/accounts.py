"""Where a vendor is paid: one person proposes a change, another decides."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bureau.kit.errors import Conflict, Invalid, NotFound
from bureau.parties.permissions import vendors as permissions
from bureau.parties.selectors import vendors as selectors
from bureau.parties.services.vendors import confirm_account, propose_account, refuse_account
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.setup.forms import show_refusal
from bureau.web.vendors.forms import AccountForm


@page
@require_http_methods(["GET", "POST"])
def propose(request: PageRequest, code: str) -> HttpResponse:
    vendor = selectors.visible_vendor(request.user, code)
    permissions.can_write_vendors(request.user, vendor.organization).enforce()
    form = AccountForm(request.POST or None)
    if form.is_valid():
        try:
            propose_account(actor=request.user, vendor=vendor, now=timezone.now(), **form.cleaned_data)
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Proposed. It holds once a second person has confirmed it."))
            return redirect("web:vendor", vendor.code)
    context = {"form": form, "vendor": vendor, "account": selectors.confirmed_account(vendor)}
    return render(request, "web/vendors/account.html", context, status=UNREADABLE if form.is_bound else 200)


@page
@require_POST
def decide(request: PageRequest, uuid: UUID) -> HttpResponse:
    """`decision` is confirm or refuse."""
    account = selectors.accounts_awaiting(request.user).filter(uuid=uuid).first()
    if account is None:
        raise NotFound(_("There is no such account to decide on."))
    if request.POST.get("decision") == "confirm":
        confirm_account(actor=request.user, account=account, now=timezone.now())
        text = _("Confirmed: %(vendor)s is paid to %(account)s from now on.")
    else:
        refuse_account(actor=request.user, account=account, now=timezone.now())
        text = _("Refused: %(account)s is not used for %(vendor)s.")
    messages.success(request, text % {"vendor": account.vendor.party.name, "account": account.masked})
    return redirect("web:vendor", account.vendor.code)
