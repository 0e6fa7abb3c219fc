from django.apps import AppConfig


class PurchasingConfig(AppConfig):
    name = "bureau.purchasing"
    label = "purchasing"
