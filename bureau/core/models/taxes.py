from django.db import models

from bureau.core.models.organizations import Organization


class TaxCode(models.Model):
    """A tax that lines name by its code. A line keeps the rate that it was written with."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="tax_codes")
    code = models.CharField(max_length=10)
    name = models.CharField(max_length=100, blank=True)
    rate = models.DecimalField(max_digits=5, decimal_places=2, help_text="percent")
    active = models.BooleanField(default=True, help_text="can be chosen for new lines")

    class Meta:
        ordering = ["-rate", "code"]
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="taxcode_unique")]

    def __str__(self) -> str:
        return self.code
