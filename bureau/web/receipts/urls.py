from django.urls import path

from bureau.web.receipts import views

urlpatterns = [path("orders/<int:pk>/receive/", views.receive, name="order-receive")]
