from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bureau.core.models import User


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("Username or e-mail"),
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class ForgotForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class NewPasswordForm(forms.Form):
    new_password = forms.CharField(
        label=_("New password"),
        strip=False,
        help_text=_("At least 8 characters, not a common one, not only digits."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    repeat = forms.CharField(
        label=_("New password again"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, str]:
        given = super().clean() or {}
        if given.get("new_password") and given.get("repeat") and given["new_password"] != given["repeat"]:
            self.add_error("repeat", _("The two are not the same. Type the new password again."))
        return given


class ChangePasswordForm(NewPasswordForm):
    old_password = forms.CharField(
        label=_("Present password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class AwayForm(forms.Form):
    """Who decides on orders in one's place, and when."""

    delegate = forms.ChoiceField(label=_("Who decides in your place"))
    start_date = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    end_date = forms.DateField(
        label=_("Until"),
        help_text=_("The last day that you are away."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, colleagues: list[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.colleagues = {str(person.pk): person for person in colleagues}
        names = [(pk, f"{person.name} ({person.get_role_display()})") for pk, person in self.colleagues.items()]
        self.fields["delegate"].choices = [("", _("Choose…")), *names]  # type: ignore[attr-defined]
