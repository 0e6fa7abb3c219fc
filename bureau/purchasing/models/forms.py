from uuid import uuid4

from django.db import models

from bureau.accounts.models import OrganizationQuerySet, Team
from bureau.core.models import Organization


class FieldType(models.TextChoices):
    TEXT = "TEXT", "Text"
    LONG_TEXT = "LONG_TEXT", "Long text"
    NUMBER = "NUMBER", "Number"
    DATE = "DATE", "Date"
    BOOLEAN = "BOOLEAN", "Yes or no"
    SELECT = "SELECT", "Choice"
    FILE = "FILE", "File"


class TemplateQuerySet(OrganizationQuerySet):
    def newest(self) -> "TemplateQuerySet":
        """The newest version of each template."""
        return self.filter(superseded=False)


class Template(models.Model):
    """One version of a form or a workflow, never changed: a change is a new row of the same lineage."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="%(class)ss")
    lineage = models.UUIDField(default=uuid4, help_text="shared by the versions of one template")
    version_number = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=100)
    superseded = models.BooleanField(default=False, help_text="a newer version exists")
    in_use = models.BooleanField(default=True, help_text="the one that new requests of the team take")
    created_at = models.DateTimeField()

    objects = TemplateQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["lineage", "version_number"], name="%(class)s_version_unique"),
            models.UniqueConstraint(fields=["team"], condition=models.Q(in_use=True), name="%(class)s_one_in_use"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.version_number})"


class FormTemplate(Template):
    pass


class FormField(models.Model):
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    form_template = models.ForeignKey(FormTemplate, on_delete=models.CASCADE, related_name="fields")
    field_id = models.SlugField(max_length=50, help_text="the key in the API: budget_amount")
    name = models.CharField(max_length=100)
    field_type = models.CharField(max_length=10, choices=FieldType.choices)
    required = models.BooleanField(default=False)
    order = models.PositiveIntegerField(default=0)
    options = models.JSONField(default=list, blank=True, help_text="of a SELECT: the choices, as texts")
    minimum = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    maximum = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    help_text = models.CharField(max_length=300, blank=True)
    is_amount = models.BooleanField(default=False, help_text="the NUMBER that is the amount of the request")

    class Meta:
        ordering = ["order", "id"]
        constraints = [models.UniqueConstraint(fields=["form_template", "field_id"], name="formfield_id_unique")]


class AttachmentCategory(models.Model):
    """A kind of file that a form asks for; a required one must be there at submit."""

    form_template = models.ForeignKey(FormTemplate, on_delete=models.CASCADE, related_name="attachment_categories")
    name = models.CharField(max_length=50)
    required = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["form_template", "name"], name="attachmentcategory_unique")]
