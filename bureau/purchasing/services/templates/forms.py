"""Forms of the teams: their fields and the kinds of files that they ask for."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from bureau.accounts.models import Team
from bureau.core import audit
from bureau.core.models import User
from bureau.kit.pricing import decimal_places, digits
from bureau.purchasing.field_values import NUMBER_DECIMALS, NUMBER_DIGITS
from bureau.purchasing.models import AttachmentCategory, FieldType, FormField, FormTemplate
from bureau.purchasing.permissions import requests as permissions
from bureau.purchasing.services.templates.versions import (
    InvalidTemplate,
    Problems,
    lock,
    new_version,
    newest,
    read_name,
    supersede,
    text_problem,
)

FIELD_ID = re.compile(r"[A-Za-z0-9_-]{1,50}", re.ASCII)
MAX_FIELDS = 200
MAX_OPTIONS = 200


class FieldInput(TypedDict, total=False):
    """A field of a form. Without `field_id` it gets one made of its name, without `order` its place in the list."""

    field_id: str
    name: str
    field_type: str
    required: bool
    order: int | None
    options: Sequence[str]
    minimum: Decimal | None
    maximum: Decimal | None
    help_text: str
    is_amount: bool


class CategoryInput(TypedDict, total=False):
    name: str
    required: bool


def create_form_template(
    *,
    actor: User,
    team: Team,
    name: str,
    fields: Sequence[FieldInput],
    attachment_categories: Sequence[CategoryInput] = (),
    now: datetime,
) -> FormTemplate:
    """A new form, which the team's new requests use from now on. Raises Forbidden, Invalid."""
    permissions.can_administer_team(actor, team).enforce()
    with transaction.atomic():
        lock(team)
        template = add_form(team, name=name, fields=fields, attachment_categories=attachment_categories, now=now)
        audit.record(template, "created", actor=actor, now=now, new=described_form(template))
    return template


def revise_form_template(
    *,
    actor: User,
    template: FormTemplate,
    name: str | None = None,
    fields: Sequence[FieldInput] | None = None,
    attachment_categories: Sequence[CategoryInput] | None = None,
    now: datetime,
) -> FormTemplate:
    """A new version with what is given changed; it is in use where the former one was.

    Raises Forbidden, Invalid, and WrongState when `template` is not the newest version.
    """
    permissions.can_administer_team(actor, template.team).enforce()
    with transaction.atomic():
        lock(template.team)
        former = newest(template)
        was_in_use = supersede(former)
        revised = add_form(
            former.team,
            name=former.name if name is None else name,
            fields=_fields_of(former) if fields is None else fields,
            attachment_categories=_categories_of(former) if attachment_categories is None else attachment_categories,
            now=now,
            former=former,
            in_use=was_in_use,
        )
        audit.record(
            revised,
            "revised",
            actor=actor,
            now=now,
            old=described_form(former),
            new=described_form(revised),
        )
    return revised


def derived_field_id(name: str) -> str:
    """The id of a field that is given none; empty when the name has no letter or digit to make one of."""
    return slugify(name).replace("-", "_")[:50]


def add_form(
    team: Team,
    *,
    name: str,
    fields: Sequence[FieldInput],
    attachment_categories: Sequence[CategoryInput],
    now: datetime,
    former: FormTemplate | None = None,
    in_use: bool = True,
) -> FormTemplate:
    problems = Problems()
    name = read_name(name, problems)
    made = _read_fields(fields, problems)
    categories = _read_categories(attachment_categories, problems)
    if problems.fields:
        raise InvalidTemplate(problems)
    form = new_version(FormTemplate, team, name=name, former=former, in_use=in_use, now=now)
    for row in made:
        row.form_template = form
    for category in categories:
        category.form_template = form
    FormField.objects.bulk_create(made)
    AttachmentCategory.objects.bulk_create(categories)
    return form


def _read_fields(given: Sequence[FieldInput], problems: Problems) -> list[FormField]:
    if len(given) > MAX_FIELDS:
        problems.add("fields", _("Use at most %(count)d fields.") % {"count": MAX_FIELDS})
        return []
    made: list[FormField] = []
    for position, values in enumerate(given, 1):
        row = _field(values, position)
        made.append(row)
        where = _("Field %(position)d (%(field)s):") % {"position": position, "field": row.name or row.field_id}
        for column, problem in _field_problems(row):
            problems.add("fields", problem, row=position, column=column, where=where)
    uses = Counter(row.field_id for row in made)
    for position, row in enumerate(made, 1):
        if uses[row.field_id] > 1:
            uses[row.field_id] = 0  # said once
            problem = _("The id %(id)s is there twice.") % {"id": row.field_id}
            problems.add("fields", problem, row=position, column="field_id")
    amounts = [position for position, row in enumerate(made, 1) if row.is_amount]
    if len(amounts) > 1:
        problem = _("Only one field can be the amount of the request.")
        problems.add("fields", problem, row=amounts[1], column="is_amount")
    return made


def _field(values: FieldInput, position: int) -> FormField:
    name = values.get("name", "").strip()
    order = values.get("order")
    return FormField(
        field_id=values.get("field_id", "").strip() or derived_field_id(name),
        name=name,
        field_type=values.get("field_type", ""),
        required=values.get("required", False),
        order=position if order is None else order,
        options=[option.strip() for option in values.get("options", ())],
        minimum=values.get("minimum"),
        maximum=values.get("maximum"),
        help_text=values.get("help_text", "").strip(),
        is_amount=values.get("is_amount", False),
    )


def _field_problems(field: FormField) -> Iterable[tuple[str, str]]:
    """Column and text."""
    if not FIELD_ID.fullmatch(field.field_id):
        yield "field_id", _("its id has 1 to 50 letters, digits, _ or -.")
    name_problem = text_problem(field.name, longest=100, required=True)
    if name_problem:
        yield "name", name_problem
    help_problem = text_problem(field.help_text, longest=300)
    if help_problem:
        yield "help_text", help_problem
    if not 0 <= field.order <= 10_000:
        yield "order", _("its order is a number from 0 to 10,000.")
    if field.field_type not in FieldType.values:
        yield "field_type", _("its type is one of %(types)s.") % {"types": ", ".join(FieldType.values)}
    if field.field_type == FieldType.SELECT:
        if not field.options:
            yield "options", _("a choice needs options.")
        elif len(field.options) > MAX_OPTIONS or any(
            not option or text_problem(option, longest=100) for option in field.options
        ):
            yield "options", _("use at most %(count)d options of 1 to 100 characters.") % {"count": MAX_OPTIONS}
        elif len(set(field.options)) < len(field.options):
            yield "options", _("an option is there twice.")
    elif field.options:
        yield "options", _("only a choice has options.")
    limits = [limit for limit in (field.minimum, field.maximum) if limit is not None]
    if limits and field.field_type != FieldType.NUMBER:
        yield "minimum", _("only a number has a minimum or maximum.")
    elif any(not limit.is_finite() or decimal_places(limit) > NUMBER_DECIMALS for limit in limits) or any(
        digits(limit) > NUMBER_DIGITS for limit in limits
    ):
        yield "minimum", _("a limit has at most 14 digits, 4 of them decimals.")
    elif len(limits) == 2 and limits[0] > limits[1]:
        yield "minimum", _("the minimum is above the maximum.")
    if field.is_amount and field.field_type != FieldType.NUMBER:
        yield "is_amount", _("only a number can be the amount of the request.")


def _read_categories(given: Sequence[CategoryInput], problems: Problems) -> list[AttachmentCategory]:
    made = [
        AttachmentCategory(name=values.get("name", "").strip(), required=values.get("required", False))
        for values in given
    ]
    seen: set[str] = set()
    for position, category in enumerate(made, 1):
        problem = text_problem(category.name, longest=50, required=True)
        if not problem and category.name.casefold() in seen:
            problem = _("A kind of file is there twice.")
        if problem:
            problems.add("attachment_categories", problem, row=position, column="name")
        seen.add(category.name.casefold())
    return made


def _fields_of(form: FormTemplate) -> list[FieldInput]:
    return [
        {
            "field_id": field.field_id,
            "name": field.name,
            "field_type": field.field_type,
            "required": field.required,
            "order": field.order,
            "options": field.options,
            "minimum": field.minimum,
            "maximum": field.maximum,
            "help_text": field.help_text,
            "is_amount": field.is_amount,
        }
        for field in form.fields.all()
    ]


def _categories_of(form: FormTemplate) -> list[CategoryInput]:
    return [{"name": row.name, "required": row.required} for row in form.attachment_categories.all()]


def described_form(form: FormTemplate) -> dict[str, Any]:
    return {
        "name": form.name,
        "version_number": form.version_number,
        "fields": _fields_of(form),
        "attachment_categories": _categories_of(form),
    }
