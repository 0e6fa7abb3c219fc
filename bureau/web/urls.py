"""The pages. Each area has a folder of its own with urls.py; the names are `web:<name>`."""

from django.urls import include, path

app_name = "web"
urlpatterns = [
    path("", include("bureau.web.account.urls")),
    path("", include("bureau.web.home.urls")),
    path("", include("bureau.web.requests.urls")),
    path("", include("bureau.web.orders.urls")),
    path("", include("bureau.web.setup.urls")),
    path("", include("bureau.web.audit.urls")),
    path("", include("bureau.web.projects.urls")),
    path("", include("bureau.web.receipts.urls")),
    path("", include("bureau.web.vendors.urls")),
    path("", include("bureau.web.bills.urls")),
    path("", include("bureau.web.calendar.urls")),
    path("", include("bureau.web.cases.urls")),
    path("", include("bureau.web.customers.urls")),
    path("", include("bureau.web.imports.urls")),
    path("", include("bureau.web.invoices.urls")),
    path("", include("bureau.web.links.urls")),
    path("", include("bureau.web.payments.urls")),
    path("", include("bureau.web.products.urls")),
    path("", include("bureau.web.quotes.urls")),
    path("", include("bureau.web.recurring.urls")),
    path("", include("bureau.web.sales_links.urls")),
    path("", include("bureau.web.selling.editing.urls")),
    path("", include("bureau.web.statements.urls")),
    path("", include("bureau.web.design.urls")),
]
