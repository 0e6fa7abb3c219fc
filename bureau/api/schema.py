"""The OpenAPI documents: one of everything, one per dialect; built by `manage.py openapi`, committed, served as is."""

import copy
import inspect
from pathlib import Path
from typing import Any

import orjson
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from bureau.api import exports
from bureau.api.dialect import DIALECTS, Dialect
from bureau.api.shapes import MoneyNumber

FOLDER = Path(__file__).with_name("openapi")
REFUSALS = {"401": "Wrong credentials", "403": "Not allowed", "404": "Not found", "502": "The service failed"}
TITLES = {
    "p2p": "Procurement: simple requests, documents, tasks",
    "prs": "Purchase requests: teams, forms, workflows, approvals",
    "po": "Purchase orders",
    "agency": "Customers, products, cases, invoices",
    "biz": "Clients, quotes, invoices, expenses, figures",
}


class SignInExtension(OpenApiAuthenticationExtension):
    target_class = "bureau.api.authentication.BureauAuthentication"
    name = ["bearer", "cookie", "session"]

    def get_security_definition(self, auto_schema: Any) -> Any:
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            {"type": "apiKey", "in": "cookie", "name": "access_token"},
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        ]

    def get_security_requirement(self, auto_schema: Any) -> Any:
        return [{name: []} for name in self.name]


class ComputedExtension(OpenApiSerializerFieldExtension):
    target_class = "bureau.api.shapes.Computed"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        return auto_schema._map_serializer_field(self.target.like, direction)


class MoneyNumberExtension(OpenApiSerializerFieldExtension):
    target_class = MoneyNumber

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        return {"type": "number", "format": "double", "multipleOf": 0.01}


class BureauSchema(AutoSchema):
    """Knows what a view of ours says of itself: its dialect's lists and errors, its name, who documents it."""

    def get_operation_id(self) -> str:
        name = type(self.view).__name__.removesuffix("View")
        return f"{self.view.dialect.name}_{name}_{self.method.lower()}"

    def _get_serializer_name(self, *args: Any, **kwargs: Any) -> str:
        """Two dialects may call different shapes by one name."""
        return f"{self.view.dialect.name}_{super()._get_serializer_name(*args, **kwargs)}"

    def get_tags(self) -> list[str]:
        return [self.view.dialect.name]

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            operation["x-families"] = list(self.view.families or (self.view.dialect.name,))
            for status, text in self._refusals(operation):
                operation["responses"].setdefault(
                    status, {"description": text, "content": _error_content(self.view.dialect)}
                )
            if self._is_list_view():
                for kind in exports.TYPES.values():
                    file = {"schema": {"type": "string", "format": "binary"}}
                    operation["responses"]["200"]["content"][kind.partition(";")[0]] = file
            if self.method == "POST" and self.view.idempotent:
                operation.setdefault("parameters", []).append(
                    {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "maxLength": 255}}
                )
        return operation

    def _refusals(self, operation: dict[str, Any]) -> list[tuple[str, str]]:
        refusals = [("429", "Too many requests"), *((status, REFUSALS[status]) for status in self.view.refusals)]
        if self.view.permission_classes and self.view.permission_classes[0].__name__ != "AllowAny":
            refusals += [("401", "Not signed in"), ("403", "Not allowed")]
        if "requestBody" in operation or operation.get("parameters"):
            refusals.append(("400", "Invalid input"))
        if "{" in self.path:
            refusals.append(("404", "Not found"))
        return sorted(refusals)

    def _get_paginator(self) -> Any:
        method = getattr(self.view, self.method.lower(), None)
        if getattr(method, "whole", False):
            return WholeList(self.view.dialect)
        return DialectPages(self.view.dialect) if getattr(method, "paged", False) else None

    def _is_list_view(self, serializer: Any = None) -> bool:
        if serializer is None:
            method = getattr(self.view, self.method.lower(), None)
            return bool(getattr(method, "paged", False) or getattr(method, "whole", False))
        return bool(getattr(serializer, "many", False))

    def get_description(self) -> str:  # type: ignore[override]  # the generator changes DRF's signature
        return inspect.cleandoc(vars(type(self.view)).get("__doc__") or "")

    def get_filter_backends(self) -> list[Any]:
        return []


class DialectPages:
    """How a dialect wraps a list, for the document."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        integer, link = {"type": "integer"}, {"type": "string", "format": "uri", "nullable": True}
        if self.dialect.enveloped:
            names = dict.fromkeys(("page", "limit", "total", "pages"), integer)
            flags = {name: {"type": "boolean"} for name in ("has_next", "has_prev")}
            return _closed({"data": schema, "pagination": _closed({**names, **flags})})
        return _closed({"count": integer, "next": link, "previous": link, "results": schema})

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {"in": "query", "name": name, "schema": {"type": "integer", "minimum": 1, "default": default}}
            for name, default in (("page", 1), (self.dialect.size_parameter, self.dialect.page_size))
        ]

    def get_paginated_name(self, name: str) -> str:
        return f"{name}Page"


class WholeList(DialectPages):
    """A list in one piece, unless a page is asked for."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return _closed({"data": schema})

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {"in": "query", "name": name, "schema": {"type": "integer", "minimum": 1}, "description": "one page only"}
            for name in ("page", self.dialect.size_parameter)
        ]

    def get_paginated_name(self, name: str) -> str:
        return f"{name}List"


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _error_content(dialect: Dialect) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{dialect.name}_error"}}}


def _error_schemas() -> dict[str, Any]:
    text = {"type": "string"}
    fields = {"type": "object", "additionalProperties": {"type": "array", "items": text}}
    coded = {"code": text, "message": text, "details": fields}
    origin = {"timestamp": {**text, "format": "date-time"}, "request_id": text, "retry_after": {"type": "integer"}}
    first = {"type": "object", "properties": {"field": text, "message": text, "errors": fields}}
    short = {"type": "object", "properties": {"error": text, "details": fields}, "required": ["error", "details"]}
    return {
        "p2p_error": _closed({"error": _closed(coded)}),
        "po_error": _closed(
            {
                "error": {
                    "type": "object",
                    "properties": {**coded, "details": first, **origin},
                    "required": ["code", "message"],
                }
            }
        ),
        "prs_error": {
            "type": "object",
            "properties": {"detail": text},
            "additionalProperties": {"type": "array", "items": text},
        },
        "biz_error": short,
        "agency_error": short,
    }


def documents() -> dict[str, bytes]:
    """Every document by its file name, as bytes. Raises RuntimeError where something could not be described."""
    with GENERATOR_STATS.silence():
        GENERATOR_STATS.reset()
        whole = SchemaGenerator().get_schema(request=None, public=True)
    if GENERATOR_STATS:
        problems = [*GENERATOR_STATS._error_cache, *GENERATOR_STATS._warn_cache]
        raise RuntimeError("The API document is incomplete:\n" + "\n".join(str(problem) for problem in problems))
    whole["components"].setdefault("schemas", {}).update(_error_schemas())
    whole["paths"] = {_documented(path): item for path, item in whole["paths"].items()}
    found = {"openapi.json": _written(_stripped(whole))}
    for name in DIALECTS:
        part = copy.deepcopy(whole)
        part["info"]["title"] = f"Bureau - {TITLES[name]}"
        part["paths"] = {
            path: kept
            for path, item in part["paths"].items()
            if (kept := {verb: op for verb, op in item.items() if name in op.get("x-families", ())})
        }
        part["components"]["schemas"] = _used(part)
        found[f"{name}.json"] = _written(_stripped(part))
    return found


def _documented(path: str) -> str:
    """po documents its paths without the closing slash; both work."""
    return path.rstrip("/") if path.startswith("/api/v1/") else path


def _stripped(document: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(document)
    for item in document["paths"].values():
        for operation in item.values():
            operation.pop("x-families", None)
    return document


def _used(document: dict[str, Any]) -> dict[str, Any]:
    """The schemas that the paths refer to, directly or through another."""
    schemas, used = document["components"]["schemas"], dict[str, Any]()
    todo = [orjson.dumps(document["paths"]).decode()]
    while todo:
        text = todo.pop()
        for name, schema in schemas.items():
            if name not in used and f'"#/components/schemas/{name}"' in text:
                used[name] = schema
                todo.append(orjson.dumps(schema).decode())
    return dict(sorted(used.items()))


def _written(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS, default=str) + b"\n"
