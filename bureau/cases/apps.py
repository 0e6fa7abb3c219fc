from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "bureau.cases"
    label = "cases"

    def ready(self) -> None:
        from bureau.cases import (
            importing,  # noqa: F401  (it registers how products are imported)
            reminders,  # noqa: F401  (these three register their kinds of job)
        )
        from bureau.cases.notifications import cases  # noqa: F401  (the same)
        from bureau.cases.services import links  # noqa: F401  (the same)
        from bureau.cases.services.cases import following  # noqa: F401  (it follows files that a scan took away)
