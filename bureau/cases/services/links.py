"""Links by which customers without an account see how their case stands and upload what is missing.

The token has 256 bits of chance; only its SHA-256 is kept. What a link shows is decided where it is shown; a link to a
completed case shows the progress still, and `receive_upload` refuses files for it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.cases.models import Case, CaseLink
from bureau.cases.permissions.cases import can_change_case
from bureau.cases.services.cases.following import locked
from bureau.core import audit
from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.mail import deliver
from bureau.core.models import User
from bureau.core.secret_addresses import digest, new_token
from bureau.kit.errors import BusinessRule, Invalid, NotFound, WrongState

DAYS, MOST_DAYS = 14, 90
NOT_WORKING = gettext_lazy("This link does not work any more. Ask for a new one.")
SEEN_AGAIN = timedelta(minutes=1)
"""A link that is opened again within this time is not noted again."""


class CustomerInactive(BusinessRule):
    code = "CUSTOMER_INACTIVE"


def link_url(token: str) -> str:
    return f"{settings.PUBLIC_URL}/c/{token}/"


def create_link(*, actor: User, case: Case, days: int = DAYS, now: datetime) -> tuple[CaseLink, str]:
    """A link that works for `days` (1 to 90), and its token, which nobody can show again; several may work at once.

    Raises Forbidden, Invalid, CustomerInactive, NotFound (the case was deleted).
    """
    token = new_token()
    return _created(actor, case, days, digest(token), "link_created", {}, now=now), token


def send_link(*, actor: User, case: Case, days: int = DAYS, now: datetime) -> CaseLink:
    """Mails a new link to the customer's own e-mail address. Its token is made when it is sent and stored nowhere.

    Raises Forbidden, Invalid (no address), CustomerInactive.
    """
    can_change_case(actor, case).enforce()
    address = case.customer.party.email
    if not address:
        raise Invalid.field(
            "email", _("The customer has no e-mail address. Enter one first, or make a link and hand it over yourself.")
        )
    with transaction.atomic():
        unsent = digest(new_token())  # takes the place of the real one, which the job makes
        link = _created(actor, case, days, unsent, "link_sent", {"to": address}, now=now)
        enqueue(
            "send_case_link",
            payload={"link": link.pk},
            now=now,
            organization=case.organization,
            requested_by=actor,
        )
    return link


def _created(
    actor: User, case: Case, days: int, token_hash: str, action: str, told: dict[str, str], *, now: datetime
) -> CaseLink:
    can_change_case(actor, case).enforce()
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
        raise Invalid.field("days", _("Give a number of days from 1 to %(most)s.") % {"most": MOST_DAYS})
    with transaction.atomic():
        case = locked(case)  # else it might be deleted meanwhile
        if not case.customer.active:
            raise CustomerInactive(_("This customer is not active. Activate the customer before giving them a link."))
        link = CaseLink.objects.create(
            case=case,
            token_hash=token_hash,
            created_by=actor,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        new = {"link": str(link.uuid), "expires_at": link.expires_at, **told}
        audit.record(case, action, actor=actor, now=now, new=new)
    return link


@job_handler("send_case_link", max_attempts=30)
def send_case_link(run: Run) -> dict[str, Any]:
    """Each try gives the link a new token, before the message leaves: the one that arrives last works."""
    links = CaseLink.objects.select_related(
        "case__organization", "case__customer__party", "case__product", "created_by"
    )
    link = links.get(pk=run.job.payload["link"])
    customer = link.case.customer
    address = customer.party.email
    if link.revoked_at or link.expires_at <= timezone.now() or not customer.active or not address:
        return {"sent": False}
    token = new_token()
    CaseLink.objects.filter(pk=link.pk).update(token_hash=digest(token))
    context = {
        "organization": link.case.organization,
        "name": customer.party.name,
        "case": link.case,
        "link": link,
        "url": link_url(token),
    }
    deliver(
        run.job,
        to=address,
        subject=_("%(organization)s: your case %(case)s")
        % {"organization": " ".join(link.case.organization.name.split()), "case": link.case.number},
        body=render_to_string("cases/mail/link.txt", context),
        reply_to=link.created_by.email,
    )
    return {"sent": True}


def revoke_link(*, actor: User, link: CaseLink, now: datetime) -> CaseLink:
    """Ends a link for good. Raises Forbidden, WrongState (it works no more already)."""
    case = link.case
    can_change_case(actor, case).enforce()
    with transaction.atomic():
        if not CaseLink.objects.filter(pk=link.pk, revoked_at=None, expires_at__gt=now).update(revoked_at=now):
            raise WrongState(_("This link does not work any more."))
        link.revoked_at = now
        audit.record(case, "link_revoked", actor=actor, now=now, old={"link": str(link.uuid)})
    return link


def link_for_token(token: str, *, now: datetime) -> CaseLink:
    """The link with its case, product, customer, organization and owner.

    Raises NotFound with the same words for a token that never was, has expired or was revoked, and for a customer who
    is not active any more.
    """
    links = CaseLink.objects.select_related(
        "case__organization", "case__customer__party", "case__product", "case__owner"
    )
    link = links.filter(
        token_hash=digest(token), revoked_at=None, expires_at__gt=now, case__customer__active=True
    ).first()
    if link is None:
        raise NotFound(str(NOT_WORKING))
    return link


def note_use(link: CaseLink, *, now: datetime) -> None:
    """Keeps when the link was opened last, to the minute."""
    seldom = Q(used_at=None) | Q(used_at__lte=now - SEEN_AGAIN)
    if CaseLink.objects.filter(seldom, pk=link.pk).update(used_at=now):
        link.used_at = now


def note_upload(link: CaseLink, *, now: datetime) -> None:
    """Counts a file that came by the link, in the transaction that keeps it. Raises NotFound when it works no more."""
    if not CaseLink.objects.filter(pk=link.pk, revoked_at=None, expires_at__gt=now).update(uploads=F("uploads") + 1):
        raise NotFound(str(NOT_WORKING))
