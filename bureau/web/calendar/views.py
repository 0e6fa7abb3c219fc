"""The calendar of a person's due dates, for the programs that subscribe to it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from bureau.cases.services import feeds
from bureau.kit.errors import DomainError, RateLimited


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Without signing in: the address is the permission. No page answers here, as no person reads it."""
    try:
        found = feeds.feed_for_token(token, address=request.META.get("REMOTE_ADDR"))
    except DomainError as error:
        response = HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
        if isinstance(error, RateLimited):
            response.headers["Retry-After"] = str(error.retry_after)
    else:
        response = HttpResponse(feeds.calendar(found.user), content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = 'inline; filename="bureau.ics"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
