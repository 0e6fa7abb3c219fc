from django.urls import path

from bureau.web.requests import views

urlpatterns = [
    path("requests/", views.request_list, name="requests"),
    path("requests/new/", views.new, name="request-new"),
    path("requests/decide/", views.decide_selected, name="requests-decide"),
    path("requests/<uuid:uuid>/", views.show, name="request"),
    path("requests/<uuid:uuid>/edit/", views.edit, name="request-edit"),
    path("requests/<uuid:uuid>/submit/", views.submit, name="request-submit"),
    path("requests/<uuid:uuid>/delete/", views.delete, name="request-delete"),
    path("requests/<uuid:uuid>/decide/", views.decide, name="request-decide"),
    path("requests/<uuid:uuid>/files/", views.add_files, name="request-files"),
    path("requests/files/<uuid:uuid>/", views.file, name="request-file"),
    path("requests/files/<uuid:uuid>/preview/", views.preview, name="request-file-preview"),
    path("requests/files/<uuid:uuid>/remove/", views.remove_file, name="request-file-remove"),
    path("finance/", views.finance_inbox, name="finance-inbox"),
]
