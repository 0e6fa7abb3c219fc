from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "bureau.api"
    label = "api"
