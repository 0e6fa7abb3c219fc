from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "bureau.imports"
    label = "imports"

    def ready(self) -> None:
        from bureau.imports import jobs  # noqa: F401  (it registers its kinds of job)
