"""Names and passwords, for the sign-in of the API and of the pages."""

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from bureau.accounts.selectors import user_by_login
from bureau.core.models import User

MAX_PASSWORD = 4096  # characters; a longer one is wrong without the work of hashing it


class MaximumLengthValidator:
    """Of AUTH_PASSWORD_VALIDATORS: what could be set but not be signed in with is no password."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > MAX_PASSWORD:
            raise ValidationError(_("Use at most %(count)d characters.") % {"count": MAX_PASSWORD})


class UsernameOrEmailBackend(BaseBackend):
    """Username or e-mail address in any case. The work is the same whether the person exists, is active or does not."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: object
    ) -> User | None:
        if not username or not password:
            return None
        return self.verify(user_by_login(username), password)

    def verify(self, user: User | None, password: str) -> User | None:
        """The same person when the password is theirs and the account is active."""
        if len(password) > MAX_PASSWORD:
            return None
        if user is None:
            make_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        """The person of a session; a deactivated one is out at once."""
        return User.objects.select_related("organization").filter(pk=user_id, is_active=True).first()
