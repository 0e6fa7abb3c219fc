"""Headers and structure only: nothing is decoded, so that no picture costs more than its own size."""

import io
import re
import struct
from typing import BinaryIO

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from bureau.core.inspection.edges import PADDING, archive_directory, is_padding, read_at
from bureau.core.inspection.refusals import bomb, damaged, two_in_one

MAX_PIXELS = 89_478_485  # of one picture: where Pillow begins to warn of a decompression bomb
MAX_TIFF_PAGES = 500
MAX_JPEG_SEGMENTS = 2_000
MAX_JPEG_SCANS = 100  # a progressive picture has about ten; each one costs every later reader a full pass

_JPEG_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")  # neither stuffing nor a restart inside the picture's data
_SOS, _EOI = 0xDA, 0xD9


def check_jpeg(file: BinaryIO, size: int) -> str:
    file.seek(2)
    segments = scans = 0
    while (marker := _next_jpeg_marker(file)) != _EOI:
        segments += 1
        scans += marker == _SOS
        if segments > MAX_JPEG_SEGMENTS or scans > MAX_JPEG_SCANS:
            raise bomb()
        (length,) = struct.unpack(">H", file.read(2))
        file.seek(max(length - 2, 0), io.SEEK_CUR)
    end = file.tell()
    tail = read_at(file, end, 65536)
    # Cameras append further pictures (MPF), a film (motion photo) or notes of their own that end in SEFT.
    camera = (
        tail.lstrip(PADDING).startswith(b"\xff\xd8") or tail[4:8] == b"ftyp" or read_at(file, size - 4, 4) == b"SEFT"
    )
    if not (camera or is_padding(file, end)) or archive_directory(file, size):
        raise two_in_one()
    _open_image(file, "JPEG").verify()
    return "jpg"


def _next_jpeg_marker(file: BinaryIO) -> int:
    while chunk := file.read(65536):
        if found := _JPEG_MARKER.search(chunk):
            file.seek(found.end() - len(chunk), io.SEEK_CUR)
            return found[1][0]
        if chunk.endswith(b"\xff") and len(chunk) > 1:
            file.seek(-1, io.SEEK_CUR)
    raise damaged()


def check_png(file: BinaryIO, size: int) -> str:
    _open_image(file, "PNG").verify()  # the checksum of every chunk
    file.seek(8)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", file.read(8))
        file.seek(length + 4, io.SEEK_CUR)
    if file.tell() > size:
        raise damaged()
    if not is_padding(file, file.tell()) or archive_directory(file, size):
        raise two_in_one()
    return "png"


def check_tiff(file: BinaryIO, size: int) -> str:
    image = _open_image(file, "TIFF")
    if not isinstance(image, TiffImageFile):
        raise damaged()
    for page in range(_tiff_pages(file)):
        image.seek(page)
        if image.width * image.height > MAX_PIXELS:
            raise bomb()
        offsets = image.tag_v2.get(273) or image.tag_v2.get(324) or ()  # strips or tiles
        lengths = image.tag_v2.get(279) or image.tag_v2.get(325) or ()
        ends = [offset + length for offset, length in zip(offsets, lengths, strict=True)]
        if not ends or max(ends) > size:
            raise damaged()
    if archive_directory(file, size):
        raise two_in_one()
    return "tiff"


def _tiff_pages(file: BinaryIO) -> int:
    order = "<" if read_at(file, 0, 2) == b"II" else ">"
    (directory,) = struct.unpack(order + "I", read_at(file, 4, 4))
    pages = 0
    while directory:
        pages += 1
        if pages > MAX_TIFF_PAGES:  # or the directories go round in a circle
            raise bomb()
        (entries,) = struct.unpack(order + "H", read_at(file, directory, 2))
        (directory,) = struct.unpack(order + "I", read_at(file, directory + 2 + 12 * entries, 4))
    return pages


def _open_image(file: BinaryIO, image_format: str) -> Image.Image:
    file.seek(0)
    try:
        image = Image.open(file, formats=[image_format])
    except Image.DecompressionBombError as error:
        raise bomb() from error
    if image.width * image.height > MAX_PIXELS:  # Pillow only warns, and warnings cannot be caught per thread
        raise bomb()
    return image
