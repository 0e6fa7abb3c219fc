from django.db import models


class PaymentMethod(models.TextChoices):
    BANK_TRANSFER = "bank_transfer", "Bank transfer"
    CREDIT_CARD = "credit_card", "Credit card"
    CASH = "cash", "Cash"
    PAYPAL = "paypal", "PayPal"
    CRYPTO = "crypto", "Crypto"
    OTHER = "other", "Other"
