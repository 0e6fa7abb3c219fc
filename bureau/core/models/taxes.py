from django.db import models

from bureau.core.models.organizations import Organization


class TaxCategory(models.TextChoices):
    """What an electronic invoice says of a rate (UNCL 5305, as in EN 16931)."""

    STANDARD = "S", "Taxed"
    ZERO = "Z", "Zero rate"
    EXEMPT = "E", "Exempt from tax"
    REVERSE_CHARGE = "AE", "Reverse charge: the buyer owes the tax"
    INTRA_COMMUNITY = "K", "Supply within the European Union"
    EXPORT = "G", "Export outside the European Union"
    OUTSIDE = "O", "Not subject to tax"


class TaxCode(models.Model):
    """A tax that lines name by its code. A line keeps the rate that it was written with."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="tax_codes")
    code = models.CharField(max_length=10)
    name = models.CharField(max_length=100, blank=True)
    rate = models.DecimalField(max_digits=5, decimal_places=2, help_text="percent")
    category = models.CharField(max_length=2, choices=TaxCategory.choices, default=TaxCategory.STANDARD)
    active = models.BooleanField(default=True, help_text="can be chosen for new lines")

    class Meta:
        ordering = ["-rate", "code"]
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="taxcode_unique")]

    def __str__(self) -> str:
        return self.code
