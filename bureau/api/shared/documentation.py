"""The API's own documentation: the committed OpenAPI documents and two ways to read them, all from this server."""

from functools import cache
from typing import Any, ClassVar

from csp.decorators import csp_update
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from bureau.api.dialect import BIZ, DIALECTS
from bureau.api.rendering import OrjsonRenderer
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


class Reader:
    """Mixed in before a reader of drf-spectacular: a page whatever the caller accepts, refusals as in its family."""

    dialect = BIZ
    permission_classes: ClassVar[tuple[Any, ...]] = ()
    authentication_classes: ClassVar[tuple[Any, ...]] = ()
    metadata_class = None
    url_name = "api:schema"
    request: Request

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        return TemplateHTMLRenderer(), TemplateHTMLRenderer.media_type

    def handle_exception(self, exc: Exception) -> Response:
        self.request.accepted_renderer = OrjsonRenderer()
        self.request.accepted_media_type = OrjsonRenderer.media_type
        answer: Response = super().handle_exception(exc)
        return answer


@own_policy
class SwaggerView(Reader, SpectacularSwaggerSplitView):
    pass


@own_policy
class RedocView(Reader, SpectacularRedocView):
    template_name = "api/redoc.html"
