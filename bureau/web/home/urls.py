from django.urls import path

from bureau.web.home import views

urlpatterns = [
    path("", views.home, name="home"),
    path("decide/", views.decide, name="decide"),
    path("search/", views.search, name="search"),
    path("jobs/", views.jobs, name="jobs"),
]
