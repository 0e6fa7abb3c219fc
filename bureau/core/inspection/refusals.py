"""What a person is told whose file is not accepted."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from bureau.kit.errors import DomainError, Invalid


def refused(message: str) -> Invalid:
    return Invalid.field("file", message)


def damaged() -> Invalid:
    return refused(_("The file is damaged or incomplete. Open it, save it anew and upload that."))


def protected() -> Invalid:
    return refused(_("The file is protected by a password, so that it cannot be checked. Upload it without one."))


def bomb() -> Invalid:
    return refused(_("The file unpacks to far more than its size. Upload a simpler one."))


def two_in_one() -> Invalid:
    return refused(_("The file carries other content beside the document. Save it anew and upload that."))


def with_macros() -> Invalid:
    return refused(_("The file contains macros or programs. Save it without them and upload that."))


@contextmanager
def refusing_damaged() -> Iterator[None]:
    """One refusal for whatever a parser throws at hostile bytes: OSError, struct.error, KeyError, RecursionError..."""
    try:
        yield
    except DomainError:
        raise
    except Exception as error:
        raise damaged() from error
