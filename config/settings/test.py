"""Settings of the tests. Reading them starts the servers that they point to, once a run (tests/servers.py)."""

from tests import servers

servers.prepare()

from config.settings.base import *  # noqa: E402, F403
from config.settings.base import DATABASES, LOGGING, STATIC_ROOT, STORAGES  # noqa: E402

# Each worker has a database of its own already, and the processes that a test starts must find the same one.
DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"]}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; no password here is worth guessing
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
LOGGING = {**LOGGING, "root": {"handlers": ["console"], "level": "WARNING"}}
