"""The one way of an API call: authenticate, count, parse, (resolve, one service: the view's own lines), render."""

from collections import UserDict
from collections.abc import Callable, Sequence
from functools import cached_property, wraps
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from bureau.api import exports, idempotency
from bureau.api import filters as filtering
from bureau.api.dialect import AGENCY, BIZ, P2P, PO, PRS, Dialect
from bureau.api.filters import Filter, Ordering
from bureau.api.pages import listing, paged, whole
from bureau.api.rendering import OrjsonRenderer
from bureau.api.shapes import Shape
from bureau.api.throttling import count_call
from bureau.core.models import User
from bureau.core.prepared import PreparedForUser
from bureau.kit.errors import DomainError, NotFound


class Call(Request):
    """A request to a view that only signed-in people reach."""

    user: User


class ApiView(APIView):
    """Base of every API view; a family's base class names its dialect."""

    dialect: ClassVar[Dialect]
    families: ClassVar[tuple[str, ...]] = ()
    """The dialects that document this address, where there are several; else the view's own."""
    per_endpoint: ClassVar[bool] = False
    """Counted against the limit per user and endpoint as well."""
    uploads: ClassVar[bool] = False
    """A POST here counts as an upload, and so does what changes a record by a form with a file."""
    idempotent: ClassVar[bool] = True
    """A POST accepts an Idempotency-Key."""
    refusals: ClassVar[tuple[str, ...]] = ()
    """Further statuses of an address that anybody may call, for the document."""
    metadata_class = None
    _renderer = OrjsonRenderer()

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        return self._renderer, self._renderer.media_type

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        refusal: Exception | None = None
        user: User | None = None
        try:
            self.perform_authentication(request)
            user = request.user if request.user.is_authenticated else None
        except (APIException, DomainError) as error:
            refusal = error
        count_call(
            request._request,
            user,
            endpoint=f"{type(self).__name__}.{request.method}" if self.per_endpoint else None,
            upload=self.uploads and (request.method == "POST" or request.content_type.startswith("multipart/")),
        )
        if refusal is not None:
            raise refusal
        self.check_permissions(request)


class P2pView(ApiView):
    dialect = P2P


class PrsView(ApiView):
    dialect = PRS


class PoView(ApiView):
    dialect = PO
    per_endpoint = True


class AgencyView(ApiView):
    dialect = AGENCY


class BizView(ApiView):
    dialect = BIZ


class Public:
    """Mixed in before the base: anybody may call, and no credential is looked at."""

    authentication_classes: ClassVar[list[Any]] = []
    permission_classes: ClassVar[list[Any]] = [AllowAny]
    idempotent: ClassVar[bool] = False


class Open:
    """Mixed in before the base: anybody may call; who has signed in is known."""

    permission_classes: ClassVar[list[Any]] = [AllowAny]


class Given(UserDict[str, Any]):
    """The validated body of a request. It is read when a view first looks into it: a view resolves the record of its
    address before that, so that one that is not there is 404 whatever was sent."""

    def __init__(self, body: type[Serializer[Any]], request: Request) -> None:
        self._body, self._request = body, request

    @cached_property
    def data(self) -> dict[str, Any]:  # type: ignore[override]  # UserDict has an attribute, read at once
        request = self._request
        given = self._body(data=request.data, partial=request.method == "PATCH", context={"request": request})
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)


def operation(
    *,
    body: type[Serializer[Any]] | None = None,
    answer: Any = None,
    status: int = 200,
    many: bool = False,
    page: bool = False,
    data: bool = False,
    filters: Sequence[Filter] = (),
    ordering: Ordering | None = None,
    summary: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a view method an operation of the API, and of its OpenAPI document.

    The method gets (request, [validated body,] path values); a PATCH body may leave any field out. It returns what
    `answer` renders: a record, with `many` an iterable of records, with `page` a queryset or a prepared list of the
    shape, of which one page with `filters` and `ordering` applied is answered, or a Listing. With `data` all of a
    queryset, filtered, is answered as {"data": [..]}, or the page that was asked for. Either can be taken as a file
    (exports.py). A dictionary is rendered already; a response passes as it is.
    """

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def handle(view: ApiView, request: Request, *args: Any, **kwargs: Any) -> Any:
            def act() -> Any:
                values = args
                if body is not None:
                    values = (Given(body, request), *args)
                found = method(view, request, *values, **kwargs)
                if isinstance(found, HttpResponseBase):
                    return found
                form = exports.asked_for(request) if page or data else ""
                if form:
                    if isinstance(found, PreparedForUser):
                        found = found.build(request.user)
                    if isinstance(found, QuerySet):
                        found = filtering.apply(found, filters, request.query_params, ordering)
                    return exports.exported(request, form, found, answer)
                if page:
                    if isinstance(found, QuerySet):
                        found = listing(filtering.apply(found, filters, request.query_params, ordering), answer)
                    elif isinstance(found, PreparedForUser):
                        narrowing = filtering.narrowing(filters, request.query_params, ordering)
                        found = answer.listing(found, request.user, narrowing)
                    found = paged(request, view.dialect, found)
                elif data:
                    chosen = filtering.apply(found, filters, request.query_params)
                    found = whole(request, view.dialect, chosen, answer)
                elif many:
                    found = answer.render_all(found)
                elif isinstance(answer, type) and issubclass(answer, Shape) and not isinstance(found, dict):
                    found = answer.render(found)
                return Response(found, status)

            if (
                request.method == "POST"
                and view.idempotent
                and "HTTP_IDEMPOTENCY_KEY" in request.META
                and request.user.is_authenticated
            ):
                return idempotency.once(request, request.user, act, now=timezone.now())
            return act()

        handle.paged = page  # type: ignore[attr-defined]
        handle.whole = data  # type: ignore[attr-defined]  # as is `paged`: the schema reads both
        parameters = [
            OpenApiParameter(f.name, description=f.help, enum=getattr(f.parse, "choices", None)) for f in filters
        ]
        if ordering is not None:
            help = "separated by commas; a minus in front: descending"
            parameters.append(
                OpenApiParameter(Ordering.NAME, many=True, explode=False, enum=ordering.choices, description=help)
            )
        if page or data:
            parameters.append(exports.PARAMETER)
        shown = None if answer is None else answer(many=True) if many or page or data else answer
        documented = extend_schema(
            request=body, responses={status: shown}, parameters=parameters, summary=summary or None
        )
        return documented(handle)

    return decorate


def found(queryset: QuerySet[Any], **lookup: Any) -> Any:
    """The record of an address within what the caller sees; raises NotFound, foreign or unknown."""
    record = queryset.filter(**lookup).first()
    if record is None:
        raise NotFound("Not found.")
    return record
