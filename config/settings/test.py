"""Settings of the tests. tests/servers.py starts what they need and sets the environment before this is read."""

from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASES, LOGGING, STATIC_ROOT, STORAGES

# Each worker has a database of its own already, and the processes that a test starts must find the same one.
DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"]}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; no password here is worth guessing
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
LOGGING["root"]["level"] = "WARNING"
