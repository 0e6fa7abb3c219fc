from django.conf import settings
from django.db import models

from bureau.purchasing.models.orders import OrderLine, PurchaseOrder


class GoodsReceipt(models.Model):
    """What came in of an order at one time, or went back."""

    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="receipts")
    number = models.PositiveIntegerField(help_text="counted within the order")
    note = models.CharField(max_length=500, blank=True)
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="goodsreceipt_number")]


class ReceiptLine(models.Model):
    receipt = models.ForeignKey(GoodsReceipt, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="receipt_lines")
    quantity = models.DecimalField(max_digits=12, decimal_places=3, help_text="negative: a return")

    class Meta:
        ordering = ["order_line__line_number"]
        constraints = [models.UniqueConstraint(fields=["receipt", "order_line"], name="receiptline_once")]
