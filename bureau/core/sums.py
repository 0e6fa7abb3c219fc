"""Sums of decimal columns that are exact on every database."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from django.db.models import DecimalField, Sum


class ExactSum(Sum):
    """A sum to the decimals of its column. SQLite adds in floating point: right to the last decimal, with noise behind
    it that a comparison would see."""

    @property
    def convert_value(self) -> Callable[[Any, Any, Any], Decimal | None]:
        exponent = Decimal(1).scaleb(-cast("DecimalField[Decimal, Decimal]", self.output_field).decimal_places)
        return lambda value, expression, connection: None if value is None else Decimal(value).quantize(exponent)
