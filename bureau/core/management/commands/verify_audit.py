from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bureau.core import audit
from bureau.core.models import AuditEntry


class Command(BaseCommand):
    help = "Verifies the hash chains of the audit log and names every place where one does not hold."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(audit.breaks())
        for place in found:
            self.stderr.write(f"organization {place.chain or 'none'}, entry {place.position}: {place.reason}")
        if found:
            raise CommandError(f"The audit log does not hold: {len(found)} place(s).", returncode=1)
        self.stdout.write(f"The audit log holds: {AuditEntry.objects.count()} entries.")
