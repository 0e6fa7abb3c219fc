"""Runs program.py on stored files: in a process of its own that gets nothing but them, with limits, few at once. Other
programs that are written as it is (its docstring says how) run by `run_program`."""

import json
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from django.utils.translation import gettext as _

from bureau.core import files
from bureau.core.models import StoredFile
from bureau.documents import program
from bureau.kit.errors import RateLimited

logger = logging.getLogger(__name__)

AT_ONCE = 2
"""Programs of one server process."""
PATIENCE = 10
"""Seconds that a caller waits for their turn."""
MEMORY = 1 << 30
MAX_RESULT = 256 << 20

_turns = BoundedSemaphore(AT_ONCE)


class Failed(Exception):
    """The program gave no result. `reason` is what it said of the file, or `stopped` where it was stopped at a limit or
    crashed; `place` the file that it was at, counted from 0."""

    def __init__(self, reason: str, place: int, details: dict[str, Any]) -> None:
        super().__init__(reason)
        self.reason, self.place, self.details = reason, place, details


def run(operation: str, stored: Sequence[StoredFile], *, seconds: int, many: bool = False, **arguments: Any) -> bytes:
    """What the operation makes of the files; it is given the only one by itself, or `many`.

    Raises ScanPending or Locked for a file that must not be opened, RateLimited where too many wait, Failed.
    """
    with _turn() as folder:
        named = []
        for place, file in enumerate(stored):
            with files.open_clean(file) as content, (folder / str(place)).open("wb") as copy:
                shutil.copyfileobj(content, copy)
            named.append((str(place), file.content_type))
        if many:
            arguments["files"] = named
        else:
            [(arguments["file"], arguments["content_type"])] = named
        return _result(program.__file__, operation, folder, seconds, arguments)


def run_program(path: str, operation: str, given: Mapping[str, bytes], *, seconds: int, **arguments: Any) -> bytes:
    """What another program makes of the files in its working directory that are `given`, by name. Raises as `run`."""
    with _turn() as folder:
        for name, content in given.items():
            (folder / name).write_bytes(content)
        return _result(path, operation, folder, seconds, arguments)


@contextmanager
def _turn() -> Iterator[Path]:
    """A folder for the work of one program."""
    if not _turns.acquire(timeout=PATIENCE):
        message = _("Too many documents are being prepared just now. Try again in a moment.")
        raise RateLimited(message, retry_after=5, limit=AT_ONCE)
    try:
        with tempfile.TemporaryDirectory(prefix="bureau-pages-") as folder:
            yield Path(folder)
    finally:
        _turns.release()


def _result(path: str, operation: str, folder: Path, seconds: int, arguments: dict[str, Any]) -> bytes:
    limits = {"RLIMIT_AS": MEMORY, "RLIMIT_CPU": seconds, "RLIMIT_FSIZE": MAX_RESULT, "RLIMIT_CORE": 0}
    given = json.dumps({**arguments, "limits": limits})
    result, at = folder / "result", folder / "at"
    code: int | str
    try:
        code = subprocess.run(
            [sys.executable, "-I", path, operation, given],
            cwd=folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        code = "timeout"
    if code == 0:
        return result.read_bytes()
    details: dict[str, Any]
    details = json.loads(result.read_bytes()) if code == program.REFUSED else {"reason": "stopped", "error": code}
    if "error" in details:
        logger.warning("%s of a file gave nothing: %s", operation, details["error"])
    raise Failed(details["reason"], int(at.read_text() or 0) if at.exists() else 0, details)
