from django.urls import path

from bureau.web.statements import views

urlpatterns = [
    path("invoices/ageing/", views.ageing_page, name="ageing"),
    path("customers/<int:pk>/statement/", views.statement, name="statement"),
    path("customers/<int:pk>/statement/pdf/", views.pdf, name="statement-pdf"),
]
