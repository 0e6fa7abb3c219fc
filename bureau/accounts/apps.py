from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "bureau.accounts"
    label = "accounts"

    def ready(self) -> None:
        from bureau.accounts import tasks  # noqa: F401  (registers its kinds of jobs)
        from bureau.accounts.services import passwords  # noqa: F401  (the same)
