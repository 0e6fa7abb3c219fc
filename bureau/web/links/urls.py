from django.urls import path

from bureau.web.links import views

# What a token may look like is left to the views: a wrong one is answered like one that has ended.
urlpatterns = [
    path("c/<str:token>/", views.show, name="case-link"),
    path("c/<str:token>/logo/", views.logo, name="case-link-logo"),
    path("c/<str:token>/documents/<int:pk>/", views.upload, name="case-link-upload"),
]
