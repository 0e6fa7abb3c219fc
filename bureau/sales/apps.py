from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "bureau.sales"
    label = "sales"
