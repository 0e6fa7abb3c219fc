"""Rows that are written by COPY, and the audit entries of what they tell."""

from collections import defaultdict
from datetime import datetime
from itertools import count
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, cast

import orjson
from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import Max

from bureau.core import audit
from bureau.core.models import AuditEntry, AuditHead, Organization

Row = dict[str, Any]
"""By attribute name; what is left out has the model's default, the same for all rows of a write."""


class Tables:
    """Rows that are to be written by COPY: no models in between, which would take longer than the database.

    `referred`: the models whose rows get their ids here.
    """

    def __init__(self, *referred: type[models.Model]) -> None:
        self._rows: defaultdict[type[models.Model], list[Row]] = defaultdict(list)
        self._ids = {model: count(1 + (_last_id(model) or 0)) for model in referred}

    def add(self, model: type[models.Model], row: Row) -> Row:
        if model in self._ids:
            row["id"] = next(self._ids[model])
        self._rows[model].append(row)
        return row

    def write(self) -> None:
        connection.ensure_connection()
        for model, rows in self._rows.items():
            fields = [f for f in model._meta.concrete_fields if not f.generated and ("id" in rows[0] or f.name != "id")]
            defaults = {f.attname: f.get_default() for f in fields}
            columns = ", ".join(f'"{f.column}"' for f in fields)
            read = itemgetter(*defaults)
            with (
                connection.connection.cursor() as cursor,
                cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as out,
            ):
                for row in rows:
                    out.write_row(read(defaults | row))
        self._rows.clear()

    def end(self) -> None:
        """The database goes on counting behind what was written."""
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), list(self._ids)):
                cursor.execute(statement)


def _last_id(model: type[models.Model]) -> int | None:
    last: int | None = model._default_manager.aggregate(last=Max("pk"))["last"]
    return last


class Chain:
    """The audit entries of rows of one kind, linked to the organization's chain in the order of their moments."""

    def __init__(self, organization: Organization, entity_type: str, tables: Tables) -> None:
        self._organization, self._entity_type, self._tables = organization.pk, entity_type, tables
        self._head = AuditHead.objects.get(pk=organization.pk)
        self._entries: list[Row] = []

    def add(self, pk: int, action: str, person: int, at: datetime, **new: Any) -> None:
        self._entries.append(
            {"entity_id": str(pk), "action": action, "user_id": person, "created_at": at, "new_values": new}
        )

    def link(self) -> None:
        """What was added since the last call becomes rows."""
        for row in sorted(self._entries, key=itemgetter("created_at")):
            row.update(
                chain=self._head.pk,
                position=self._head.position + 1,
                organization_id=self._organization,
                entity_type=self._entity_type,
                ip_address="10.0.0.7",
                request_id="req_seeded",
                previous_hash=self._head.hash,
            )
            row["hash"] = audit.link(cast(AuditEntry, SimpleNamespace(old_values=None, **row)))
            self._head.position, self._head.hash = row["position"], row["hash"]
            row["new_values"] = orjson.dumps(row["new_values"]).decode()
            self._tables.add(AuditEntry, row)
        self._entries.clear()

    def end(self) -> None:
        self._head.save()
