from django.urls import path

from bureau.web.calendar import views

urlpatterns = [path("calendar/<str:token>.ics", views.feed, name="calendar-feed")]
