"""Timberline: vendors are read from it, approved orders are posted to it. OAuth2 with client credentials."""

import base64
import re
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from bureau.purchasing.connectors.http import PATIENT, Patience, Refused, Service
from bureau.purchasing.connectors.interface import Batch

NAME = "Timberline"
EARLY = 30  # seconds before its end a token is renewed
SHORTEST = 60  # seconds for which a token is kept that does not say how long it lives

_tokens: dict[tuple[str, str], tuple[str, float]] = {}
"""(address, client) -> token and when to renew it; each process has its own, so that none is kept anywhere else."""
_lock = threading.Lock()


class Timberline:
    name = NAME

    def __init__(self, service: Service, *, client_id: str, client_secret: str) -> None:
        self._service = service
        self._client_id = client_id
        self._secret = client_secret

    @classmethod
    def from_settings(cls, *, patience: Patience = PATIENT) -> "Timberline":
        return cls(
            Service(NAME, settings.TIMBERLINE_URL, patience=patience),
            client_id=settings.TIMBERLINE_CLIENT_ID,
            client_secret=settings.TIMBERLINE_CLIENT_SECRET,
        )

    def projects(self) -> None:
        return None

    def cost_codes(self) -> None:
        return None

    def vendors(self) -> Batch:
        return self._signed_in(lambda headers: self._service.rows("/vendors", headers=headers))

    def post_order(self, order: Mapping[str, Any], *, key: str) -> str:
        """Looks before it posts, and posts once: whoever tries again looks again. A service may not know keys, or
        forget them sooner than a lost answer is asked for again."""
        return self._signed_in(lambda headers: self._posted(order, key, headers))

    def _posted(self, order: Mapping[str, Any], key: str, headers: dict[str, str]) -> str:
        known = self._reference(key, headers)
        if known is not None:
            return known
        keyed = {**headers, "Idempotency-Key": key}
        try:
            answer = self._service.call(
                "POST", "/purchase-orders", headers=keyed, body={**order, "external_id": key}, repeat=False
            )
        except Refused as error:
            known = self._reference(key, headers) if error.answered == 409 else None
            if known is None:
                raise
            return known
        return self._id(answer)

    def _reference(self, key: str, headers: dict[str, str]) -> str | None:
        found = self._service.call("GET", "/purchase-orders", headers=headers, params={"external_id": key})
        for row in found.get("data") or [] if isinstance(found, dict) else []:
            if isinstance(row, dict) and row.get("external_id") == key:
                return self._id(row)
        return None

    def _id(self, answer: Any) -> str:
        reference = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(reference, str | int):
            raise Refused(_("%(service)s did not say under which id it keeps the order.") % {"service": NAME})
        return str(reference)[:200]

    def _signed_in(self, act: Any) -> Any:
        """With a token; once more with a new one where the first is not accepted any more."""
        try:
            return act(self._headers(self._token()))
        except Refused as error:
            if error.answered != 401:
                raise
        self._forget()
        return act(self._headers(self._token()))

    def _headers(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}

    def _token(self) -> str:
        with _lock:
            token, until = _tokens.get(self._place, ("", 0.0))
            if time.monotonic() < until:
                return token
        pair = f"{quote(self._client_id, safe='')}:{quote(self._secret, safe='')}"  # RFC 6749, 2.3.1
        basic = base64.b64encode(pair.encode()).decode()
        answer = self._service.call(
            "POST",
            "/oauth/token",
            headers={"Authorization": f"Basic {basic}"},
            form={"grant_type": "client_credentials"},
        )
        given = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(given, str) or not re.fullmatch(r"[!-~]+", given):
            raise Refused(_("%(service)s gave no access token.") % {"service": NAME})
        lives = answer.get("expires_in")
        seconds = float(lives) if isinstance(lives, int) and lives > 0 else SHORTEST
        with _lock:
            _tokens[self._place] = given, time.monotonic() + max(seconds - EARLY, seconds / 2)
        return given

    def _forget(self) -> None:
        with _lock:
            _tokens.pop(self._place, None)

    @property
    def _place(self) -> tuple[str, str]:
        return self._service.url, self._client_id
