from django.urls import path

from bureau.web.vendors import accounts, views

# A code may hold any character: an accounting system has given it. The longer addresses come first.
urlpatterns = [
    path("vendors/", views.vendor_list, name="vendors"),
    path("vendors/new/", views.new, name="vendor-new"),
    path("vendors/accounts/<uuid:uuid>/", accounts.decide, name="vendor-account-decide"),
    path("vendors/<path:code>/edit/", views.edit, name="vendor-edit"),
    path("vendors/<path:code>/account/", accounts.propose, name="vendor-account"),
    path("vendors/<path:code>/", views.vendor, name="vendor"),
]
