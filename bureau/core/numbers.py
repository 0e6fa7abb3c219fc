"""Number sequences without gaps or duplicates."""

from sequences import get_last_value, get_next_value
from sequences.models import Sequence

from bureau.core.models import Organization


def next_number(organization: Organization, name: str) -> int:
    """The next number of the organization's sequence `name`, from 1.

    Taken in the caller's transaction: a rollback gives it back, and callers of the same sequence wait for each other.
    """
    return int(get_next_value(f"{organization.pk}:{name}"))


def last_number(organization: Organization, name: str) -> int:
    """The number that the sequence gave last; 0 before its first."""
    return get_last_value(f"{organization.pk}:{name}") or 0


def held_number(organization: Organization, name: str) -> int:
    """The same, while whoever takes the next one waits until the caller's transaction has ended."""
    key = f"{organization.pk}:{name}"
    Sequence.objects.bulk_create([Sequence(name=key, last=0)], ignore_conflicts=True)
    return int(Sequence.objects.select_for_update().get(name=key).last)
