"""Sessions in the database, asked for only by keys that the server could have made."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.models import Session


class SessionStore(db.SessionStore):
    def _validate_session_key(self, key: str | None) -> bool:
        """PostgreSQL refuses to look for a null character, which a cookie can hold."""
        return key is not None and len(key) >= 8 and set(key) <= set(VALID_KEY_CHARS)

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session
