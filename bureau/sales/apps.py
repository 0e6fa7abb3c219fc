from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "bureau.sales"
    label = "sales"

    def ready(self) -> None:
        from bureau.sales import (
            importing,  # noqa: F401  (it registers its kind of import)
            reminders,  # noqa: F401  (these register their kinds of job)
        )
        from bureau.sales.services import recurring, sending  # noqa: F401  (the same)
        from bureau.sales.services.invoices import preparing  # noqa: F401  (the same)
        from bureau.sales.services.quotes import expiring  # noqa: F401  (the same)
