"""Celery entry points."""

from celery import shared_task

from bureau.core import jobs


@shared_task(name="bureau.run_job")  # type: ignore[untyped-decorator]
def run_job(job_id: str) -> None:
    jobs.run(job_id)
