from django.urls import path

from bureau.web.products.views import document_types, editing, products

urlpatterns = [
    path("products/", products.product_list, name="products"),
    path("products/new/", editing.new, name="product-new"),
    path("products/<int:pk>/", products.product, name="product"),
    path("products/<int:pk>/edit/", editing.edit, name="product-edit"),
    path("products/<int:pk>/delete/", products.delete, name="product-delete"),
    path("products/documents/", document_types.type_list, name="document-types"),
    path("products/documents/new/", document_types.new, name="document-type-new"),
    path("products/documents/<int:pk>/", document_types.edit, name="document-type"),
    path("products/documents/<int:pk>/delete/", document_types.delete, name="document-type-delete"),
]
