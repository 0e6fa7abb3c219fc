from django.urls import path

from bureau.web.selling.editing.kinds import INVOICE, QUOTE
from bureau.web.selling.editing.views import asking, editing

INVOICES, QUOTES = {"kind": INVOICE}, {"kind": QUOTE}

urlpatterns = [
    path("invoices/new/", editing.new, INVOICES, name="invoice-new"),
    path("invoices/new/cases/", asking.cases, INVOICES, name="invoice-cases"),
    path("invoices/new/preview/", asking.preview, INVOICES, name="invoice-preview"),
    path("invoices/new/preview.pdf", asking.pdf, INVOICES, name="invoice-preview-pdf"),
    path("invoices/<int:pk>/edit/", editing.edit, INVOICES, name="invoice-edit"),
    path("invoices/<int:pk>/copy/", editing.copy, INVOICES, name="invoice-copy"),
    path("invoices/<int:pk>/edit/preview/", asking.preview, INVOICES, name="invoice-preview-of"),
    path("invoices/<int:pk>/edit/preview.pdf", asking.pdf, INVOICES, name="invoice-preview-pdf-of"),
    path("quotes/new/", editing.new, QUOTES, name="quote-new"),
    path("quotes/new/preview/", asking.preview, QUOTES, name="quote-preview"),
    path("quotes/new/preview.pdf", asking.pdf, QUOTES, name="quote-preview-pdf"),
    path("quotes/<int:pk>/edit/", editing.edit, QUOTES, name="quote-edit"),
    path("quotes/<int:pk>/copy/", editing.copy, QUOTES, name="quote-copy"),
    path("quotes/<int:pk>/edit/preview/", asking.preview, QUOTES, name="quote-preview-of"),
    path("quotes/<int:pk>/edit/preview.pdf", asking.pdf, QUOTES, name="quote-preview-pdf-of"),
    path("customers/options/", asking.customers, name="customer-options"),
]
