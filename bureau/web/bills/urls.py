from django.urls import path

from bureau.web.bills.views import deciding, editing, files, lists

urlpatterns = [
    path("bills/", lists.bill_list, name="bills"),
    path("bills/new/", editing.new, name="bill-new"),
    path("bills/payments.csv", lists.payments, name="bill-payments"),
    path("bills/<int:pk>/", deciding.bill, name="bill"),
    path("bills/<int:pk>/edit/", editing.edit, name="bill-edit"),
    path("bills/<int:pk>/delete/", editing.delete, name="bill-delete"),
    path("bills/<int:pk>/match/", deciding.match, name="bill-match"),
    path("bills/<int:pk>/approve/", deciding.approve, name="bill-approve"),
    path("bills/<int:pk>/pay/", deciding.pay, name="bill-pay"),
    path("bills/<int:pk>/file/", files.file, name="bill-file"),
    path("bills/<int:pk>/preview/", files.preview, name="bill-preview"),
]
