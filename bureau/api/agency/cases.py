"""Cases, which the agency suite calls customer applications: `/api/customer-applications/`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from functools import reduce
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from bureau.api.agency.documents import DocumentShape
from bureau.api.filters import CREATED, Filter, OneOf, Ordering, day, flag, number, words
from bureau.api.shapes import Computed, Shape
from bureau.api.shared.customers import with_owner
from bureau.api.views import AgencyView, Call, operation
from bureau.cases.models import Case, Product
from bureau.cases.permissions import cases as permissions
from bureau.cases.selectors import cases as selectors
from bureau.cases.selectors.deletions import case_content
from bureau.cases.selectors.facts import facts_of
from bureau.cases.selectors.products import visible_products
from bureau.cases.services import cases
from bureau.cases.states import CaseStatus, StepStatus, is_late
from bureau.core.models import User
from bureau.core.prepared import prepared_for_user
from bureau.kit.errors import Invalid, NotFound
from bureau.parties.models import Customer
from bureau.parties.selectors.customers import visible_customers

STATUSES = [status.value for status in CaseStatus]
STEP_STATUSES = [status.value for status in StepStatus]


def found_by(given: Sequence[Any]) -> Q:
    return reduce(Q.__and__, (selectors.containing(word) for word in given), Q())


def late_days(value: str) -> list[date]:
    """Today: once for yes, twice for no. A prepared list is asked for by how many values there are."""
    return [timezone.localdate()] * (1 if flag(value) else 2)


def late(days: Sequence[Any]) -> Q:
    condition = selectors.overdue(days[0])
    return condition if len(days) == 1 else ~condition | Q(step_due_date=None)


FILTERS = [
    Filter("status", "status", OneOf(STATUSES)),
    Filter("customer", "customer", number, "customer id"),
    Filter("client", "customer", number, "as customer"),
    Filter("product", "product", number, "product id"),
    Filter("owner", "owner", number, "user id"),
    Filter("step", "step_number", number, "number of the current step"),
    Filter("step_status", "step_status", OneOf(STEP_STATUSES), "of the current step"),
    Filter("overdue", late, late_days, "true or false: the case or its current step should have been done"),
    *(
        Filter(f"{name}__{lookup}", f"{name}__{lookup}", day)
        for name in ("doc_date", "due_date", "step_due_date")
        for lookup in ("gte", "lte")
    ),
    Filter("search", found_by, words, "words of the number, the customer or the product"),
    *CREATED,
]
ORDERING = Ordering(
    number="number",
    customer_name="customer__sort_name",
    product_name="product__name",
    doc_date="doc_date",
    due_date="due_date",
    status="status",
    step="step_number",
    step_due_date="step_due_date",
    completed_at="completed_at",
    created_at="created_at",
    updated_at="updated_at",
)


class CaseRow(Shape):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    number = serializers.CharField()
    customer = serializers.IntegerField(source="customer_id")
    customer_name = serializers.CharField(source="customer.party.name")
    product = serializers.IntegerField(source="product_id")
    product_name = serializers.CharField(source="product.name")
    doc_date = serializers.DateField(help_text="the work begins")
    due_date = serializers.DateField(help_text="all steps are to be done")
    status = serializers.ChoiceField(choices=STATUSES)
    notes = serializers.CharField()
    owner = serializers.IntegerField(source="owner_id", help_text="user id")
    step = Computed(
        lambda number: number or None,
        serializers.IntegerField(allow_null=True, help_text="number of the current one"),
        source="step_number",
    )
    step_name = Computed(lambda name: name or None, serializers.CharField(allow_null=True))
    step_status = serializers.ChoiceField(choices=STEP_STATUSES, allow_blank=True)
    step_due_date = serializers.DateField(allow_null=True, help_text="null while the clock stands")
    is_overdue = Computed(
        lambda *parts: is_late(*parts, today=timezone.localdate()),
        serializers.BooleanField(),
        parts=("status", "due_date", "step_due_date"),
    )
    completed_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


all_cases = CaseRow.prepared_for_user(lambda user: Case.objects.visible_to(user).order_by("-created_at", "-pk"))


class Step(Shape):
    id = serializers.IntegerField()
    step = serializers.IntegerField(source="number")
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=STEP_STATUSES)
    start_date = serializers.DateField()
    due_date = serializers.DateField(help_text="while the clock stands: as it was when it stopped")
    completed_at = serializers.DateTimeField(allow_null=True)


class Workflow(Step):
    """A step of a case, seen from where the case stands."""

    is_current = serializers.BooleanField()
    is_overdue = serializers.BooleanField()


class Readiness(Shape):
    """When a case can be finished if all that is missing comes today, and what it waits for."""

    date = serializers.DateField(allow_null=True)
    missing = serializers.ListField(child=serializers.CharField(), help_text="required documents")
    blocked_by = serializers.ListField(child=serializers.CharField())
    text = serializers.CharField()


class CaseDetail(CaseRow):
    closing_reason = serializers.CharField(help_text="of a case that was closed by force")
    documents = DocumentShape(many=True)
    workflows = Workflow(many=True)
    readiness = Readiness()


def shown(user: User, pk: int) -> dict[str, Any]:
    """Raises NotFound."""
    found = one_case(user, case=pk)
    if not found:
        raise NotFound(_("Not found."))
    return whole(found[0])


@prepared_for_user
def one_case(user: Any, case: int) -> QuerySet[Case]:
    cases = Case.objects.visible_to(user).select_related("customer__party", "product", "organization")
    return cases.filter(pk=case)


def whole(case: Case) -> dict[str, Any]:
    """All that is shown of a case; its customer, product and organization are in hand."""
    today, facts = timezone.localdate(), facts_of(case)
    late = selectors.is_overdue(case, today)
    steps = [(Step.render(step), step.number == case.step_number) for step in facts.steps]
    return {
        **CaseRow.render(case),
        "closing_reason": case.closing_reason,
        "documents": DocumentShape.render_all(facts.documents),
        "workflows": [{**step, "is_current": current, "is_overdue": current and late} for step, current in steps],
        "readiness": Readiness.render(selectors.readiness(case, today=today, facts=facts)),
    }


class CaseFields(serializers.Serializer[Any]):
    """What is left out stays as it is, with PUT too. Due dates, steps and documents follow from the product."""

    customer = serializers.IntegerField(required=False, help_text="customer id; not changed afterwards")
    client = serializers.IntegerField(required=False, help_text="as customer")
    product = serializers.IntegerField(required=False, help_text="product id; not changed afterwards")
    doc_date = serializers.DateField(required=False, help_text="the work begins; today where not given")
    notes = serializers.CharField(max_length=10000, allow_blank=True, required=False)
    owner = serializers.IntegerField(
        required=False, allow_null=True, help_text="user id; only those who see the whole organization name another"
    )


class StepMove(serializers.Serializer[Any]):
    step = serializers.IntegerField(
        required=False, help_text="number of the step that is meant: a second call changes nothing then"
    )


class StepSetting(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=STEP_STATUSES)


class Closing(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000, allow_blank=True, required=False, default="")


class CaseBulkDeletion(serializers.Serializer[Any]):
    query = serializers.CharField(max_length=200, help_text="words of the number, the customer or the product")
    confirm = serializers.BooleanField()


class DeletedCases(serializers.Serializer[Any]):
    deleted = serializers.IntegerField()


class CaseCanDelete(serializers.Serializer[Any]):
    can_delete = serializers.BooleanField()
    message = serializers.CharField()


class CaseDeletePreview(Shape):
    """How many there are of each, which would go."""

    number = serializers.CharField()
    documents = serializers.IntegerField()
    files = serializers.IntegerField()
    workflows = serializers.IntegerField()
    notes = serializers.IntegerField()
    links = serializers.IntegerField()


def customer_of(user: User, given: Any) -> Customer:
    name = "client" if "client" in given and "customer" not in given else "customer"
    if name not in given:
        raise Invalid.field(name, _("This field is required."))
    found = one_customer(user, customer=given[name])
    if not found:
        raise Invalid.field(name, _("There is no such customer."))
    customer: Customer = found[0]
    return customer


@prepared_for_user
def one_customer(user: Any, customer: int) -> QuerySet[Customer]:
    return visible_customers(user).select_related("organization").filter(pk=customer)


def product_of(user: User, given: Any) -> Product:
    if "product" not in given:
        raise Invalid.field("product", _("This field is required."))
    found = one_product(user, product=given["product"])
    if not found:
        raise Invalid.field("product", _("There is no such product."))
    product: Product = found[0]
    return product


@prepared_for_user
def one_product(user: Any, product: int) -> QuerySet[Product]:
    return visible_products(user).filter(pk=product)


def created(user: User, given: Any) -> dict[str, Any]:
    customer, product = customer_of(user, given), product_of(user, given)
    values = with_owner(user, customer.organization, {name: given[name] for name in cases_fields(given)})
    case = cases.create_case(actor=user, customer=customer, product=product, now=timezone.now(), **values)
    return whole(case)


def cases_fields(given: Any) -> list[str]:
    return [name for name in ("doc_date", "notes", "owner") if name in given]


def changed(user: User, pk: int, given: Any) -> dict[str, Any]:
    case = selectors.visible_case(user, pk)
    for name, current in (("customer", case.customer_id), ("client", case.customer_id), ("product", case.product_id)):
        if given.get(name, current) != current:
            raise Invalid.field(name, _("This is not changed: delete the case, or open another one."))
    changes = with_owner(user, case.organization, {name: given[name] for name in cases_fields(given)})
    cases.update_case(actor=user, case=case, changes=changes, now=timezone.now())
    return shown(user, pk)


class CaseList(AgencyView):
    @operation(answer=CaseRow, page=True, filters=FILTERS, ordering=ORDERING, summary="Cases, newest first")
    def get(self, request: Call) -> Any:
        return all_cases

    @operation(body=CaseFields, answer=CaseDetail, status=201, summary="Open a case, with documents and first step")
    def post(self, request: Call, given: dict[str, Any]) -> dict[str, Any]:
        return created(request.user, given)


class CaseQuickCreate(AgencyView):
    @operation(body=CaseFields, answer=CaseDetail, status=201, summary="Open a case; customer and product are enough")
    def post(self, request: Call, given: dict[str, Any]) -> dict[str, Any]:
        return created(request.user, given)


class CaseBulkDelete(AgencyView):
    @operation(
        body=CaseBulkDeletion, answer=DeletedCases, summary="Delete the cases that a search finds; superusers only"
    )
    def post(self, request: Call, given: dict[str, Any]) -> dict[str, Any]:
        permissions.can_bulk_delete_cases(request.user).enforce()  # before anything is looked at
        deleted = cases.bulk_delete_cases(
            actor=request.user, query=given["query"], confirm=given["confirm"], now=timezone.now()
        )
        return {"deleted": deleted}


class CaseItem(AgencyView):
    @operation(answer=CaseDetail, summary="A case with its documents, steps and what it waits for")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        return shown(request.user, pk)

    @operation(body=CaseFields, answer=CaseDetail, summary="Change a case; another date moves its due dates")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        return changed(request.user, pk, given)

    @operation(body=CaseFields, answer=CaseDetail, summary="Change parts of a case")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        return changed(request.user, pk, given)

    @operation(status=204, summary="Delete a case and all that hangs on it; staff and administrators")
    def delete(self, request: Call, pk: int) -> None:
        cases.delete_case(actor=request.user, case=selectors.visible_case(request.user, pk), now=timezone.now())


class CaseAdvance(AgencyView):
    @operation(body=StepMove, answer=CaseDetail, summary="Complete the current step and open the next one")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        case = selectors.visible_case(request.user, pk)
        cases.advance_workflow(actor=request.user, case=case, step=given.get("step"), now=timezone.now())
        return shown(request.user, pk)


class CaseStepStatus(AgencyView):
    @operation(body=StepSetting, answer=CaseDetail, summary="Set the status of the current step")
    def post(self, request: Call, given: dict[str, Any], pk: int, workflow_id: int) -> dict[str, Any]:
        case = selectors.visible_case(request.user, pk)
        step = next((step for step in case.steps.all() if step.pk == workflow_id), None)
        if step is None:
            raise NotFound(_("There is no such step."))
        cases.set_step_status(actor=request.user, case=case, step=step, status=given["status"], now=timezone.now())
        return shown(request.user, pk)


class CaseReopen(AgencyView):
    @operation(answer=CaseDetail, summary="Take a completed case up again, at its last step")
    def post(self, request: Call, pk: int) -> dict[str, Any]:
        case = selectors.visible_case(request.user, pk)
        cases.reopen_case(actor=request.user, case=case, now=timezone.now())
        return shown(request.user, pk)


class CaseForceClose(AgencyView):
    @operation(body=Closing, answer=CaseDetail, summary="Complete a case whatever is missing; staff and administrators")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        case = selectors.visible_case(request.user, pk)
        cases.force_close_case(actor=request.user, case=case, reason=given["reason"], now=timezone.now())
        return shown(request.user, pk)


class CaseDeletable(AgencyView):
    @operation(answer=CaseCanDelete, summary="Whether the caller can delete a case")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        decision = permissions.can_delete_case(request.user, selectors.visible_case(request.user, pk))
        return {"can_delete": bool(decision), "message": decision.reason}


class CaseDeletion(AgencyView):
    @operation(answer=CaseDeletePreview, summary="What would go with a case that is deleted")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        case = selectors.visible_case(request.user, pk)
        permissions.can_delete_case(request.user, case).enforce()
        return {"number": case.number, **asdict(case_content(case))}
