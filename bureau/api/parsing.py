"""Bodies in: JSON in strict UTF-8 without NaN, and forms; neither larger than settings allow."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.fields import BooleanField, empty
from rest_framework.parsers import BaseParser, FormParser

# DRF takes a form for a browser's, where a box that is not ticked is not sent. Here what a form leaves out is left out.
BooleanField.default_empty_html = empty
MAX_NAME = 200  # characters of a form field's name: "items[0]description"


class OrjsonParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = limited(stream)
        if not body.strip():
            return {}
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(_("The body is not valid JSON: {reason}").format(reason=error.msg)) from None


class ShortFormParser(FormParser):
    """A URL-encoded form. Names have an end: of `items[999...]` Python would refuse to make a number."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        form = super().parse(BytesIO(limited(stream)), media_type, parser_context)
        if any(len(name) > MAX_NAME for name in form):
            raise ParseError(_("The name of a form field is too long."))
        return form


def limited(stream: IO[bytes]) -> bytes:
    """The whole body. Raises RequestDataTooBig."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise RequestDataTooBig
    return body
