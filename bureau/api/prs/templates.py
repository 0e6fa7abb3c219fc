"""`/api/prs/form-templates/` and `/api/prs/workflows/`: a change answers with the new version."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from bureau.accounts.models import Team
from bureau.api.prs.references import PersonRef, TeamRef
from bureau.api.shapes import Rows, Shape
from bureau.api.views import Call, PrsView, found, operation
from bureau.core.models import User
from bureau.kit.errors import Invalid
from bureau.purchasing.models import FieldType, FormTemplate, WorkflowTemplate
from bureau.purchasing.selectors.templates import with_steps
from bureau.purchasing.services import templates


class FormFieldShape(Shape):
    id = serializers.UUIDField(source="uuid")
    field_id = serializers.CharField()
    name = serializers.CharField()
    field_type = serializers.ChoiceField(choices=FieldType.values)
    required = serializers.BooleanField()
    order = serializers.IntegerField()
    options = serializers.ListField(child=serializers.CharField())
    minimum = serializers.DecimalField(max_digits=18, decimal_places=4, allow_null=True)
    maximum = serializers.DecimalField(max_digits=18, decimal_places=4, allow_null=True)
    help_text = serializers.CharField()
    is_amount = serializers.BooleanField()


class CategoryShape(Shape):
    name = serializers.CharField()
    required = serializers.BooleanField()


class FormTemplateShape(Shape):
    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    version_number = serializers.IntegerField()
    team = TeamRef()
    in_use = serializers.BooleanField()
    fields = FormFieldShape(many=True)
    attachment_categories = CategoryShape(many=True)


class RoleRef(Shape):
    code = serializers.CharField()
    name = serializers.CharField()


class ApproverShape(Shape):
    role = RoleRef(allow_null=True)
    user = PersonRef(allow_null=True)


class StepShape(Shape):
    id = serializers.UUIDField(source="uuid")
    step_name = serializers.CharField()
    step_order = serializers.IntegerField()
    is_finance_review = serializers.BooleanField()
    approvers = ApproverShape(many=True)


class WorkflowShape(Shape):
    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    version_number = serializers.IntegerField()
    team = TeamRef()
    in_use = serializers.BooleanField()
    steps = StepShape(many=True)


class FieldInput(serializers.Serializer[Any]):
    field_id = serializers.SlugField(max_length=50)
    name = serializers.CharField(max_length=100)
    field_type = serializers.ChoiceField(choices=FieldType.choices)
    required = serializers.BooleanField(default=False)
    order = serializers.IntegerField(min_value=0, max_value=10_000, required=False)
    options = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=200)
    minimum = serializers.DecimalField(max_digits=18, decimal_places=4, required=False, allow_null=True)
    maximum = serializers.DecimalField(max_digits=18, decimal_places=4, required=False, allow_null=True)
    help_text = serializers.CharField(max_length=300, required=False, allow_blank=True)
    is_amount = serializers.BooleanField(default=False)


class CategoryInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=50)
    required = serializers.BooleanField(default=False)


class FormChanges(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    fields = Rows(child=FieldInput(), max_length=200)
    attachment_categories = Rows(child=CategoryInput(), required=False, max_length=20)


class FormInput(FormChanges):
    team = serializers.UUIDField()


class RoleInput(serializers.Serializer[Any]):
    """A role by its code, alone or as {"code": ...}, as the answers write it."""

    code = serializers.CharField(max_length=50)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value({"code": data} if isinstance(data, str) else data)


class ApproverInput(serializers.Serializer[Any]):
    role = RoleInput(required=False, allow_null=True)
    user = serializers.UUIDField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"role": (attrs.get("role") or {}).get("code"), "user": attrs.get("user")}


class StepInput(serializers.Serializer[Any]):
    step_name = serializers.CharField(max_length=100)
    step_order = serializers.IntegerField(min_value=1, max_value=100, required=False)
    is_finance_review = serializers.BooleanField(default=False)
    approvers = Rows(child=ApproverInput(), max_length=50)


class WorkflowChanges(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    steps = Rows(child=StepInput(), max_length=30)


class WorkflowInput(WorkflowChanges):
    team = serializers.UUIDField()


def team_of(user: User, team_id: UUID) -> Team:
    team = Team.objects.visible_to(user).filter(uuid=team_id).first()
    if team is None:
        raise Invalid.field("team", _("There is no such team."))
    return team


def forms(user: User) -> Any:
    return (
        FormTemplate.objects.visible_to(user).select_related("team").prefetch_related("fields", "attachment_categories")
    )


def workflows(user: User) -> Any:
    return with_steps(WorkflowTemplate.objects.visible_to(user))


class FormTemplateList(PrsView):
    @operation(answer=FormTemplateShape, many=True, summary="The newest version of each form")
    def get(self, request: Call) -> Any:
        return forms(request.user).newest().order_by("name", "pk")

    @operation(body=FormInput, answer=FormTemplateShape, status=201, summary="Create a form for a team")
    def post(self, request: Call, given: dict[str, Any]) -> Any:
        team = team_of(request.user, given.pop("team"))
        created = templates.create_form_template(actor=request.user, team=team, now=timezone.now(), **given)
        return forms(request.user).get(pk=created.pk)


class FormTemplateItem(PrsView):
    @operation(answer=FormTemplateShape, summary="A form")
    def get(self, request: Call, template_id: UUID) -> Any:
        return found(forms(request.user), uuid=template_id)

    @operation(body=FormChanges, answer=FormTemplateShape, summary="Make a new version of a form")
    def patch(self, request: Call, given: dict[str, Any], template_id: UUID) -> Any:
        template = found(forms(request.user), uuid=template_id)
        revised = templates.revise_form_template(actor=request.user, template=template, now=timezone.now(), **given)
        return forms(request.user).get(pk=revised.pk)


class WorkflowList(PrsView):
    @operation(answer=WorkflowShape, many=True, summary="The newest version of each workflow")
    def get(self, request: Call) -> Any:
        return workflows(request.user).newest().order_by("name", "pk")

    @operation(body=WorkflowInput, answer=WorkflowShape, status=201, summary="Create a workflow for a team")
    def post(self, request: Call, given: dict[str, Any]) -> Any:
        team = team_of(request.user, given.pop("team"))
        created = templates.create_workflow_template(actor=request.user, team=team, now=timezone.now(), **given)
        return workflows(request.user).get(pk=created.pk)


class WorkflowItem(PrsView):
    @operation(answer=WorkflowShape, summary="A workflow")
    def get(self, request: Call, template_id: UUID) -> Any:
        return found(workflows(request.user), uuid=template_id)

    @operation(body=WorkflowChanges, answer=WorkflowShape, summary="Make a new version of a workflow")
    def patch(self, request: Call, given: dict[str, Any], template_id: UUID) -> Any:
        template = found(workflows(request.user), uuid=template_id)
        revised = templates.revise_workflow_template(actor=request.user, template=template, now=timezone.now(), **given)
        return workflows(request.user).get(pk=revised.pk)
