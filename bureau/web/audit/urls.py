from django.urls import path

from bureau.web.audit import views

urlpatterns = [path("audit/", views.audit_log, name="audit")]
