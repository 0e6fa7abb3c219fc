"""An API caller with a real access token, and the comparison with the documented examples."""

import json
from typing import Any

from django.test import Client
from django.utils import timezone

from bureau.accounts import tokens
from bureau.accounts.models import RefreshFamily
from bureau.accounts.tokens import Claims
from bureau.core.models import User


class ApiClient(Client):
    """Calls as `user` with a Bearer token; bodies are JSON, or multipart with `files=True`."""

    def __init__(self, user: User | None = None, **defaults: Any) -> None:
        self.user = user
        if user is not None:
            now = timezone.now()
            family = RefreshFamily.objects.create(
                user=user, created_at=now, expires_at=now + tokens.lifetime("refresh")
            )
            defaults["HTTP_AUTHORIZATION"] = f"Bearer {tokens.write('access', Claims(user.pk, family.pk, 1), now=now)}"
        super().__init__(raise_request_exception=False, **defaults)

    def call(self, method: str, path: str, body: Any = None, *, files: bool = False, **extra: Any) -> Any:
        verb = getattr(self, method.lower())
        if method == "GET":
            return verb(path, body or {}, **extra)
        if files:
            return verb(path, body or {}, **extra)
        return verb(path, "" if body is None else json.dumps(body), content_type="application/json", **extra)


def assert_shape(actual: Any, example: Any, where: str = "answer") -> None:
    """Every key of the documented example is there, with a value of its type; a null in either is not compared."""
    if example is None or actual is None:
        return
    if isinstance(example, dict):
        assert isinstance(actual, dict), f"{where}: an object was documented, got {actual!r}"
        assert set(example) <= set(actual), f"{where}: missing {sorted(set(example) - set(actual))}"
        for key, value in example.items():
            assert_shape(actual[key], value, f"{where}.{key}")
    elif isinstance(example, list):
        assert isinstance(actual, list), f"{where}: an array was documented, got {actual!r}"
        if example:
            assert actual, f"{where}: an example row was documented, got none to compare"
            assert_shape(actual[0], example[0], f"{where}[0]")
    elif isinstance(example, bool) or not isinstance(example, int | float):
        assert type(actual) is type(example), f"{where}: {example!r} was documented, got {actual!r}"
    else:
        assert isinstance(actual, int | float), f"{where}: a number was documented, got {actual!r}"
