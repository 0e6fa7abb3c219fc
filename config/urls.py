"""The addresses of the whole server: the API of five dialects, then the pages."""

from django.urls import include, path

from bureau.api.failures import bad_request, page_not_found, permission_denied, server_error

urlpatterns = [
    path("api/", include("bureau.api.urls")),
    path("", include("bureau.web.urls")),
]
handler400 = bad_request
handler403 = permission_denied
handler404 = page_not_found
handler500 = server_error
