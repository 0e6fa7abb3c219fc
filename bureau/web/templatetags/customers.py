"""The components of pages about customers."""

import re
from datetime import date, datetime

import pycountry
from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def date_of(moment: datetime | None) -> date | None:
    """The calendar day of a moment, here."""
    return None if moment is None else timezone.localtime(moment).date()


@register.filter
def dialled(number: str) -> str:
    """A phone number as a tel: link takes it."""
    return re.sub(r"[^\d+*#,;]", "", number)


@register.filter
def country_name(code: str) -> str:
    """Of a code of two or three letters."""
    found = pycountry.countries.get(alpha_2=code) if len(code) == 2 else pycountry.countries.get(alpha_3=code)
    return getattr(found, "common_name", found.name) if found else code
