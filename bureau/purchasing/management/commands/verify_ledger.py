from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bureau.purchasing.services.budgets import differences


class Command(BaseCommand):
    help = "Adds up the ledger anew and compares it with the figures of projects and cost codes."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(differences())
        for one in found:
            self.stderr.write(f"{one.what}: {one.kind.value} is {one.kept}, its entries add up to {one.entries}")
        if found:
            raise CommandError(f"{len(found)} figures are not what their entries add up to.")
        self.stdout.write("Every figure is what its entries add up to.")
