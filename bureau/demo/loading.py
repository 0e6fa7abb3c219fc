"""The demo data: the people of Northwind Builders and 18 months of what they bought, did for customers and billed
them.

Everything goes through the services, at the moments at which it would have happened; the same `now` gives the same.
"""

from datetime import datetime

from django.db import transaction

from bureau.cases.reminders import remind
from bureau.core.models import Job
from bureau.demo.cases import case_events
from bureau.demo.clock import HISTORY
from bureau.demo.customers import Book, customer_events
from bureau.demo.orders import order_events
from bureau.demo.people import create_people
from bureau.demo.products import close_between_the_years, create_products
from bureau.demo.requests import request_events
from bureau.demo.sales import sales_events
from bureau.demo.sites import create_sites, site_events
from bureau.sales.services.quotes import expire_quotes

UNASKED = (
    "tell_about_request", "tell_about_order", "tell_about_case", "send_mail", "send_order", "post_order",
    "mail_sales_document",
)  # fmt: skip


def load(*, now: datetime, password: str) -> None:
    """Fills an empty database. No mail leaves, and nothing is posted: nobody asked for it.

    Raises Invalid when `password` is too weak for an account.
    """
    with transaction.atomic():
        people, marketing = create_people(now - HISTORY, password)
        sites = create_sites(people, now=now - HISTORY)
        close_between_the_years(people, now=now, at=now - HISTORY)
        products, book = create_products(people, now=now - HISTORY), Book()
        events = [
            *site_events(people, sites, now=now),
            *request_events(people, marketing, now=now),
            *order_events(people, sites, now=now),
            *customer_events(people, book, now=now),
            *case_events(people, book, products, now=now),
            *sales_events(people, book, now=now),
        ]
        for event in sorted(events, key=lambda event: event.at):
            event.act(event.at)
        expire_quotes(now=now)
        remind(now=now)
        Job.objects.filter(kind__in=UNASKED).delete()
