"""The connector of an office without either service: CSV or JSON files in a folder of the organization.

`DATA_DIR/connectors/<organization>/` holds projects, cost_codes and vendors as .csv or .json; approved orders are
written to `orders/` in it, one file each.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils.translation import gettext as _

from bureau.core.models import Organization
from bureau.kit.errors import IntegrationFailed, Invalid
from bureau.purchasing.connectors.interface import Batch, Part, Row, RowError

NAME = "Files"
MAX_FILE = 20_000_000  # bytes
DELIMITERS = ",;\t"


class FileConnector:
    name = NAME

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, organization: Organization) -> "FileConnector":
        return cls(folders() / str(organization.uuid))

    def projects(self) -> Batch | None:
        return self._read(Part.PROJECTS)

    def cost_codes(self) -> Batch | None:
        return self._read(Part.COST_CODES)

    def vendors(self) -> Batch | None:
        return self._read(Part.VENDORS)

    def post_order(self, order: Mapping[str, Any], *, key: str) -> str:
        """One file, named by the order's number: written twice, it is still one."""
        name = f"{order['po_number']}.json"
        if not re.fullmatch(r"[\w-][\w.-]*", name, re.ASCII):
            raise IntegrationFailed(_("An order cannot be written under this number."))
        content = json.dumps({**order, "external_id": key}, indent=2, ensure_ascii=False, default=str)
        write(self.folder / "orders" / name, content.encode())
        return f"orders/{name}"

    def file_of(self, part: Part) -> Path | None:
        """The CSV file, else the JSON file, else nothing to sync."""
        return next((path for end in ("csv", "json") if (path := self.folder / f"{part}.{end}").is_file()), None)

    def _read(self, part: Part) -> Batch | None:
        path = self.file_of(part)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                data = file.read(MAX_FILE + 1)
        except OSError:
            raise IntegrationFailed(_("The file %(name)s cannot be read.") % {"name": path.name}) from None
        try:
            return parse_json(data) if path.suffix == ".json" else parse_csv(data)
        except Invalid as error:
            raise IntegrationFailed(f"{path.name}: {error.message}") from None


def folders() -> Path:
    return Path(settings.DATA_DIR) / "connectors"


def write(path: Path, content: bytes) -> None:
    """Whole or not at all, and for nobody else to read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    part.touch(mode=0o600)
    part.write_bytes(content)
    part.replace(path)


def parse_csv(data: bytes) -> Batch:
    """Rows by their header line: separated by commas, semicolons or tabs, in UTF-8 (with or without a byte order mark)
    or Latin-1. Raises Invalid where nothing of it can be read."""
    text = _text(data)
    header_line = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=header_line.count), strict=True)
    batch = Batch()
    header: list[str] | None = None
    for number, cells in _lines(reader, batch):
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
            if len(set(header)) != len(header):
                raise Invalid(_("A column is there twice."))
        elif len(cells) == len(header):
            batch.rows.append(Row(number, dict(zip(header, cells, strict=True))))
        else:
            words = {"count": len(cells), "wanted": len(header)}
            batch.errors.append(RowError(number, _("%(count)d cells instead of %(wanted)d.") % words))
    if header is None:
        raise Invalid(_("The file is empty: it needs a first line with the names of the columns."))
    return batch


def parse_json(data: bytes) -> Batch:
    """A list of objects, or `{"data": [...]}`. Raises Invalid where nothing of it can be read."""
    text = _text(data)
    try:
        content = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Invalid(_("The file is not JSON.")) from None
    rows = content.get("data") if isinstance(content, dict) else content
    if not isinstance(rows, list):
        raise Invalid(_("The file holds no list of rows."))
    batch = Batch()
    for number, values in enumerate(rows, 1):
        if isinstance(values, dict):
            batch.rows.append(Row(number, values))
        else:
            batch.errors.append(RowError(number, _("This is not an object with named values.")))
    return batch


def _text(data: bytes) -> str:
    if len(data) > MAX_FILE:
        raise Invalid(_("The file is larger than %(count)d MB.") % {"count": MAX_FILE // 1_000_000})
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\x00" in text:
        raise Invalid(_("This is not a text file in UTF-8 or Latin-1."))
    return text


def _lines(reader: Any, batch: Batch) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it starts on; one that cannot be read becomes an error."""
    while True:
        number = reader.line_num + 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error:
            batch.errors.append(RowError(number, _("The quotation marks of this line do not match.")))


def _no_number(text: str) -> Any:
    raise ValueError(text)
