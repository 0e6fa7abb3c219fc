"""Reads of imports and of what became of their rows."""

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.imports.models import Import, ImportRow, ImportState, RowOutcome
from bureau.kit.errors import NotFound

WORST_FIRST = (
    RowOutcome.REFUSED,
    RowOutcome.DUPLICATE,
    RowOutcome.UPDATED,
    RowOutcome.CREATED,
    RowOutcome.UNCHANGED,
)


def visible_imports(user: User) -> QuerySet[Import]:
    """Newest first."""
    imports: QuerySet[Import] = Import.objects.visible_to(user)
    return imports.select_related("file", "created_by").order_by("-created_at", "-pk")


def visible_import(user: User, pk: int) -> Import:
    """Raises NotFound, foreign or unknown."""
    found = visible_imports(user).select_related("organization", "job").filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise NotFound(_("Not found."))
    return found


def has_run(imported: Import) -> bool:
    """Whether its rows are taken over, or have begun to be."""
    return imported.state in (ImportState.IMPORTING, ImportState.IMPORTED)


def rows_of(imported: Import) -> QuerySet[ImportRow]:
    """What became of the rows, in the file's order; before the run, what would become of them."""
    return imported.rows.filter(trial=not has_run(imported)).order_by("number")


def all_rows_of(imported: Import) -> QuerySet[ImportRow]:
    """What the check and the run found."""
    return imported.rows.order_by("number", "-trial")


def worst_first(rows: QuerySet[ImportRow]) -> QuerySet[ImportRow]:
    """The refused ones, then those that are there already, then the others."""
    places = [When(outcome=outcome, then=Value(place)) for place, outcome in enumerate(WORST_FIRST)]
    return rows.annotate(place=Case(*places, output_field=IntegerField())).order_by("place", "number")
