from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q, Value, When

from bureau.sales.models.documents import SalesDocument, SalesLine, SalesQuerySet
from bureau.sales.states import QuoteStatus, quote_status


class QuoteQuerySet(SalesQuerySet["Quote"]):
    def as_of(self, today: date) -> Self:
        """With `shown_status`, which is expired where the kept status does not say so yet (states.quote_status)."""
        expired = When(status=QuoteStatus.SENT, expiry_date__lt=today, then=Value(QuoteStatus.EXPIRED.value))
        shown = models.Case(expired, default=F("status"), output_field=models.CharField())
        return self.annotate(shown_status=shown)


class Quote(SalesDocument):
    """What we offer to a customer, until a date. What was sent is kept as a version; a change after that makes the
    next, which begins as a draft."""

    expiry_date = models.DateField(help_text="the last day on which it can be accepted")
    status = models.CharField(
        max_length=10, choices=[(s.value, s.label) for s in QuoteStatus], default=QuoteStatus.DRAFT
    )
    version = models.PositiveSmallIntegerField(default=1)
    sent_at = models.DateTimeField(null=True, help_text="this version")
    decided_at = models.DateTimeField(null=True, help_text="accepted or rejected")
    decided_by = models.CharField(max_length=200, blank=True, help_text="who of the customer's, or of ours for them")
    decision_note = models.CharField(max_length=1000, blank=True, help_text="what they said to it")

    objects = QuoteQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "number"], name="quote_number_unique")]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="quote_newest"),
            models.Index(fields=["organization", "status", "expiry_date"], name="quote_status"),
            models.Index(fields=["customer", "organization", "-created_at", "-id"], name="quote_customer"),
            models.Index(fields=["owner", "-created_at", "-id"], name="quote_owner"),
            models.Index(fields=["expiry_date"], condition=Q(status="sent"), name="quote_expiring"),
        ]

    def status_on(self, today: date) -> QuoteStatus:
        return quote_status(self.status, self.expiry_date, today=today)


class QuoteLine(SalesLine):
    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="lines", db_index=False)

    class Meta:
        ordering = ["line_number"]
        constraints = [models.UniqueConstraint(fields=["quote", "line_number"], name="quoteline_number")]


class QuoteVersion(models.Model):
    """What was sent, as it was: dates, terms, notes, lines and amounts."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField()
    content = models.JSONField()
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["quote", "number"], name="quoteversion_number")]
