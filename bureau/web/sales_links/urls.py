from django.urls import path

from bureau.web.sales_links import views

# What a token may look like is left to the views: a wrong one is answered like one that has ended.
urlpatterns = [
    path("s/<str:token>/", views.show, name="sales-link"),
    path("s/<str:token>/logo/", views.logo, name="sales-link-logo"),
    path("s/<str:token>/document.pdf", views.pdf, name="sales-link-pdf"),
    path("s/<str:token>/invoice.xml", views.xml, name="sales-link-xml"),
    path("s/<str:token>/answer/", views.answer, name="sales-link-answer"),
]
