"""The HTTP of a service: bounded in time and size, repeated where that is safe, behind a circuit breaker.

Nothing of an answer's body, of a header or of a credential gets into an error or a log line.
"""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from django.utils.translation import gettext as _
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from bureau.kit.errors import IntegrationFailed
from bureau.purchasing.connectors.circuit import Circuit
from bureau.purchasing.connectors.interface import Batch, Row, RowError

logger = logging.getLogger(__name__)

MAX_BODY = 20_000_000  # bytes of one answer
MAX_ROWS = 200_000
PAGE_ROWS = 200
LONGEST_HOLD = 3600  # seconds of a Retry-After that are believed
TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds: to connect, until the next bytes come, all calls of one connector together;
    how often a call is made at most, and the waits in between, which double."""

    connect: float = 5
    read: float = 15
    in_all: float = 300
    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 20


PATIENT = Patience()
QUICK = Patience(connect=3, read=5, in_all=15, attempts=3, first_wait=0.2, longest_wait=3)
"""For somebody who waits for the answer."""


class Unreachable(IntegrationFailed):
    """It may work the next time: no answer, half an answer, or one that says so."""

    retry_after: float = 0


class Refused(IntegrationFailed):
    """The service answered and does not do it: asking again would not help."""

    def __init__(self, message: str, *, answered: int = 0) -> None:
        super().__init__(message)
        self.answered = answered


class Service:
    """`repeat` in `call`: whether a call without an answer is made again."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        patience: Patience = PATIENT,
        circuit: Circuit | None = None,
        max_body: int = MAX_BODY,
    ) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self.patience = patience
        self.circuit = circuit or Circuit(name)
        self.max_body = max_body
        self._ends = time.monotonic() + patience.in_all
        self._backoff = wait_random_exponential(multiplier=patience.first_wait, max=patience.longest_wait)

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        repeat: bool = True,
    ) -> Any:
        """The JSON of the answer. Raises CircuitOpen, Unreachable, Refused."""
        attempts = Retrying(
            retry=retry_if_exception_type(Unreachable),
            stop=self._give_up if repeat else stop_after_attempt(1),
            wait=self._wait,
            reraise=True,
        )
        content = {"params": params, "json": body, "data": form}
        return attempts(self._once, method, path, headers, {n: v for n, v in content.items() if v is not None})

    def rows(self, path: str, *, headers: Mapping[str, str]) -> Batch:
        """All pages of a list."""
        batch, page, pages = Batch(), 0, 1
        while page < pages:
            page += 1
            answer = self.call("GET", path, headers=headers, params={"page": page, "limit": PAGE_ROWS})
            data, pages = self._page(answer)
            for values in data:
                number = len(batch.rows) + len(batch.errors) + 1
                if number > MAX_ROWS:
                    raise Refused(_("%(service)s sends more than %(count)d rows.") % self._words(count=MAX_ROWS))
                if isinstance(values, dict):
                    batch.rows.append(Row(number, values))
                else:
                    batch.errors.append(RowError(number, _("This is not an object with named values.")))
        return batch

    def _page(self, answer: Any) -> tuple[list[Any], int]:
        data = answer.get("data") if isinstance(answer, dict) else None
        pagination = answer.get("pagination", {"pages": 1}) if isinstance(answer, dict) else None
        pages = pagination.get("pages") if isinstance(pagination, dict) else None
        if not isinstance(data, list) or not isinstance(pages, int) or isinstance(pages, bool):
            raise Refused(_("The answer of %(service)s is not a list as it was agreed.") % self._words())
        if pages > MAX_ROWS // PAGE_ROWS:
            raise Refused(_("%(service)s sends more than %(count)d rows.") % self._words(count=MAX_ROWS))
        return data, pages if data else 0

    def _once(self, method: str, path: str, headers: Mapping[str, str], content: Mapping[str, Any]) -> Any:
        self.circuit.check()
        try:
            answer = self._exchange(method, path, headers, content)
        except Unreachable as error:
            logger.warning("%s %s of %s failed: %s", method, path, self.name, error.message)
            if error.retry_after > self.patience.longest_wait:
                self.circuit.hold(min(error.retry_after, LONGEST_HOLD))
            elif not error.retry_after:
                self.circuit.failed()
            raise
        except Refused as error:
            logger.warning("%s %s of %s was refused: %s", method, path, self.name, error.message)
            self.circuit.succeeded()  # it works, whatever it says
            raise
        self.circuit.succeeded()
        return answer

    def _exchange(self, method: str, path: str, headers: Mapping[str, str], content: Mapping[str, Any]) -> Any:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise Unreachable(_("%(service)s takes too long.") % self._words())
        timeout = httpx.Timeout(min(left, self.patience.read), connect=min(left, self.patience.connect))
        headers = {**headers, "Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            with (
                httpx.Client(timeout=timeout, follow_redirects=False) as client,
                client.stream(method, self.url + path, headers=headers, **content) as response,
            ):
                self._judge(response)
                body = self._body(response)
        except httpx.TimeoutException:
            raise Unreachable(_("%(service)s did not answer in time.") % self._words()) from None
        except httpx.HTTPError:  # `from None`: a message of the library may quote a header
            raise Unreachable(_("The connection to %(service)s failed.") % self._words()) from None
        try:
            return json.loads(body, parse_float=Decimal, parse_constant=_no_number) if body else None
        except (ValueError, RecursionError):
            raise Unreachable(_("%(service)s sent something that is not JSON.") % self._words()) from None

    def _judge(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in TRANSIENT:
            error = Unreachable(_("%(service)s does not work now (status %(status)d).") % self._words(status=status))
            error.retry_after = _seconds(response.headers.get("Retry-After", ""))
            raise error
        if response.is_redirect:
            raise Refused(_("%(service)s points to another address, which is not followed.") % self._words())
        if status in (401, 403):
            raise Refused(_("%(service)s does not accept the credentials.") % self._words(), answered=status)
        if not response.is_success:
            raise Refused(
                _("%(service)s refused the call (status %(status)d).") % self._words(status=status), answered=status
            )

    def _body(self, response: httpx.Response) -> bytes:
        """What was sent, as it was sent: packed content is refused, because nobody knows how large it becomes."""
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refused(_("%(service)s sent packed content, which was not asked for.") % self._words())
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > self.max_body:
                raise Refused(_("%(service)s sent more than %(count)d bytes.") % self._words(count=self.max_body))
            if time.monotonic() > self._ends:
                raise Unreachable(_("%(service)s takes too long.") % self._words())
        return bytes(body)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(self._backoff(state), getattr(error, "retry_after", 0))

    def _give_up(self, state: RetryCallState) -> bool:
        return (
            state.attempt_number >= self.patience.attempts
            or state.upcoming_sleep > self.patience.longest_wait
            or time.monotonic() + state.upcoming_sleep >= self._ends
        )

    def _words(self, **values: Any) -> dict[str, Any]:
        return {"service": self.name, **values}


def _seconds(retry_after: str) -> float:
    """Of a Retry-After header, which holds seconds or a moment; 0 where there is none that can be read."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _no_number(text: str) -> Any:
    raise ValueError(text)
