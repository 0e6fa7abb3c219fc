"""What new quotes and invoices begin with, reminders, and the template of invoices as DOCX."""

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.accounts.services.organizations import update_organization
from bureau.core import files
from bureau.core.files import Upload
from bureau.kit.errors import DomainError, NotFound
from bureau.sales.rendering.docx import BUILT_IN
from bureau.sales.services.templates import remove_invoice_template, set_invoice_template
from bureau.web.answers import UNREADABLE, PageRequest
from bureau.web.setup.access import setup_page
from bureau.web.setup.forms import show_refusal
from bureau.web.setup.selling import PLACES, SellingForm, TemplateForm

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@setup_page()
@require_http_methods(["GET", "POST"])
def selling(request: PageRequest) -> HttpResponse:
    found = request.user.organization
    form = SellingForm(found, request.POST or None)
    if form.is_valid():
        try:
            update_organization(actor=request.user, organization=found, changes=form.cleaned_data, now=timezone.now())
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("web:setup-selling")
    return _shown(request, form, TemplateForm())


@setup_page()
@require_POST
def template(request: PageRequest) -> HttpResponse:
    """Takes another template, or goes back to the built-in one (`remove`)."""
    found, now = request.user.organization, timezone.now()
    form = TemplateForm(request.POST, request.FILES)
    given = request.FILES.get("invoice_template")
    try:
        if "remove" in request.POST:
            remove_invoice_template(actor=request.user, organization=found, now=now)
            messages.success(request, _("Invoices are written from the built-in template again."))
        elif given is not None:
            upload = Upload(given, given.name or "template.docx", given.content_type)
            set_invoice_template(actor=request.user, organization=found, upload=upload, now=now)
            messages.success(request, _("Invoices are written from your template from now on."))
        else:
            form.add_error("invoice_template", _("Choose a file first."))
            return _shown(request, SellingForm(found, None), form)
    except DomainError as error:
        form.is_valid()
        show_refusal(form, error)
        return _shown(request, SellingForm(found, None), form)
    return redirect("web:setup-selling")


@setup_page()
@require_GET
def own_template(request: PageRequest) -> HttpResponseBase:
    stored = request.user.organization.invoice_template
    if stored is None:
        raise NotFound(_("There is no template."))
    return FileResponse(files.open_clean(stored), as_attachment=True, filename=stored.filename, content_type=DOCX)


@setup_page()
@require_GET
def built_in_template(request: PageRequest) -> HttpResponseBase:
    """To begin with."""
    return FileResponse(BUILT_IN.open("rb"), as_attachment=True, filename="invoice.docx", content_type=DOCX)


def _shown(request: PageRequest, form: SellingForm, template_form: TemplateForm) -> HttpResponse:
    context = {
        "form": form,
        "template_form": template_form,
        "organization": request.user.organization,
        "places": PLACES,
    }
    refused = form.is_bound or template_form.is_bound
    return render(request, "web/setup/selling.html", context, status=UNREADABLE if refused else 200)
