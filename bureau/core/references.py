"""What refers to a record: asked before it is deleted, over every relation that the models declare."""

from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet

Row = TypeVar("Row", bound=Model)


def references(record: Model) -> dict[str, int]:
    """How many rows refer to the record, by what they are ("cases"), where any do."""
    counted = {
        str(relation.related_model._meta.verbose_name_plural): _rows(relation).filter(
            **{relation.field.name: record.pk}
        )
        for relation in _relations(type(record))
    }
    return {name: count for name, rows in counted.items() if (count := rows.count())}


def unreferenced(records: QuerySet[Row]) -> QuerySet[Row]:
    """Those of the records that nothing refers to."""
    for relation in _relations(records.model):
        records = records.exclude(Exists(_rows(relation).filter(**{relation.field.name: OuterRef("pk")})))
    return records


def _relations(model: type[Model]) -> list[Any]:
    """Also those that the model knows no name for (related_name "+")."""
    fields: list[Any] = model._meta.get_fields(include_hidden=True)
    return [field for field in fields if field.auto_created and not field.concrete and not field.many_to_many]


def _rows(relation: Any) -> QuerySet[Any]:
    return QuerySet(relation.related_model)
