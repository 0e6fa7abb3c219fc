"""Settings of every mode. Each is one environment variable with a default for the embedded mode
(docs/operations.md lists them); a value that would be unsafe stops the start and says why."""

import hashlib
import os
import re
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
RUN_DIR = DATA_DIR / "run"  # the socket of the embedded Valkey
if len(str(RUN_DIR)) > 90:  # a socket's path has 107 bytes at most
    RUN_DIR = Path(f"/tmp/bureau-{os.getuid()}-{hashlib.sha256(str(DATA_DIR).encode()).hexdigest()[:16]}")  # noqa: S108

DEBUG = env.bool("DEBUG", default=False)
MOCK_AUTH_ENABLED = env.bool("MOCK_AUTH_ENABLED", default=False)
if MOCK_AUTH_ENABLED and not DEBUG:
    raise ImproperlyConfigured("MOCK_AUTH_ENABLED works only together with DEBUG=on: unset it in production.")

DATABASE_URL = env.str("DATABASE_URL", default="")
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if DATABASE_URL:
        raise ImproperlyConfigured("SECRET_KEY is empty: with a DATABASE_URL it must be set, to a long random text.")
    _key_file = DATA_DIR / "secret_key"
    if not _key_file.exists():
        _part = DATA_DIR / f".secret_key.{os.getpid()}"
        _part.touch(mode=0o600)
        _part.write_text(secrets.token_urlsafe(48))
        _part.replace(_key_file)  # a start that is killed in between leaves none rather than an empty one
    SECRET_KEY = _key_file.read_text().strip()

HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])  # addresses whose X-Forwarded-For is believed
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
HTTPS = PUBLIC_URL.startswith("https://")
if not urlsplit(PUBLIC_URL).hostname:
    raise ImproperlyConfigured(f"PUBLIC_URL is {PUBLIC_URL!r}: write http:// or https://, and the host.")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
ALLOWED_HOSTS = [*map(str.strip, ALLOWED_HOSTS), urlsplit(PUBLIC_URL).hostname]
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL, *CORS_ALLOWED_ORIGINS]  # those sign in by cookie, and write with the CSRF token
CORS_ALLOW_CREDENTIALS = True
CORS_EXPOSE_HEADERS = ["X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"]
CORS_ALLOW_HEADERS = [
    "accept", "authorization", "content-type", "x-csrftoken", "x-request-id", "idempotency-key", "last-event-id",
]  # fmt: skip

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "sequences.apps.SequencesConfig",
    "bureau.core",
    "bureau.accounts",
    "bureau.imports",
    "bureau.parties",
    "bureau.purchasing",
    "bureau.cases",
    "bureau.sales",
    "bureau.demo",
    "bureau.api",
    "bureau.web",
]
MIDDLEWARE = [
    "bureau.core.context.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "bureau.api.middleware.ApiMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bureau.web.context.shell",
            ],
        },
    }
]

# --- Database: SQLite under DATA_DIR, or PostgreSQL by DATABASE_URL
if DATABASE_URL:
    DATABASES = {"default": env.db_url_config(DATABASE_URL)}
else:
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "bureau.sqlite3")}}
_db = DATABASES["default"]
_db["CONN_MAX_AGE"] = None
if _db["ENGINE"].endswith("sqlite3"):
    _db["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000; "
        "PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;",
    }
elif _db["ENGINE"].endswith("postgresql"):
    _db["ENGINE"] = "config.postgresql"
    # Compiling a query just in time takes longer than running any of these.
    _db["OPTIONS"] = {"options": "-c jit=off", **_db.get("OPTIONS", {})}
    _db["OPTIONS"] |= {"prepare_threshold": 3, "server_side_binding": True}
    _db["CONN_HEALTH_CHECKS"] = True
    _db["DISABLE_SERVER_SIDE_CURSORS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Broker, cache, counters and wake-ups: the Redis protocol; `make run` starts the embedded server on a socket
_valkey = f"unix://{RUN_DIR / 'valkey.sock'}"
CACHE_URL = env.str("CACHE_URL", default=_valkey + "?db=1")
BROKER_URL = env.str("BROKER_URL", default=_valkey.replace("unix://", "redis+socket://"))
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}}
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = env.int("WORKERS", default=2)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_DB_REUSE_MAX = 1000
if BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
    }
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=15)  # a dead worker's job is taken up again after this

# --- Files, mail, scanner
STORAGE_URL = env.str("STORAGE_URL", default="")  # s3://key:secret@host/bucket
CLAMD_URL = env.str("CLAMD_URL", default="")  # unix:///run/clamd.sock or tcp://host:3310
EMAIL_URL = env.str("EMAIL_URL", default="")  # smtp+tls://user:password@host:587; empty: DATA_DIR/mail
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="bureau@localhost")
COMPLETION_EMAIL = env.str("COMPLETION_EMAIL", default="")
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "bureau.core.mail.MessageFileBackend"
    EMAIL_FILE_PATH = str(DATA_DIR / "mail")
MEDIA_ROOT = str(DATA_DIR / "files")
if STORAGE_URL:
    _s3 = urlsplit(STORAGE_URL)
    _files = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "access_key": unquote(_s3.username or ""),
            "secret_key": unquote(_s3.password or ""),
            "endpoint_url": f"https://{_s3.hostname}" + (f":{_s3.port}" if _s3.port else ""),
            "bucket_name": _s3.path.strip("/"),
            "default_acl": "private",
            "file_overwrite": True,
        },
    }
else:
    _files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"allow_overwrite": True, "file_permissions_mode": 0o600},
    }
STORAGES = {
    "default": _files,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_TEMP_DIR = None
MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", default=60_000_000)  # anything larger is refused before it is read
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- Accounting systems; without them, files in DATA_DIR/connectors (docs/integrations.md)
JOBCOST_URL = env.str("JOBCOST_URL", default="")
JOBCOST_API_KEY = env.str("JOBCOST_API_KEY", default="")
TIMBERLINE_URL = env.str("TIMBERLINE_URL", default="")
TIMBERLINE_CLIENT_ID = env.str("TIMBERLINE_CLIENT_ID", default="")
TIMBERLINE_CLIENT_SECRET = env.str("TIMBERLINE_CLIENT_SECRET", default="")
CONNECTOR_ORGANIZATION = env.str("CONNECTOR_ORGANIZATION", default="")  # uuid or exact name; empty: the oldest
for _name, _url, _needs in (
    ("JOBCOST_URL", JOBCOST_URL, {"JOBCOST_API_KEY": JOBCOST_API_KEY}),
    (
        "TIMBERLINE_URL",
        TIMBERLINE_URL,
        {"TIMBERLINE_CLIENT_ID": TIMBERLINE_CLIENT_ID, "TIMBERLINE_CLIENT_SECRET": TIMBERLINE_CLIENT_SECRET},
    ),
):
    _parts = urlsplit(_url)
    if _url and (_parts.scheme not in ("http", "https") or not _parts.hostname or "@" in _parts.netloc or _parts.query):
        raise ImproperlyConfigured(f"{_name} is no plain http:// or https:// address: credentials have settings.")
    if _url and not all(_needs.values()):
        raise ImproperlyConfigured(f"{_name} is set: set {' and '.join(_needs)}, too.")

# --- People
AUTH_USER_MODEL = "core.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # usernames are unique whatever their case: by a constraint, not the field
AUTHENTICATION_BACKENDS = ["bureau.accounts.backends.UsernameOrEmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "bureau.accounts.backends.MaximumLengthValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
OPEN_REGISTRATION = env.bool("OPEN_REGISTRATION", default=False)
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="bureau-demo")
# Everybody knows the default: where others reach the server, demo data needs a password of its own.
_for_others = HTTPS or (DATABASE_URL and HOST not in ("127.0.0.1", "localhost", "::1"))
DEMO_DATA = not _for_others or DEMO_PASSWORD != "bureau-demo"  # noqa: S105
ACCESS_TOKEN_SECONDS = 15 * 60
REFRESH_TOKEN_SECONDS = 7 * 24 * 3600
PASSWORD_RESET_TIMEOUT = 3600
SESSION_ENGINE = "bureau.core.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "bureau.api.failures.csrf_failure"

# --- Rate limits, `count/period`
THROTTLING = env.bool("THROTTLING", default=True)
RATE_LIMITS = {
    "anonymous": env.str("RATE_ANONYMOUS", default="100/hour"),
    "user": env.str("RATE_USER", default="1000/hour"),
    "admin": env.str("RATE_ADMIN", default="5000/hour"),
    "endpoint": env.str("RATE_ENDPOINT", default="100/minute"),
    "upload": env.str("RATE_UPLOAD", default="10/minute"),
    "sign_in": env.str("RATE_SIGN_IN", default="10/minute"),
}
for _name, _rate in RATE_LIMITS.items():
    if not re.fullmatch(r"[1-9]\d*/(second|minute|hour|day)", _rate):
        raise ImproperlyConfigured(f"RATE_{_name.upper()} is {_rate!r}: write a count and a period, such as 100/hour.")

# --- Answers
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["bureau.api.authentication.BureauAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["bureau.api.rendering.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "bureau.api.parsing.OrjsonParser",
        "bureau.api.parsing.ShortFormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "bureau.api.schema.BureauSchema",
    "EXCEPTION_HANDLER": "bureau.api.failures.handle_exception",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}

# --- Logs: one line of JSON an event, no bodies, no tokens
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "bureau.core.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "uvicorn": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "pikepdf": {"level": "WARNING"},
    },
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Bureau",
    "DESCRIPTION": "One open back office: buying, selling, cases, documents, expenses, figures.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.0.3",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": True,
    "POSTPROCESSING_HOOKS": [],
}
