from django.urls import path

from bureau.web.invoices.views import acting, files, lists, paying, sending, showing

urlpatterns = [
    path("invoices/", lists.invoice_list, name="invoices"),
    path("invoices/bulk/", lists.bulk, name="invoices-bulk"),
    path("invoices/<int:pk>/", showing.invoice, name="invoice"),
    path("invoices/<int:pk>/issue/", acting.issue, name="invoice-issue"),
    path("invoices/<int:pk>/credit/", acting.credit, name="invoice-credit"),
    path("invoices/<int:pk>/void/", acting.void, name="invoice-void"),
    path("invoices/<int:pk>/delete/", acting.delete, name="invoice-delete"),
    path("invoices/<int:pk>/pay/", paying.pay, name="invoice-pay"),
    path("invoices/<int:pk>/send/", sending.send, name="invoice-send"),
    path("invoices/<int:pk>/links/", sending.make_link, name="invoice-link-new"),
    path("invoices/<int:pk>/links/<uuid:uuid>/revoke/", sending.revoke, name="invoice-link-revoke"),
    path("invoices/<int:pk>/pdf/", files.pdf, name="invoice-pdf"),
    path("invoices/<int:pk>/file/<slug:form>/", files.file, name="invoice-file"),
    path("credit-notes/<int:pk>/", files.credit_note, name="credit-note"),
    path("payments/<int:pk>/refund/", paying.refund, name="payment-refund"),
]
