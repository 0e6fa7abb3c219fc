from django.urls import path

from bureau.web.imports import views

urlpatterns = [
    path("imports/", views.import_list, name="imports"),
    path("imports/<int:pk>/", views.import_page, name="import"),
    path("imports/<int:pk>/map/", views.map_columns, name="import-map"),
    path("imports/<int:pk>/check/", views.check, name="import-check"),
    path("imports/<int:pk>/run/", views.run, name="import-run"),
    path("imports/<int:pk>/report/", views.report, name="import-report"),
]
