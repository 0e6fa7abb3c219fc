"""The ends of a file, where a second file hides."""

import struct
from typing import BinaryIO

PADDING = b"\0\t\n\r\x1a "


def is_padding(file: BinaryIO, position: int) -> bool:
    """Whether nothing but a little padding follows `position`."""
    tail = read_at(file, position, 65536)
    return len(tail) < 65536 and not tail.strip(PADDING)


def archive_directory(file: BinaryIO, size: int) -> tuple[int, int, int] | None:
    """Where the zip directory of `file` is, its length, and where its end record is; None when it is no zip archive.

    Readers of archives look for the end record from behind and forgive everything around the archive: that is what
    lets an archive hide behind a picture.
    """
    window = 65536 + 22
    start = max(0, size - window)
    tail = read_at(file, start, window)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return None
    (length,) = struct.unpack("<I", tail[at + 12 : at + 16])
    position = start + at - length
    if tail[max(0, at - 20) :].startswith(b"PK\x06\x07") or (
        position >= 0 and read_at(file, position, 4) == b"PK\x01\x02"
    ):
        return position, length, start + at
    return None


def read_at(file: BinaryIO, position: int, length: int) -> bytes:
    file.seek(max(position, 0))
    return file.read(length)
