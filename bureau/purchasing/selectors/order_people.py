"""The people around orders: who makes them, and who decides in whose place."""

from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from bureau.core.models import User
from bureau.purchasing.models import Delegation, PurchaseOrder
from bureau.purchasing.permissions.orders import limit_of


def creators(user: User) -> QuerySet[User]:
    """Those whose orders this person sees, by name."""
    theirs = PurchaseOrder.objects.visible_to(user).filter(created_by=OuterRef("pk"))
    people = User.objects.filter(organization=user.organization_id)
    return people.filter(Exists(theirs)).order_by("first_name", "last_name", "pk")


def possible_delegates(user: User) -> list[User]:
    """The active colleagues who could decide in this person's place, by name: those who have a limit."""
    people = User.objects.filter(organization=user.organization_id, is_active=True).exclude(pk=user.pk)
    return [person for person in people.order_by("first_name", "last_name", "pk") if limit_of(person) > 0]


def delegations_given(user: User, *, today: date) -> QuerySet[Delegation]:
    """Those that run or are still to come, the first one first."""
    mine = Delegation.objects.filter(delegator=user, ended_at=None, end_date__gte=today)
    return mine.select_related("delegate", "delegator").order_by("start_date", "pk")


def delegations_received(user: User, *, today: date) -> QuerySet[Delegation]:
    """Those in which this person stands in for somebody, running or still to come."""
    theirs = Delegation.objects.filter(delegate=user, ended_at=None, end_date__gte=today, delegator__is_active=True)
    return theirs.select_related("delegate", "delegator").order_by("start_date", "pk")
