from django.urls import path

from bureau.web.recurring import views

urlpatterns = [
    path("recurring-invoices/", views.recurring_list, name="recurring"),
    path("recurring-invoices/new/", views.new, name="recurring-new"),
    path("recurring-invoices/<int:pk>/", views.recurring, name="recurring-invoice"),
    path("recurring-invoices/<int:pk>/edit/", views.edit, name="recurring-edit"),
    path("recurring-invoices/<int:pk>/active/", views.activate, name="recurring-active"),
    path("recurring-invoices/<int:pk>/delete/", views.delete, name="recurring-delete"),
]
