"""Why a quote cannot be moved, changed or deleted in its state, and what to do about it. Who may: documents.py."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.sales.states import QuoteStatus

STATE = {
    QuoteStatus.DRAFT: gettext_lazy("The quote is a draft. Send it first."),
    QuoteStatus.SENT: gettext_lazy("The quote has been sent and waits for an answer."),
    QuoteStatus.ACCEPTED: gettext_lazy("The quote has been accepted and stays as it is. Make another one for changes."),
    QuoteStatus.REJECTED: gettext_lazy("The quote was rejected. Change it: that makes its next version, a draft."),
    QuoteStatus.EXPIRED: gettext_lazy(
        "The quote has expired. Give it a later expiry date: that makes its next version, a draft."
    ),
}

TOO_LATE = gettext_lazy("It would have expired. Give it a later expiry date first.")
"""Of a draft that is to be sent after its last day."""


def wrong_state(status: QuoteStatus, action: str) -> str:
    """The sentence for an action that a quote shown as `status` does not have."""
    match action:
        case "convert":
            first = _("Only an accepted quote becomes an invoice.")
        case "delete":
            first = _("Only a draft is deleted.")
            if status == QuoteStatus.SENT:
                return first + " " + _("Mark the quote as rejected instead.")
        case _:
            first = ""
    return f"{first} {STATE[status]}".strip()
