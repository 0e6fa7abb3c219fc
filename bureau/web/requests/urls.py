from django.urls import path

from bureau.web.requests.views import deciding, editing, files, lists, ordering

urlpatterns = [
    path("requests/", lists.request_list, name="requests"),
    path("requests/new/", editing.new, name="request-new"),
    path("requests/decide/", deciding.decide_selected, name="requests-decide"),
    path("requests/<uuid:uuid>/", deciding.show, name="request"),
    path("requests/<uuid:uuid>/edit/", editing.edit, name="request-edit"),
    path("requests/<uuid:uuid>/submit/", editing.submit, name="request-submit"),
    path("requests/<uuid:uuid>/delete/", editing.delete, name="request-delete"),
    path("requests/<uuid:uuid>/decide/", deciding.decide, name="request-decide"),
    path("requests/<uuid:uuid>/order/", ordering.order, name="request-order"),
    path("requests/<uuid:uuid>/files/", files.add_files, name="request-files"),
    path("requests/files/<uuid:uuid>/", files.file, name="request-file"),
    path("requests/files/<uuid:uuid>/preview/", files.preview, name="request-file-preview"),
    path("requests/files/<uuid:uuid>/remove/", files.remove_file, name="request-file-remove"),
    path("finance/", lists.finance_inbox, name="finance-inbox"),
]
