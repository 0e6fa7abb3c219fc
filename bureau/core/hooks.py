"""Typed hooks: lower code announces what happened, higher apps register what follows in `AppConfig.ready()`."""

from collections.abc import Callable
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from bureau.core.models import Organization, StoredFile

Handler = TypeVar("Handler", bound=Callable[..., None])


class Hook(Generic[Handler]):
    """Calls every registered handler, in the caller's transaction and in the order of registration."""

    def __init__(self) -> None:
        self.handlers: list[Handler] = []

    def register(self, handler: Handler) -> Handler:
        if handler not in self.handlers:
            self.handlers.append(handler)
        return handler

    def send(self, **event: object) -> None:
        for handler in self.handlers:
            handler(**event)


class OrganizationCreated(Protocol):
    def __call__(self, *, organization: Organization, sole_trader: bool, now: datetime) -> None: ...


organization_created: Hook[OrganizationCreated] = Hook()
"""After an organization got its roles and its General team: `send(organization=, sole_trader=, now=)`."""


class FileQuarantined(Protocol):
    def __call__(self, *, file: StoredFile, now: datetime) -> None: ...


file_quarantined: Hook[FileQuarantined] = Hook()
"""After a scan did not pass a stored file: `send(file=, now=)`, in the transaction that locks it away."""
