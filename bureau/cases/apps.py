from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "bureau.cases"
    label = "cases"

    def ready(self) -> None:
        from bureau.cases.services import links  # noqa: F401  (it registers its kind of job)
        from bureau.cases.services.cases import following  # noqa: F401  (it follows files that a scan took away)
