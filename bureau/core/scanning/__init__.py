"""Looking for malicious content: the rules of rules/documents.yar here and now, ClamAV where a daemon is configured.

Rules see what a container holds, not only its bytes: members of archives, decoded streams and attachments of PDFs,
streams and macro sources of compound files, three levels deep.
"""

from functools import cache
from pathlib import Path
from typing import BinaryIO

import yara_x
from django.utils.translation import gettext as _

from bureau.core.inspection import Inspected
from bureau.core.inspection.refusals import refusing_damaged
from bureau.core.scanning.clamd import ClamdScanner, Clean, Infected
from bureau.core.scanning.unpacking import file_parts
from bureau.kit.errors import BusinessRule

__all__ = ["ClamdScanner", "Clean", "Infected", "VirusDetected", "scan_builtin"]

RULES = Path(__file__).parents[1] / "rules"
SCAN_SECONDS = 30


class VirusDetected(BusinessRule):
    """`finding` is the scanner's name for it, for the audit log; the message does not repeat what the file says."""

    code = "VIRUS_DETECTED"

    def __init__(self, finding: str) -> None:
        super().__init__(_("The virus scanner refused this file. Ask its sender for a clean copy."))
        self.finding = finding


def scan_builtin(file: BinaryIO, inspected: Inspected) -> str | None:
    """The name of the first rule that matches `file` or anything inside; None when there is none.

    Raises Invalid when part of it cannot be looked into: damaged, protected by a password, or too large unpacked.
    Leaves `file` at its start.
    """
    scanner = yara_x.Scanner(_rules())
    scanner.set_timeout(SCAN_SECONDS)
    with refusing_damaged():
        for part, data in file_parts(file, inspected.extension):
            scanner.set_global("part", part)
            if matching := scanner.scan(data).matching_rules:
                return matching[0].identifier
    file.seek(0)
    return None


@cache
def _rules() -> yara_x.Rules:
    compiler = yara_x.Compiler()
    compiler.define_global("part", "")
    for path in sorted(RULES.glob("*.yar")):
        compiler.add_source(path.read_text(), origin=path.name)
    return compiler.build()
