"""Who is asked to decide on an order: by authorization limit, project members first (system.md, section 4)."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from bureau.accounts.permissions import has_code
from bureau.core.models import User
from bureau.core.prepared import prepared
from bureau.purchasing.models import Delegation, ProjectMember, PurchaseOrder
from bureau.purchasing.permissions.orders import limit_of


def approver_for(order: PurchaseOrder, *, today: date, passed: Iterable[int] = ()) -> User | None:
    """The project member with the smallest sufficient limit, else anybody of the organization; ties: the lowest id.

    Never who made or submitted it, nor the people in `passed` (user ids). Somebody who is away without a delegate that
    may decide on this amount is asked only when nobody else can be.
    """
    people: list[User] = _people(organization=order.organization_id, project=order.project_id)
    excluded = {order.created_by_id, order.submitted_by_id, *passed}
    able = [
        person
        for person in people
        if person.pk not in excluded and has_code(person, "po:approve") and limit_of(person) >= order.amount
    ]
    if not able:
        return None
    away = _away(able, order, today=today)
    return min(able, key=lambda person: (person.pk in away, not person.member, limit_of(person), person.pk))  # type: ignore[attr-defined]


@prepared
def _people(organization: int, project: int) -> QuerySet[User]:
    member = ProjectMember.objects.filter(project=project, user=OuterRef("pk"))
    return User.objects.filter(organization=organization, is_active=True).annotate(member=Exists(member))


def delegations_held(user: User, *, today: date) -> QuerySet[Delegation]:
    """Those in whose place the person decides today, the giver still active."""
    held = Delegation.objects.filter(delegate=user, delegator__is_active=True).select_related("delegator")
    return running(held, today=today)


def running(delegations: QuerySet[Delegation], *, today: date) -> QuerySet[Delegation]:
    return delegations.filter(ended_at=None, start_date__lte=today, end_date__gte=today)


def _away(people: Iterable[User], order: PurchaseOrder, *, today: date) -> set[int]:
    """Those of `people` who have delegated today, but to nobody who may decide on this order."""
    given = running(Delegation.objects.filter(delegator__in=list(people)), today=today)
    covered: dict[int, bool] = {}
    for delegation in given.select_related("delegate"):
        delegate = delegation.delegate
        may = delegate.is_active and delegate.pk != order.created_by_id and limit_of(delegate) >= order.amount
        covered[delegation.delegator_id] = covered.get(delegation.delegator_id, False) or may
    return {person for person, may in covered.items() if not may}
