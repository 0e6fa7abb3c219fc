"""The Django application: config/front.py calls it in its threads; any WSGI server may serve it by itself."""

import os
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")


class Utf8Request(WSGIRequest):
    """Reads all that is given as UTF-8. Django would take whatever codec of Python the Content-Type names, also those
    that make no text, before anything could answer for it."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:  # longer than any that means something
            self.content_type, self.content_params = "", {}


application = get_wsgi_application()
application.request_class = Utf8Request
