from django.db import models


class ClosingDay(models.Model):
    """A day on which the organization does not work, beside weekends and the public holidays of its country."""

    organization = models.ForeignKey("core.Organization", on_delete=models.PROTECT, related_name="closing_days")
    date = models.DateField()
    name = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["organization", "date"], name="closingday_once")]
