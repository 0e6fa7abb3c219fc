"""Which limits count a call. The counting is core.rates."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from bureau.core import rates
from bureau.core.models import User
from bureau.core.rates import Limit, RateState
from bureau.kit.errors import RateLimited


def limits_of(request: HttpRequest, user: User | None, *, endpoint: str | None, upload: bool) -> list[Limit]:
    configured = settings.RATE_LIMITS
    if user is None:
        return [Limit.parse(f"anonymous:{request.META.get('REMOTE_ADDR', '')}", configured["anonymous"])]
    limits = [Limit.parse(f"user:{user.pk}", configured["admin" if user.administers else "user"])]
    if endpoint:
        limits.append(Limit.parse(f"endpoint:{user.pk}:{endpoint}", configured["endpoint"]))
    if upload:
        limits.append(Limit.parse(f"upload:{user.pk}", configured["upload"]))
    return limits


def count_call(request: HttpRequest, user: User | None, *, endpoint: str | None = None, upload: bool = False) -> None:
    """Counts the call and keeps the state for the answer's headers; raises RateLimited."""
    if not settings.THROTTLING or "bureau.stream" in request.META:  # the front asks on for a stream that was counted
        return
    state = rates.hit(limits_of(request, user, endpoint=endpoint, upload=upload))
    if state is None:
        return
    request.rate_state = state  # type: ignore[attr-defined]
    if state.exceeded:
        raise RateLimited(
            _("Too many requests. Please try again later."), retry_after=state.retry_after, limit=state.limit
        )


def headers(state: RateState) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(state.limit),
        "X-RateLimit-Remaining": str(state.remaining),
        "X-RateLimit-Reset": str(state.reset),
    }
