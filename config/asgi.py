"""The whole server as one ASGI application."""

from django.conf import settings

from bureau.api.failures import plain_error
from config.front import Front
from config.wsgi import application as wsgi_application

application = Front(
    wsgi_application,
    error_body=plain_error,
    redis_url=settings.CACHE_URL,
    max_body_bytes=settings.MAX_BODY_BYTES,
    trusted_proxies=settings.TRUSTED_PROXIES,
)
