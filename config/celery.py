"""The Celery application; its settings are the CELERY_... ones of Django."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from config.embedded import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

app = Celery("bureau")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["bureau.core"])


@worker_process_init.connect  # type: ignore[untyped-decorator]
def end_with_the_worker(**_: Any) -> None:
    """A killed worker's pool must not go on with jobs that somebody else takes up again."""
    die_with_parent()


@setup_logging.connect  # type: ignore[untyped-decorator]
def log_as_django_does(**_: Any) -> None:
    """Having a receiver here is what keeps Celery from configuring logging by itself."""
