"""E-mail: written as a job in the transaction of what it tells about, sent after the commit."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.models import Job, Organization


def send_later(
    *, to: str, subject: str, body: str, now: datetime, organization: Organization | None = None, key: str | None = None
) -> Job:
    """Enqueues one plain-text message to one person. Nothing is sent when the transaction is rolled back."""
    payload = {"to": to, "subject": " ".join(subject.split()), "body": body}
    return enqueue("send_mail", payload=payload, now=now, organization=organization, key=key)


@job_handler("send_mail", max_attempts=30)  # a mail server that is away for most of a day loses none
def send_mail(run: Run) -> dict[str, Any]:
    deliver(run.job, **run.job.payload)
    return {"message_id": str(run.job.pk)}


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a message."""

    filename: str
    content: bytes
    content_type: str


def deliver(
    job: Job, *, to: str, subject: str, body: str, reply_to: str = "", enclosures: Sequence[Enclosure] = ()
) -> None:
    """Sends the message under an id made of the job's, so that a second delivery can be told from a new message."""
    message = EmailMessage(
        subject=subject,
        body=body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        reply_to=[reply_to] if reply_to else [],
        attachments=[(enclosure.filename, enclosure.content, enclosure.content_type) for enclosure in enclosures],
        headers={"Message-ID": f"<{job.pk}@bureau>", "Auto-Submitted": "auto-generated"},
        connection=get_connection(),
    )
    message.send()


class MessageFileBackend(BaseEmailBackend):
    """Writes each message to a file of its own, named by its id: writing it twice leaves one."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = str(message.extra_headers.get("Message-ID", "")).strip("<>").partition("@")[0] or f"{id(message):x}"
            part = folder / f".{name}.{os.getpid()}"
            part.write_bytes(message.message().as_bytes())
            part.replace(folder / f"{name}.eml")
        return len(email_messages)
