from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "bureau.sales"
    label = "sales"

    def ready(self) -> None:
        from bureau.sales import importing  # noqa: F401  (it registers its kind of import)
        from bureau.sales.services.quotes import expiring  # noqa: F401  (it registers its kind of job)
