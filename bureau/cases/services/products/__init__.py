from bureau.cases.services.products.content import FIELDS, DocumentInput, TaskInput
from bureau.cases.services.products.keeping import (
    BulkDeletion,
    ProductExists,
    ProductInUse,
    bulk_delete_products,
    create_product,
    delete_product,
    update_product,
)

__all__ = [
    "FIELDS",
    "BulkDeletion",
    "DocumentInput",
    "ProductExists",
    "ProductInUse",
    "TaskInput",
    "bulk_delete_products",
    "create_product",
    "delete_product",
    "update_product",
]
