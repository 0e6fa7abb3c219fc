from django.apps import AppConfig


class PurchasingConfig(AppConfig):
    name = "bureau.purchasing"
    label = "purchasing"

    def ready(self) -> None:
        from bureau.core.hooks import organization_created
        from bureau.purchasing import reminders  # noqa: F401  (registers its kind of job)
        from bureau.purchasing.connectors import posting, schedule  # noqa: F401
        from bureau.purchasing.notifications import orders, requests  # noqa: F401  (register their kinds of job)
        from bureau.purchasing.services import sending  # noqa: F401
        from bureau.purchasing.services.templates import set_up_general_team

        organization_created.register(set_up_general_team)
