"""The forms of one record each. Judging the values is the services': their refusals come back beside the fields."""

from typing import Any

import pycountry
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.accounts.models import Role, Team
from bureau.core.models import Organization, User, UserRole
from bureau.kit.errors import DomainError, Invalid
from bureau.web.answers import place_errors

Choices = list[tuple[str, str]]


def show_refusal(form: forms.Form, error: DomainError) -> None:
    """Beside the field where it names one, else above the form."""
    if isinstance(error, Invalid):
        place_errors(form, error)
    else:
        form.add_error(None, error.message)


def countries() -> Choices:
    found = sorted((getattr(c, "common_name", c.name), c.alpha_2) for c in pycountry.countries)
    return [("", _("Not given")), *((code, name) for name, code in found)]


def currencies() -> Choices:
    found = sorted((c.alpha_3, c.name) for c in pycountry.currencies)
    return [(code, f"{code} – {name}") for code, name in found]


def _text(
    label: Any, *, help_text: Any = "", longest: int = 0, required: bool = False, **attributes: Any
) -> forms.Field:
    if longest:
        attributes["maxlength"] = longest
    return forms.CharField(
        label=label, help_text=help_text, required=required, widget=forms.TextInput(attrs=attributes)
    )


class OrganizationForm(forms.Form):
    name = _text(gettext_lazy("Name"), longest=200, required=True)
    tax_number = _text(gettext_lazy("Tax number"), help_text=gettext_lazy("VAT id or the like; printed on documents."))
    address = forms.CharField(label=gettext_lazy("Address"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False, choices=countries)
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        help_text=gettext_lazy("PNG or JPEG, at most 2 MB."),
        widget=forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg", "data-shows": "logo-preview"}),
    )
    remove_logo = forms.BooleanField(label=gettext_lazy("Remove the logo"), required=False)
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        choices=currencies,
        help_text=gettext_lazy("Amounts that are there already are not converted."),
    )
    default_tax_rate = forms.DecimalField(
        label=gettext_lazy("Usual tax rate, percent"), widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    request_prefix = _text(
        gettext_lazy("Prefix of request numbers"),
        required=True,
        longest=10,
        help_text=gettext_lazy("REQ gives REQ-2026-00001. Numbers given before keep theirs."),
    )
    completion_email = forms.EmailField(
        label=gettext_lazy("E-mail for completed requests"),
        required=False,
        help_text=gettext_lazy("Gets a message for each request that finance has completed: accounting, for example."),
    )
    bank_name = _text(gettext_lazy("Bank"), longest=200)
    iban = _text(gettext_lazy("IBAN"), help_text=gettext_lazy("With or without spaces."), autocomplete="off")
    bic = _text(gettext_lazy("BIC"), help_text=gettext_lazy("8 or 11 letters and digits."), autocomplete="off")

    PLAIN = (
        "name", "tax_number", "address", "country", "currency", "default_tax_rate", "request_prefix",
        "completion_email", "bank_name", "iban", "bic",
    )  # fmt: skip

    def __init__(self, organization: Organization, data: Any, files: Any) -> None:
        initial = {name: getattr(organization, name) for name in self.PLAIN}
        initial["iban"] = " ".join(organization.iban[i : i + 4] for i in range(0, len(organization.iban), 4))
        super().__init__(data, files, initial=initial)
        if not organization.logo_id:
            del self.fields["remove_logo"]

    def changes(self) -> dict[str, Any]:
        changes: dict[str, Any] = {name: self.cleaned_data[name] for name in self.PLAIN}
        if self.cleaned_data["logo"]:
            changes["logo"] = self.cleaned_data["logo"]
        elif self.cleaned_data.get("remove_logo"):
            changes["logo"] = None
        return changes


class ClosingDayForm(forms.Form):
    date = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    until = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy("For several days: the last one. Days without work in between are left out."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    name = _text(gettext_lazy("What for"), longest=100, placeholder=gettext_lazy("Works outing"))


class PersonForm(forms.Form):
    first_name = _text(gettext_lazy("First name"), longest=150, autocomplete="off")
    last_name = _text(gettext_lazy("Last name"), longest=150, autocomplete="off")
    email = forms.EmailField(label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    username = _text(
        gettext_lazy("User name"), longest=150, autocomplete="off", autocapitalize="none", spellcheck="false"
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role in the organization"),
        choices=UserRole.choices,
        initial=UserRole.MEMBER,
        help_text=gettext_lazy(
            "Administrators set up everything. Staff and project managers see all requests. What somebody approves "
            "follows from their roles in teams."
        ),
    )
    authorization_limit = forms.DecimalField(
        label=gettext_lazy("Limit for purchase orders"),
        required=False,
        help_text=gettext_lazy("The largest order they may approve. Empty: none, or no limit for administrators."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, person: User | None, *args: Any, own: bool = False, **kwargs: Any) -> None:
        if person is not None:
            kwargs["initial"] = {name: getattr(person, name) for name in self.base_fields if hasattr(person, name)}
        super().__init__(*args, **kwargs)
        if own:
            self.fields["role"].disabled = True
            self.fields["role"].help_text = _("Another administrator can change your role.")

    def changes(self) -> dict[str, Any]:
        """What was changed: a new role brings its own limit unless one was typed."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


class NewPersonForm(PersonForm):
    LINK, TYPED = "link", "typed"

    how = forms.ChoiceField(
        label=gettext_lazy("How do they sign in first?"),
        choices=[
            (LINK, gettext_lazy("They get an e-mail with a link to set their password")),
            (TYPED, gettext_lazy("I type a password and tell them")),
        ],
        initial=LINK,
        widget=forms.RadioSelect,
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        strip=False,
        help_text=gettext_lazy("At least 8 characters, not a common one, not only digits."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, *args, **kwargs)
        self.fields["username"].help_text = _("Empty: the part of the e-mail address before the @.")
        self.fields["authorization_limit"].help_text = _("Empty: the usual limit of the role.")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("how") == self.TYPED and not given.get("password"):
            self.add_error("password", _("Type a password, or let them set it by e-mail."))
        return given

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "first_name": given["first_name"],
            "last_name": given["last_name"],
            "email": given["email"],
            "username": given["username"] or given["email"].partition("@")[0],
            "role": given["role"],
            "authorization_limit": given["authorization_limit"],
            "password": given["password"] if given["how"] == self.TYPED else None,
        }


class PasswordForm(forms.Form):
    prefix = "typed"
    password = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        help_text=gettext_lazy("At least 8 characters, not a common one, not only digits."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class TeamForm(forms.Form):
    name = _text(gettext_lazy("Name"), longest=100, required=True)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        help_text=gettext_lazy("What this team buys; helps people to choose it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    is_active = forms.BooleanField(
        label=gettext_lazy("Takes new requests"),
        required=False,
        help_text=gettext_lazy("Requests under way go on in either case."),
    )

    def __init__(self, team: Team | None, *args: Any, **kwargs: Any) -> None:
        if team is not None:
            kwargs["initial"] = {name: getattr(team, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        if team is None or team.is_general:
            del self.fields["is_active"]


class RoleForm(forms.Form):
    prefix = "role"
    name = _text(gettext_lazy("Name"), longest=100, required=True, placeholder=gettext_lazy("Safety officer"))
    code = _text(
        gettext_lazy("Code"),
        longest=50,
        help_text=gettext_lazy("For the API: SAFETY_OFFICER. Empty: made of the name."),
        autocomplete="off",
    )

    def values(self) -> dict[str, str]:
        name = self.cleaned_data["name"]
        return {"name": name, "code": self.cleaned_data["code"] or "_".join(name.upper().replace("-", " ").split())}


class MemberForm(forms.Form):
    """Gives a person a role in a team: `subject` is what the page does not know yet, a person or a team."""

    prefix = "member"
    subject = forms.ChoiceField()
    role = forms.ChoiceField(label=gettext_lazy("Role in the team"))

    def __init__(self, label: str, subjects: Choices, roles: list[Role], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].label = label
        self.fields["subject"].choices = [("", _("Choose…")), *subjects]  # type: ignore[attr-defined]
        self.fields["role"].choices = [(role.code, role.name) for role in roles]  # type: ignore[attr-defined]
