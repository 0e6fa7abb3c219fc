from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "bureau.parties"

    def ready(self) -> None:
        from bureau.parties import importing  # noqa: F401  (it registers how customers are imported)
