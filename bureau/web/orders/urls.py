from django.urls import path

from bureau.web.orders.views import adding, deciding, editing, files, lists, sending, walkup

urlpatterns = [
    path("orders/", lists.order_list, name="orders"),
    path("orders/new/", editing.new, name="order-new"),
    path("orders/walk-up/", walkup.walkup, name="order-walkup"),
    path("orders/codes/", editing.codes, name="order-codes"),
    path("orders/vendors/", editing.vendors, name="order-vendors"),
    path("orders/outlook/", editing.outlook, name="order-outlook"),
    path("orders/decide/", deciding.decide_selected, name="orders-decide"),
    path("orders/<int:pk>/", deciding.show, name="order"),
    path("orders/<int:pk>/edit/", editing.edit, name="order-edit"),
    path("orders/<int:pk>/submit/", editing.submit, name="order-submit"),
    path("orders/<int:pk>/delete/", editing.delete, name="order-delete"),
    path("orders/<int:pk>/decide/", deciding.decide, name="order-decide"),
    path("orders/<int:pk>/pdf/", sending.pdf, name="order-pdf"),
    path("orders/<int:pk>/send/", sending.send, name="order-send"),
    path("orders/<int:pk>/notes/", adding.add_note, name="order-notes"),
    path("orders/<int:pk>/releases/", adding.release, name="order-releases"),
    path("orders/<int:pk>/files/", files.add_files, name="order-files"),
    path("orders/files/<int:pk>/", files.file, name="order-file"),
    path("orders/files/<int:pk>/preview/", files.preview, name="order-file-preview"),
    path("orders/files/<int:pk>/remove/", files.remove_file, name="order-file-remove"),
]
