"""Tables as files, read and written row by row: CSV as people's programs write it, and XLSX."""

import codecs
import csv
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import StringIO
from itertools import chain, islice
from typing import IO, Any

import openpyxl
import xlsxwriter
from django.utils.translation import gettext as _

from bureau.kit.errors import Invalid

MAX_ROWS = 250_000  # of a file that is read
MAX_COLUMNS = 200
MAX_CELL = 32_767  # characters: no more go into a cell of a spreadsheet
MAX_XLSX_ROWS = 50_000
"""Of a workbook that is written: it is made whole before its first byte can be sent."""

DELIMITERS = ",;\t|"
_SAMPLE = 1 << 16
_CHUNK = 1 << 20
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_WIDEST, _FEW = 60, 100  # characters of a column's width, which the first rows decide


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that says something. `number` counts from 1 as a spreadsheet numbers its rows, empty ones included."""

    number: int
    cells: list[str]

    def cell(self, place: int) -> str:
        """Empty where the row is shorter."""
        return self.cells[place] if place < len(self.cells) else ""


def read_rows(file: IO[bytes], *, extension: str) -> Iterator[SheetRow]:
    """The rows of a CSV file or of a workbook's first visible sheet (`xlsx`) as trimmed texts; empty ones are left out.

    Dates are written as 2026-03-31, numbers without a fraction that is zero, truth as true and false; of a formula the
    value counts that was last computed. Raises Invalid, naming the field `file`, where the file cannot be read, also
    on the way.
    """
    file.seek(0)
    rows = _workbook_rows(file) if extension == "xlsx" else _csv_rows(file)
    for number, cells in enumerate(rows, 1):
        if number > MAX_ROWS:
            raise _unreadable(_("The file has more than %(count)d rows. Split it.") % {"count": MAX_ROWS})
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        if len(cells) > MAX_COLUMNS:
            words = {"number": number, "count": MAX_COLUMNS}
            raise _unreadable(_("Row %(number)d has more than %(count)d columns.") % words)
        if any(len(cell) > MAX_CELL for cell in cells):
            words = {"number": number, "count": MAX_CELL}
            raise _unreadable(_("Row %(number)d has a cell of more than %(count)d characters.") % words)
        if any("\x00" in cell for cell in cells):
            raise _binary()
        yield SheetRow(number, cells)


def _csv_rows(file: IO[bytes]) -> Iterator[list[str]]:
    encoding = _encoding(file)
    file.seek(0)
    texts = codecs.iterdecode(iter(lambda: file.read(_CHUNK), b""), encoding)
    sample = next(texts, "")
    delimiter, skipped = _delimiter(sample[:_SAMPLE])
    lines = islice(_lines(sample, texts), skipped, None)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            line = {"line": reader.line_num + skipped}
            message = _("Line %(line)d cannot be read: a quotation mark in a cell is not doubled, or not closed.")
            raise _unreadable(message % line) from None
        yield [_unquoted(cell.strip()) for cell in cells]


def _lines(sample: str, rest: Iterable[str]) -> Iterator[str]:
    """Old programs end lines by a carriage return alone."""
    end = "\n" if "\n" in sample or "\r" not in sample else "\r"
    begun = ""
    for text in chain([sample], rest):
        *whole, begun = (begun + text).split(end)
        for line in whole:
            yield line + end
        if len(begun) > MAX_COLUMNS * MAX_CELL:
            raise _unreadable(_("The file has no line ends. Save it as CSV or XLSX and upload that."))
    if begun:
        yield begun


def _unquoted(cell: str) -> str:
    """Without the apostrophe by which `csv_cell` keeps a text from being a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _encoding(file: IO[bytes]) -> str:
    """By its mark; else UTF-8 where all of it is that, else Windows-1252, which old programs write."""
    head = file.read(4)
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if _decodes(file, "utf-16"):
            return "utf-16"
        raise _garbled()
    if b"\x00" in head:
        raise _binary()
    if _decodes(file, "utf-8"):
        return "utf-8-sig"
    if head.startswith(codecs.BOM_UTF8) or not _decodes(file, "cp1252"):
        raise _garbled()
    return "cp1252"


def _decodes(file: IO[bytes], encoding: str) -> bool:
    """Raises Invalid for what is no text at all."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK):
            if "\x00" in decoder.decode(chunk):
                raise _binary()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(sample: str) -> tuple[str, int]:
    """What separates the cells, and whether (1) the first line says so and is no row: `sep=;`, as Excel reads it."""
    first = sample.partition("\n")[0].strip("\r\ufeff")
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4], 1

    def regular(delimiter: str) -> tuple[int, int]:
        """How many of the first rows are as wide as the headings, and how wide; nothing for a single column."""
        widths = []
        try:
            rows = csv.reader(StringIO(sample, newline=""), delimiter=delimiter)
            widths = [len(row) for row in islice(rows, 20) if row]
        except csv.Error:  # the sample ends within quotes
            pass
        return (widths.count(widths[0]), widths[0]) if widths and widths[0] > 1 else (0, 0)

    best = max(DELIMITERS, key=regular)
    return (best if regular(best)[0] else ","), 0


def _workbook_rows(file: IO[bytes]) -> Iterator[list[str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a workbook has and we do not read
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            rows: Iterator[tuple[Any, ...]] = iter(())
            if sheets:
                sheets[0].reset_dimensions()  # what a file says of its size may be wrong
                rows = sheets[0].iter_rows(values_only=True)
        except Exception as error:
            raise _damaged() from error
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except Exception as error:
                raise _damaged() from error
            yield [_text(value) for value in row[: MAX_COLUMNS + 1]]


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{Decimal(repr(value)):f}".removesuffix(".0") if value == value else ""
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", timespec="seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
    return str(value).strip()


def csv_chunks(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A CSV file in UTF-8 with its mark, by which spreadsheets know it, in pieces of some thousand characters."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([csv_cell(heading) for heading in headings])
    for row in rows:
        writer.writerow([csv_cell(value) for value in row])
        if buffer.tell() > _SAMPLE:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def csv_cell(value: Any) -> str:
    """As text that no spreadsheet takes for a formula; numbers stay numbers, moments in the time zone they have."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    text = shown(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def shown(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(" ", timespec="seconds")[: len("2026-03-31 12:00:00")]
    return _text(value) if not isinstance(value, str) else value.replace("\x00", "")


def _is_number(text: str) -> bool:
    """Written plainly: -12.50, +3. No exponents, no words like inf."""
    return text[1:].isascii() and text[1:].replace(".", "", 1).isdigit() and text[0] in "+-"


def xlsx_file(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """A workbook in a temporary file, open at its beginning: headings bold, frozen and with a filter; numbers and dates
    as such. Texts are never formulas or links. Raises Invalid past MAX_XLSX_ROWS."""
    made = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
        "remove_timezone": True,
    }
    try:
        with xlsxwriter.Workbook(made, options) as book:
            sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
            moment, money = book.add_format({"num_format": "yyyy-mm-dd hh:mm"}), book.add_format({"num_format": "0.00"})
            rows = iter(rows)
            first = list(islice(rows, _FEW))
            for place, heading in enumerate(headings):
                longest = max([len(heading) + 4, *(len(shown(row[place])) + 1 for row in first)])
                sheet.set_column(place, place, min(longest, _WIDEST))  # before the rows: they are written at once
            sheet.freeze_panes(1, 0)
            for place, heading in enumerate(headings):
                sheet.write_string(0, place, heading, bold)
            count = 0
            for count, row in enumerate(chain(first, rows), 1):
                if count > MAX_XLSX_ROWS:
                    raise too_many_rows()
                for place, value in enumerate(row):
                    _write(sheet, count, place, value, moment, money)
            if headings:
                sheet.autofilter(0, 0, count, len(headings) - 1)
    except BaseException:
        made.close()
        raise
    made.seek(0)
    return made


def _write(sheet: Any, row: int, place: int, value: Any, moment: Any, money: Any) -> None:
    match value:
        case None | "":
            pass
        case bool():
            sheet.write_boolean(row, place, value)
        case Decimal() if abs(value) < 10**13:  # further digits would be lost in a spreadsheet's numbers
            exponent = value.as_tuple().exponent
            sheet.write_number(row, place, float(value), money if exponent == -2 else None)
        case int() | float() if abs(value) < 10**15:
            sheet.write_number(row, place, value)
        case datetime():
            sheet.write_datetime(row, place, value, moment)
        case date():
            sheet.write_datetime(row, place, value)
        case _:
            sheet.write_string(row, place, shown(value)[:MAX_CELL])


def too_many_rows() -> Invalid:
    message = _("An Excel file takes at most %(count)s rows. Choose CSV, or narrow the list.")
    return Invalid.field("export", message % {"count": f"{MAX_XLSX_ROWS:,}"})


def _unreadable(message: str) -> Invalid:
    return Invalid.field("file", message)


def _damaged() -> Invalid:
    return _unreadable(_("The workbook cannot be read. Open it, save it anew as XLSX and upload that."))


def _binary() -> Invalid:
    return _unreadable(_("This is no table: the file holds binary data. Save it as CSV or XLSX and upload that."))


def _garbled() -> Invalid:
    return _unreadable(_("The letters of this file cannot be read. Save it as “CSV UTF-8” or XLSX and upload that."))
