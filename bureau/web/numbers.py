"""Reading numbers as people type them. lines.js reads them the same way."""

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils.translation import gettext as _

from bureau.kit.errors import Invalid

GROUPED: Final = re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
DECIMAL_COMMA: Final = re.compile(r"(\d+|[1-9]\d{0,2}(\.\d{3})+),\d{1,2}|0,\d+")


def read_number(text: str, *, grouped: bool = True) -> Decimal:
    """1,234.50, 1 234.50 or 1234.5; with a comma before the decimals where it cannot be anything else: 1.234,50 or
    0,125, while 1,234 is more than a thousand. Where nothing else would show which was meant, `grouped=False` refuses
    that one. Raises Invalid."""
    text = re.sub(r"[\s_']", "", text)
    if grouped and GROUPED.fullmatch(text):
        text = text.replace(",", "")
    elif DECIMAL_COMMA.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Invalid(_("Give a number, such as 12.50.")) from None
