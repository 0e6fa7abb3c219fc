"""Signing in and out, the way back in without a password, and what one sets for oneself."""

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from bureau.accounts.permissions import has_code
from bureau.accounts.selectors import access_scopes
from bureau.accounts.services import passwords, users
from bureau.accounts.services import sign_in as sign_ins
from bureau.cases.services import feeds
from bureau.kit.errors import Conflict, DomainError, Invalid, NotFound, RateLimited, Unauthorized
from bureau.purchasing.selectors import order_people
from bureau.purchasing.services import delegations
from bureau.web.account.forms import AwayForm, ChangePasswordForm, ForgotForm, NewPasswordForm, SignInForm
from bureau.web.answers import UNREADABLE, PageRequest, page, place_errors, way_back
from bureau.web.context import THEMES

BACKEND = settings.AUTHENTICATION_BACKENDS[0]


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = settings.LOGIN_REDIRECT_URL
    if request.method == "GET" and request.user.is_authenticated:
        return HttpResponseRedirect(target)
    form, status = SignInForm(request.POST or None), 200
    if form.is_valid():
        try:
            user = sign_ins.authenticate(
                login=form.cleaned_data["username"],
                password=form.cleaned_data["password"],
                address=request.META.get("REMOTE_ADDR"),
                now=timezone.now(),
            )
        except (Unauthorized, RateLimited) as error:
            form.add_error("password", error.message)
            status = error.status if isinstance(error, RateLimited) else UNREADABLE
        else:
            auth.login(request, user, backend=BACKEND)
            return HttpResponseRedirect(target)
    elif form.is_bound:
        status = UNREADABLE
    return render(request, "web/account/sign_in.html", {"form": form, "next": target}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        sign_ins.sign_out(user=request.user, now=timezone.now())
        auth.logout(request)
    return redirect("web:sign-in")


@require_http_methods(["GET", "POST"])
def password_forgot(request: HttpRequest) -> HttpResponse:
    form, sent = ForgotForm(request.POST or None), False
    if form.is_valid():
        try:
            passwords.request_password_reset(
                email=form.cleaned_data["email"], address=request.META.get("REMOTE_ADDR"), now=timezone.now()
            )
            sent = True
        except RateLimited as error:
            form.add_error("email", error.message)
    status = UNREADABLE if form.is_bound and not sent else 200
    return render(request, "web/account/password_forgot.html", {"form": form, "sent": sent}, status=status)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password_reset(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    if passwords.user_of_reset_link(uid=uid, token=token) is None:
        return render(request, "web/account/password_reset.html", status=410)
    form = NewPasswordForm(request.POST or None)
    if form.is_valid():
        try:
            passwords.reset_password(
                uid=uid, token=token, new_password=form.cleaned_data["new_password"], now=timezone.now()
            )
        except Invalid as error:
            place_errors(form, error)
        else:
            messages.success(request, _("The new password is set. Sign in with it."))
            return redirect("web:sign-in")
    status = UNREADABLE if form.is_bound else 200
    return render(request, "web/account/password_reset.html", {"form": form}, status=status)


@page
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def account(request: PageRequest) -> HttpResponse:
    if request.POST.get("do") == "shortcuts":
        users.update_profile(actor=request.user, changes={"shortcuts": "shortcuts" in request.POST}, now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("web:account")
    if request.POST.get("do") in ("away", "back"):
        return _away(request)
    if request.POST.get("do") in ("calendar", "no-calendar"):
        return _calendar(request)
    form = ChangePasswordForm(request.POST or None)
    if form.is_valid():
        try:
            passwords.change_password(
                actor=request.user,
                old_password=form.cleaned_data["old_password"],
                new_password=form.cleaned_data["new_password"],
                now=timezone.now(),
            )
        except Invalid as error:
            place_errors(form, error)
        except DomainError as error:
            form.add_error("old_password", error.message)
        else:
            auth.update_session_auth_hash(request, request.user)
            messages.success(request, _("The password is changed."))
            return redirect("web:account")
    return _account_page(request, form=form)


def _away(request: PageRequest) -> HttpResponse:
    """While one is away: gives one's decisions to a colleague, or takes them back."""
    user, now = request.user, timezone.now()
    given = order_people.delegations_given(user, today=timezone.localdate())
    if request.POST["do"] == "back":
        delegation = next((one for one in given if str(one.uuid) == request.POST.get("delegation")), None)
        if delegation is None:
            raise NotFound(_("There is no such delegation."))
        delegations.end_delegation(actor=user, delegation=delegation, now=now)
        messages.success(request, _("You decide yourself again."))
        return redirect(reverse("web:account") + "#away")
    form = AwayForm(order_people.possible_delegates(user), request.POST)
    if form.is_valid():
        try:
            delegations.create_delegation(
                actor=user,
                delegator=user,
                delegate=form.colleagues[form.cleaned_data["delegate"]],
                start_date=form.cleaned_data["start_date"],
                end_date=form.cleaned_data["end_date"],
                now=now,
            )
        except Invalid as error:
            place_errors(form, error)
        except Conflict as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("That is settled; both of you see it here."))
            return redirect(reverse("web:account") + "#away")
    return _account_page(request, away=form)


def _calendar(request: PageRequest) -> HttpResponse:
    """Makes a new secret address of one's calendar, which this page alone shows, or ends it."""
    if request.POST["do"] == "no-calendar":
        feeds.remove_feed(actor=request.user, now=timezone.now())
        messages.success(request, _("The address does not work any more."))
        return redirect(reverse("web:account") + "#calendar")
    token = feeds.create_feed(actor=request.user, now=timezone.now())
    response = _account_page(request, feed_url=feeds.feed_url(token))
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _account_page(
    request: PageRequest,
    *,
    form: ChangePasswordForm | None = None,
    away: AwayForm | None = None,
    feed_url: str = "",
) -> HttpResponse:
    user, today = request.user, timezone.localdate()
    bound = bool((form and form.is_bound) or away)
    context = {"form": form or ChangePasswordForm(), "scopes": access_scopes(user), "today": today}
    context |= {"feed": feeds.feed_of(user), "feed_url": feed_url}
    context["received"] = order_people.delegations_received(user, today=today)
    if has_code(user, "po:approve"):
        context["given"] = order_people.delegations_given(user, today=today)
        context["away"] = away or AwayForm(order_people.possible_delegates(user), initial={"start_date": today})
    return render(request, "web/account/account.html", context, status=UNREADABLE if bound else 200)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """The switch of people whose browser runs no script; the script sets the same cookie itself."""
    wanted = request.POST.get("theme", "")
    if wanted == "toggle":
        wanted = "light" if request.COOKIES.get("theme") == "dark" else "dark"
    response = HttpResponseRedirect(way_back(request))
    if wanted in THEMES:
        response.set_cookie("theme", wanted, max_age=31_536_000, samesite="Lax")
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response
