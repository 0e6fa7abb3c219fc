from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bureau.core.models import User
from bureau.demo.loading import load
from bureau.kit.errors import Invalid


class Command(BaseCommand):
    help = "Puts the demo data into an empty database: two kinds of organizations, their people, and their requests."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            raise CommandError("There are people in the database already; the demo data goes into an empty one only.")
        try:
            load(now=timezone.now(), password=settings.DEMO_PASSWORD)
        except Invalid as error:
            raise CommandError(f"The demo data was not loaded. DEMO_PASSWORD: {error.message}") from error
        if options["verbosity"]:
            self.stdout.write("The demo data is there. Sign in as requester, manager, finance, admin or owner.")
