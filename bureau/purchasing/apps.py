from django.apps import AppConfig


class PurchasingConfig(AppConfig):
    name = "bureau.purchasing"
    label = "purchasing"

    def ready(self) -> None:
        from bureau.core.hooks import organization_created
        from bureau.purchasing.notifications import orders, requests  # noqa: F401  (register their kinds of job)
        from bureau.purchasing.services.templates import set_up_general_team

        organization_created.register(set_up_general_team)
