"""The demo data: the people of Northwind Builders and 18 months of what they bought.

Everything goes through the services, at the moments at which it would have happened; the same `now` gives the same.
"""

from datetime import datetime

from django.db import transaction

from bureau.core.models import Job
from bureau.demo.clock import HISTORY
from bureau.demo.orders import order_events
from bureau.demo.people import create_people
from bureau.demo.requests import request_events
from bureau.demo.sites import create_sites, site_events

UNASKED = ("tell_about_request", "tell_about_order", "send_order", "post_order")


def load(*, now: datetime, password: str) -> None:
    """Fills an empty database. No mail leaves, and nothing is posted: nobody asked for it.

    Raises Invalid when `password` is too weak for an account.
    """
    with transaction.atomic():
        people, marketing = create_people(now - HISTORY, password)
        sites = create_sites(people, now=now - HISTORY)
        events = [
            *site_events(people, sites, now=now),
            *request_events(people, marketing, now=now),
            *order_events(people, sites, now=now),
        ]
        for event in sorted(events, key=lambda event: event.at):
            event.act(event.at)
        Job.objects.filter(kind__in=UNASKED).delete()
