"""Judging rows: what came under the names of docs/integrations.md becomes values of our own, or an error that says why.

What a row leaves out stays as it is; an empty text empties its field, other empty values say nothing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from bureau.accounts.services.organizations import is_bic, is_iban
from bureau.accounts.services.validation import field_errors
from bureau.parties.models import BankAccount, Party, Vendor
from bureau.purchasing.connectors.interface import Batch, Part, Row, RowError
from bureau.purchasing.models import CostCode, Project, ProjectStatus

SAID = {True: {"true", "yes", "y", "1", "on", "active"}, False: {"false", "no", "n", "0", "off", "inactive"}}
MAX_SHOWN = 60  # characters of a value that an error repeats


class _Nothing(Exception):
    """An empty value that says nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can be taken. `key`: what it is found by; a cost code by its project's code and its id."""

    number: int
    key: tuple[str, ...]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """`field` of `model` is where it goes; None where it only takes part in the key."""

    name: str
    read: Callable[[Any], Any]
    model: type[models.Model] | None = None
    field: str = ""
    key: bool = False


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    if value is None:
        return ""
    raise ValueError(_("is not a text"))


def _as_id(value: Any) -> str:
    text = _as_text(value)
    if not re.fullmatch(r"[\w.-]+", text):
        raise ValueError(_("needs letters, digits, dots, dashes or underscores, and nothing else"))
    return text


def _as_amount(value: Any) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    text = re.sub(r"[\s'’]", "", _as_text(value))
    if not text:
        raise _Nothing
    if re.fullmatch(r"-?\d{1,3}[.,]\d{3}", text):
        raise ValueError(_("can be read in two ways; write it as 1500.00"))
    if re.fullmatch(r"-?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}", text):  # 1.500,00
        text = text.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d{1,2})?", text):  # 1,500.00
        text = text.replace(",", "")
    if not re.fullmatch(r"-?\d{1,15}(\.\d+)?", text, re.ASCII):
        raise ValueError(_("is not an amount such as 1500.00"))
    return Decimal(text)


def _as_budget(value: Any) -> Decimal:
    amount = _as_amount(value)
    if amount < 0:
        raise ValueError(_("is negative"))
    return amount


def _as_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = _as_text(value).lower()
    if not text:
        raise _Nothing
    for flag, words in SAID.items():
        if text in words:
            return flag
    raise ValueError(_("is neither yes nor no"))


def _as_day(value: Any) -> date | None:
    text = _as_text(value)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(_("is not a date such as 2026-03-31")) from None


def _as_status(value: Any) -> str:
    text = re.sub(r"[\s-]+", "_", _as_text(value).lower())
    if not text:
        raise _Nothing
    if text not in ProjectStatus.values:
        raise ValueError(_("is none of %(words)s") % {"words": ", ".join(ProjectStatus.values)})
    return text


COLUMNS = {
    Part.PROJECTS: (
        Column("id", _as_id, Project, "code", key=True),
        Column("name", _as_text, Project, "name"),
        Column("status", _as_status, Project, "status"),
        Column("budget", _as_budget, Project, "budget"),
        Column("spent_uncoded", _as_amount, Project, "external"),
        Column("start_date", _as_day, Project, "start_date"),
        Column("end_date", _as_day, Project, "end_date"),
    ),
    Part.COST_CODES: (
        Column("project_id", _as_id, key=True),
        Column("id", _as_id, CostCode, "external_id", key=True),
        Column("code", _as_text, CostCode, "code"),
        Column("description", _as_text, CostCode, "description"),
        Column("category", _as_text, CostCode, "category"),
        Column("budget", _as_budget, CostCode, "budget"),
        Column("spent", _as_amount, CostCode, "external"),
        Column("active", _as_flag, CostCode, "active"),
    ),
    Part.VENDORS: (
        Column("id", _as_id, Vendor, "code", key=True),
        Column("name", _as_text, Party, "name"),
        Column("contact_name", _as_text, Vendor, "contact_name"),
        Column("email", _as_text, Party, "email"),
        Column("phone", _as_text, Party, "phone"),
        Column("address", _as_text, Party, "address"),
        Column("tax_number", _as_text, Party, "tax_number"),
        Column("payment_terms", _as_text, Vendor, "payment_terms"),
        Column("active", _as_flag, Vendor, "active"),
        Column("account_holder", _as_text, BankAccount, "holder"),
        Column("iban", lambda value: re.sub(r"\s", "", _as_text(value)).upper(), BankAccount, "iban"),
        Column("bic", lambda value: re.sub(r"\s", "", _as_text(value)).upper(), BankAccount, "bic"),
    ),
}
REQUIRED_OF_NEW = {Part.PROJECTS: "name", Part.COST_CODES: "code", Part.VENDORS: "name"}
SECRET = {"iban"}
"""Columns whose values no error repeats."""


def read(part: Part, batch: Batch) -> tuple[list[Entry], list[RowError]]:
    """The rows that can be taken, and why the others cannot. Of two rows for one record the first is taken."""
    entries: dict[tuple[str, ...], Entry] = {}
    errors = list(batch.errors)
    for row in batch.rows:
        entry, wrong = _read_row(part, row)
        if entry is None:
            errors.append(RowError(row.number, "; ".join(wrong)))
        elif first := entries.get(entry.key):
            words = {"key": " ".join(entry.key), "row": first.number}
            errors.append(RowError(row.number, _("%(key)s is there already, in row %(row)d.") % words))
        else:
            entries[entry.key] = entry
    return list(entries.values()), sorted(errors, key=lambda error: error.row)


def _read_row(part: Part, row: Row) -> tuple[Entry | None, list[str]]:
    key: list[str] = []
    values: dict[str, Any] = {}
    wrong: list[str] = []
    records: dict[type[models.Model], models.Model] = {}
    for column in COLUMNS[part]:
        if column.name not in row.values:
            if column.key:
                wrong.append(_("%(name)s is missing") % {"name": column.name})
            continue
        given = row.values[column.name]
        try:
            value = column.read(given)
        except _Nothing:
            continue
        except ValueError as error:
            wrong.append(_said(column, given, str(error)))
            continue
        if column.key:
            key.append(value)
        else:
            values[column.field] = value
        if column.model is not None:
            record = records.setdefault(column.model, column.model())
            setattr(record, column.field, value)
            if value or column.key or column.field == REQUIRED_OF_NEW[part]:
                problems = field_errors(record, [column.field]).get(column.field, [])
                wrong += [_said(column, given, problem) for problem in problems]
    wrong += _rules(part, values)
    return (None, wrong) if wrong else (Entry(row.number, tuple(key), values), [])


def _rules(part: Part, values: Mapping[str, Any]) -> list[str]:
    """What holds between the values of one row."""
    wrong = []
    if part == Part.PROJECTS:
        start, end = values.get("start_date"), values.get("end_date")
        if start and end and end < start:
            wrong.append(_("end_date is before start_date"))
    if part == Part.VENDORS and values.get("iban"):
        if not is_iban(values["iban"]):
            wrong.append(_("iban is not valid: check for a mistyped digit"))
        if values.get("bic") and not is_bic(values["bic"]):
            wrong.append(_("bic has 8 or 11 letters and digits"))
    return wrong


def _said(column: Column, given: Any, problem: str) -> str:
    if column.name in SECRET or given in (None, ""):
        return f"{column.name}: {problem}"
    shown = str(given)
    shown = shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…"
    return f"{column.name} “{shown}”: {problem}"
