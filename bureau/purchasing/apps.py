from django.apps import AppConfig


class PurchasingConfig(AppConfig):
    name = "bureau.purchasing"
    label = "purchasing"

    def ready(self) -> None:
        from bureau.core.hooks import organization_created
        from bureau.purchasing import reminders  # noqa: F401  (these four register their kinds of job)
        from bureau.purchasing.connectors import posting, schedule  # noqa: F401  (the same)
        from bureau.purchasing.notifications import orders, requests  # noqa: F401  (the same)
        from bureau.purchasing.services import sending  # noqa: F401  (the same)
        from bureau.purchasing.services.templates import set_up_general_team

        organization_created.register(set_up_general_team)
