"""The kinds of refusal. A concrete error subclasses one of these beside the service that raises it,
with a `code` of its own and a message that says what to do next. The API and the pages translate
them; nothing below knows about HTTP beyond the status that a kind stands for."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

FieldErrors = Mapping[str, Sequence[str]]


class DomainError(Exception):
    """A refusal with words for the person who caused it. `fields` maps a field name to its messages."""

    status: ClassVar[int] = 400
    code: str = "VALIDATION_ERROR"

    def __init__(self, message: str = "", *, code: str | None = None, fields: FieldErrors | None = None) -> None:
        self.fields: dict[str, list[str]] = {name: [str(m) for m in texts] for name, texts in (fields or {}).items()}
        self.message = str(
            message or next((texts[0] for texts in self.fields.values() if texts), "The request is not valid.")
        )
        if code:
            self.code = code
        super().__init__(self.message)


class Invalid(DomainError):
    """The input cannot be read or misses something; nothing was changed."""

    @classmethod
    def field(cls, name: str, message: str) -> "Invalid":
        return cls(fields={name: [message]})


class Unauthorized(DomainError):
    status = 401
    code = "UNAUTHORIZED"


class Forbidden(DomainError):
    """Visible to this person, but not theirs to do."""

    status = 403
    code = "FORBIDDEN"


class NotFound(DomainError):
    """Not there, or not there for this person: the same answer."""

    status = 404
    code = "NOT_FOUND"


class Conflict(DomainError):
    status = 409
    code = "CONFLICT"


class TooLarge(DomainError):
    status = 413
    code = "PAYLOAD_TOO_LARGE"


class UnsupportedType(DomainError):
    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"


class BusinessRule(DomainError):
    """Readable and permitted, but against a rule. 422 in po; the other dialects answer 400."""

    status = 422
    code = "BUSINESS_RULE"


class WrongState(BusinessRule):
    """The record is not in a state in which this can be done, or somebody was quicker."""

    code = "WRONG_STATE"


class Locked(DomainError):
    status = 423
    code = "LOCKED"


class RateLimited(DomainError):
    """`retry_after`: whole seconds until the next attempt may succeed; `limit`: how many the used-up limit allows."""

    status = 429
    code = "RATE_LIMITED"

    def __init__(self, message: str = "", *, retry_after: int, limit: int) -> None:
        super().__init__(message or "Too many requests. Please try again later.")
        self.retry_after = retry_after
        self.limit = limit


class IntegrationFailed(DomainError):
    status = 502
    code = "INTEGRATION_ERROR"
