from django.urls import path

from bureau.web.customers import views

urlpatterns = [
    path("customers/", views.customer_list, name="customers"),
    path("customers/new/", views.new, name="customer-new"),
    path("customers/alike/", views.alike, name="customers-alike"),
    path("customers/<int:pk>/", views.customer, name="customer"),
    path("customers/<int:pk>/edit/", views.edit, name="customer-edit"),
    path("customers/<int:pk>/active/", views.activate, name="customer-active"),
]
