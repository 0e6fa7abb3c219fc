from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "bureau.imports"
    label = "imports"
