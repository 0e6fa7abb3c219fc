from django.urls import path

from bureau.web.design.views import design

urlpatterns = [path("design/", design, name="design")]
