import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from bureau.accounts.permissions import SYSTEM
from bureau.accounts.services.organizations import create_organization
from bureau.accounts.services.users import create_user
from bureau.core.models import User, UserRole
from bureau.kit.errors import Invalid


class Command(BaseCommand):
    help = (
        "Makes an organization and its first administrator, whose password is asked for, or read from standard input. "
        "The first person of an installation is its superuser."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="of the organization")
        parser.add_argument("--username", required=True)
        parser.add_argument("--email", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        now = timezone.now()
        try:
            with transaction.atomic():
                user = create_user(
                    actor=SYSTEM,
                    organization=create_organization(name=options["name"], now=now),
                    username=options["username"],
                    email=options["email"],
                    password=password,
                    role=UserRole.ADMIN,
                    superuser=not User.objects.exists(),
                    now=now,
                )
        except Invalid as error:
            problems = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.fields.items())
            raise CommandError(f"Nothing was made. {problems}") from error
        self.stdout.write(f"{options['name']} is there. {user.username} administers it: sign in, and go to Setup.")
