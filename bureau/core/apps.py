from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "bureau.core"
    label = "core"

    def ready(self) -> None:
        from bureau.core import files, mail  # noqa: F401  (register their kinds of jobs)
