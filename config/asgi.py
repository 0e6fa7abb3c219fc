"""The whole server as one ASGI application."""

from django.conf import settings

from bureau.api.failures import plain_error
from bureau.core import context
from config.front import Front
from config.wsgi import application as wsgi_application


def error_body(path: str, status: int, code: str, message: str, request_id: str) -> tuple[bytes, str]:
    context.begin(request_id=request_id)
    return plain_error(path, status, code, message, request_id)


application = Front(
    wsgi_application,
    error_body=error_body,
    redis_url=settings.CACHE_URL,
    max_body_bytes=settings.MAX_BODY_BYTES,
    trusted_proxies=settings.TRUSTED_PROXIES,
)
