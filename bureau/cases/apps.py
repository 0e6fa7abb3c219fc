from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "bureau.cases"
    label = "cases"
