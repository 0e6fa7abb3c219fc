"""Reads of projects and cost codes."""

from decimal import Decimal

from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Round
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.core.prepared import prepared, prepared_for_user
from bureau.kit.errors import NotFound
from bureau.purchasing.models import CostCode, Project, ProjectMember, PurchaseOrder
from bureau.purchasing.selectors.orders import with_first_line

FIGURES = ("requested", "committed", "received", "billed", "paid")
_MONEY = DecimalField(max_digits=14, decimal_places=2)


def project_codes(user: User) -> list[str]:
    """The codes of the projects that the person is a member of."""
    members = ProjectMember.objects.filter(user=user.pk)
    return list(members.order_by("project__code").values_list("project__code", flat=True))


def visible_project(user: User, code: str) -> Project:
    """The project with this code, where the person may see it; of their own organization first.

    Raises NotFound, foreign or unknown.
    """
    named = Project.objects.visible_to(user).filter(code=code).select_related("organization")
    found = list(named[:50]) if "\x00" not in code else []  # which PostgreSQL refuses to look for
    if not found:
        raise NotFound(_("Not found."))
    return next((project for project in found if project.organization_id == user.organization_id), found[0])


def orderable_project(user: User, code: str) -> Project | None:
    """The project of the person's own organization with this code that they may order for."""
    found: list[Project] = _orderable_project(user, code=code)
    return found[0] if found else None


@prepared_for_user
def _orderable_project(user: User, code: str) -> QuerySet[Project]:
    return Project.objects.visible_to(user).filter(organization=user.organization_id, code=code)


def cost_code_of(project: Project, external_id: str) -> CostCode | None:
    found: list[CostCode] = _cost_code(project=project.pk, external_id=external_id)
    return found[0] if found else None


@prepared
def _cost_code(project: int, external_id: str) -> QuerySet[CostCode]:
    return CostCode.objects.filter(project=project, external_id=external_id)


def with_figures(projects: QuerySet[Project]) -> QuerySet[Project]:
    """Adds `requested`, `committed`, `received`, `billed`, `paid`, and `spent` and `remaining` of the project's own
    budget."""
    codes = CostCode.objects.filter(project=OuterRef("pk")).order_by().values("project")

    def total(column: str) -> Coalesce:
        found = Subquery(codes.annotate(total=Sum(column)).values("total"), output_field=_MONEY)
        return Coalesce(Round(found, 2), Decimal(0), output_field=_MONEY)  # SQLite adds in floating point

    figures = {name: total(name) for name in FIGURES}
    spent = Round(F("external") + total("spent"), 2, output_field=_MONEY)
    rows = projects.annotate(spent=spent, **figures)
    return rows.annotate(remaining=Round(F("budget") - F("spent"), 2, output_field=_MONEY))


def cost_codes(project: Project) -> QuerySet[CostCode]:
    return CostCode.objects.filter(project=project).order_by("external_id")


def people_of(project: Project) -> QuerySet[User]:
    """The project's members, by name."""
    members = ProjectMember.objects.filter(project=project).values("user")
    return User.objects.filter(pk__in=members).order_by("first_name", "last_name", "pk")


def orders_of(user: User, project: Project) -> QuerySet[PurchaseOrder]:
    orders = with_first_line(PurchaseOrder.objects.visible_to(user).filter(project=project))
    return orders.order_by("-created_at", "-pk")
