"""The files that the rules of this folder read."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = {".venv", ".tools", ".git", "var", "node_modules"}


def modules(*folders: str) -> list[str]:
    """The Python modules in these folders of the repository, without the migrations that Django writes."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def documents() -> Iterator[Path]:
    """Every Markdown file of the repository."""
    for path in sorted(ROOT.rglob("*.md")):
        folders = path.relative_to(ROOT).parts[:-1]
        if not any(folder in LEFT_OUT or folder.startswith(".") for folder in folders):
            yield path
