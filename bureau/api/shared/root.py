"""The entrance of the API: what there is, whether it works, and the countries."""

from functools import cache
from typing import Any, NoReturn

import pycountry
from django.http import HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bureau.api.dialect import Dialect, dialect_of
from bureau.api.views import AgencyView, BizView, Call, Open, Public, operation
from bureau.core.health import components
from bureau.kit.errors import NotFound


class HealthAnswer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["ok", "error"])
    checks = serializers.DictField(child=serializers.ChoiceField(choices=["ok", "error"]))


class CountryAnswer(serializers.Serializer[Any]):
    country = serializers.CharField()
    alpha2_code = serializers.CharField()
    alpha3_code = serializers.CharField()
    numeric_code = serializers.CharField()


@cache
def endpoints() -> dict[str, str]:
    """Name and path of every address that takes no id."""
    from bureau.api.urls import urlpatterns  # which imports this module

    paths = {str(entry.name): str(entry.pattern) for entry in urlpatterns if "<" not in str(entry.pattern)}
    return {name: f"/api/{path}" for name, path in sorted(paths.items(), key=lambda item: item[1]) if path}


@cache
def countries() -> list[dict[str, str]]:
    found = [
        {
            "country": getattr(country, "common_name", country.name),
            "alpha2_code": country.alpha_2,
            "alpha3_code": country.alpha_3,
            "numeric_code": country.numeric,
        }
        for country in pycountry.countries
    ]
    return sorted(found, key=lambda country: country["country"])


class RootView(Public, BizView):
    @operation(answer=OpenApiTypes.OBJECT, summary="What this API offers")
    def get(self, request: Request) -> Response:
        return Response({name: request.build_absolute_uri(path) for name, path in endpoints().items()})


class HealthView(Public, BizView):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Nothing to find out about the caller, and no limit: whoever watches asks often."""

    @operation(answer=HealthAnswer, summary="Whether database, cache and broker answer")
    def get(self, request: Request) -> Response:
        found = components()
        checks = {name: "ok" if answers else "error" for name, answers in found.items()}
        healthy = all(found.values())
        return Response({"status": "ok" if healthy else "error", "checks": checks}, 200 if healthy else 503)


class CountryCodesView(AgencyView):
    @operation(answer=CountryAnswer(many=True), summary="Countries of ISO 3166-1")
    def get(self, request: Call) -> Response:
        return Response(countries())


class NothingHere(Open, BizView):
    """Every other address under /api/: counted like a call that means something, refused in the dialect of its path."""

    schema = None
    idempotent = False

    @property
    def dialect(self) -> Dialect:  # type: ignore[override]  # elsewhere a class attribute; here the path decides
        return dialect_of(self.request.path)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotFound(_("There is nothing at this address."))
