from django.urls import path

from bureau.web.payments import views

urlpatterns = [
    path("payments/", views.payment_list, name="payments"),
]
