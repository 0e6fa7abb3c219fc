from typing import BinaryIO

import pikepdf
import pikepdf.settings

from bureau.core.inspection.edges import PADDING, archive_directory, read_at
from bureau.core.inspection.refusals import damaged, protected, two_in_one

MAX_STREAM = 64 << 20
MAX_REPAIRED = 1 << 20  # qpdf spends up to three seconds a MB on damage made for it; honest files rarely need it

# qpdf has no limits of its own on what a stream unpacks to. These hold for the whole process, for every reader of PDFs.
pikepdf.settings.set_qpdf_limits(
    doc_max_warnings=1_000,
    max_stream_filters=4,
    flate_max_memory=MAX_STREAM,
    run_length_max_memory=MAX_STREAM,
    png_max_memory=MAX_STREAM,
    tiff_max_memory=MAX_STREAM,
)


def check_pdf(file: BinaryIO, size: int) -> str:
    tail = read_at(file, max(0, size - 4096), 4096)
    _before, end_mark, after = tail.rpartition(b"%%EOF")
    if not end_mark:
        raise damaged()
    if after.strip(PADDING) or archive_directory(file, size):
        raise two_in_one()
    try:
        # A PDF that opens without a password can be read and scanned, even when its owner forbids printing.
        with open_pdf(file, size) as pdf:
            if not len(pdf.pages):
                raise damaged()
    except pikepdf.PasswordError as error:
        raise protected() from error
    return "pdf"


def open_pdf(file: BinaryIO, size: int) -> pikepdf.Pdf:
    """`file`, of `size` bytes, within time and memory that a hostile file cannot choose. Raises pikepdf's errors."""
    file.seek(0)
    return pikepdf.open(file, attempt_recovery=size <= MAX_REPAIRED)
