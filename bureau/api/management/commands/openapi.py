from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bureau.api.schema import FOLDER, documents


class Command(BaseCommand):
    help = "Writes the OpenAPI documents; with --check, compares them with the committed ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        built = documents()
        stale = [
            name
            for name, content in built.items()
            if not (FOLDER / name).exists() or (FOLDER / name).read_bytes() != content
        ]
        if check and stale:
            raise CommandError(f"Out of date: {', '.join(stale)}. Run: python manage.py openapi")
        if not check:
            FOLDER.mkdir(exist_ok=True)
            for name, content in built.items():
                (FOLDER / name).write_bytes(content)
        self.stdout.write(f"{len(built)} documents, {'all current' if check else 'written'}.")
