"""The API's own documentation: the committed OpenAPI documents and two ways to read them, all from this server."""

from functools import cache
from typing import Any

from csp.decorators import csp_update
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.request import Request

from bureau.api.dialect import DIALECTS
from bureau.api.schema import FOLDER
from bureau.api.views import BizView, Public
from bureau.kit.errors import NotFound


@cache
def committed(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


class SchemaView(Public, BizView):
    families = ("agency",)

    @extend_schema(exclude=True)
    def get(self, request: Request, dialect: str | None = None) -> Any:
        if dialect is not None and dialect not in DIALECTS:
            raise NotFound("Not found.")
        kind = (
            "application/json" if "json" in request.META.get("HTTP_ACCEPT", "") else "application/vnd.oai.openapi+json"
        )
        return HttpResponse(committed(f"{dialect or 'openapi'}.json"), content_type=kind)


# Both readers style their elements as they draw them, and Redoc searches in a worker that it makes itself.
own_policy = method_decorator(
    csp_update({"style-src": ["'unsafe-inline'"], "worker-src": ["'self'", "blob:"]}), name="dispatch"
)


@own_policy
class SwaggerView(SpectacularSwaggerSplitView):
    permission_classes = ()
    authentication_classes = ()
    url_name = "api:schema"


@own_policy
class RedocView(SpectacularRedocView):
    permission_classes = ()
    authentication_classes = ()
    url_name = "api:schema"
