"""A worker and a relay whose jobs have an effect that can be counted (test_job_survival.py)."""

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from bureau.core.jobs import Run, job_handler  # noqa: E402
from bureau.core.models import Organization  # noqa: E402
from config.celery import app  # noqa: E402, F401


@job_handler("effect", max_attempts=50)
def effect(run: Run) -> None:
    time.sleep(0.02)
    with run.completing():
        Organization.objects.create(name=run.job.payload["name"])
        time.sleep(0.02)


if __name__ == "__main__":
    from django.core.management import call_command

    call_command(*sys.argv[1:])
