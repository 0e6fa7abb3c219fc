"""Tables as people's programs write them, and as we write them for people's programs."""

import csv
import io
from datetime import UTC, date, datetime, time
from decimal import Decimal

import openpyxl
import pytest

from bureau.kit import sheets
from bureau.kit.errors import Invalid
from bureau.kit.sheets import csv_cell, csv_chunks, read_rows, xlsx_file


def read(content, extension="csv"):
    return [row.cells for row in read_rows(io.BytesIO(content), extension=extension)]


def workbook(*rows, title="Sheet"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


TEXT = "Name;Ort\nMüller;Köln\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_letters_survive_every_usual_encoding(encoding):
    assert read(TEXT.encode(encoding)) == [["Name", "Ort"], ["Müller", "Köln"]]


def test_old_line_ends_are_read():
    assert read(b"a,b\r1,2\r") == [["a", "b"], ["1", "2"]]


def test_half_read_file_may_be_closed():
    with io.BytesIO(b"a\n1\n2\n") as file:
        rows = read_rows(file, extension="csv")
        next(rows)
    rows.close()


def test_marked_utf16_of_either_order_is_read():
    assert read(b"\xfe\xff" + TEXT.encode("utf-16-be")) == [["Name", "Ort"], ["Müller", "Köln"]]


def test_euro_sign_of_windows_is_read():
    assert read("Preis\n5 €\n".encode("cp1252")) == [["Preis"], ["5 €"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_guessed(delimiter):
    rows = [["Name", "Note"], ["Ann", "a, b; c"], ["Bob", "x"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    assert read(text.getvalue().encode()) == rows


def test_delimiter_that_excel_names_is_taken():
    assert read(b"sep=|\r\na|b;c\r\n1|2;3\r\n") == [["a", "b;c"], ["1", "2;3"]]


def test_single_column_is_a_table():
    assert read(b"email\na@example.com\n") == [["email"], ["a@example.com"]]


def test_quoted_cells_hold_line_ends_and_quotation_marks():
    assert read(b'a,b\n"1\r\n2","say ""hi"""\n') == [["a", "b"], ["1\r\n2", 'say "hi"']]


def test_rows_are_numbered_as_in_a_spreadsheet():
    content = b'a,b\n\n"1\n2",x\n,,\n3,y\n'
    assert [row.number for row in read_rows(io.BytesIO(content), extension="csv")] == [1, 3, 5]


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,\x00\n",
        "a,b\n1,\x00".encode("utf-16"),
        b"\xef\xbb\xbfa,b\n1,\xff\n",
        b"\xff\xfea",
        b"caf\x8d\x81\n",
        b'a,b\n"1,2\n3,4\n',
        b'a,b\n"1"x,2\n',
        b"a\n" + b"x" * 40_000,
        b"a," * 201 + b"\n",
    ],
)
def test_what_is_no_table_is_refused(content):
    with pytest.raises(Invalid) as refused:
        read(content)
    assert list(refused.value.fields) == ["file"]


def test_refusal_names_the_line():
    with pytest.raises(Invalid, match="Line 3 cannot be read"):
        read(b'a,b\n1,2\n"1"x,2\n')


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(sheets, "MAX_ROWS", 3)
    assert len(read(b"a\n1\n2\n")) == 3
    with pytest.raises(Invalid, match="more than 3 rows"):
        read(b"a\n1\n2\n3\n")


def test_file_stays_open_for_its_owner():
    file = io.BytesIO(b"a\n1\n")
    assert list(read_rows(file, extension="csv")) == list(read_rows(file, extension="csv")) != []


def test_workbook_is_read_as_texts():
    rows = [
        ["Name", "Born", "At", "Number", "Price", "Big", "Flag", "Time", "None"],
        [
            "Ann",
            date(2026, 3, 31),
            datetime(2026, 3, 31, 9, 30, tzinfo=UTC).replace(tzinfo=None),
            7,
            12.5,
            436641234567.0,
            True,
            time(9, 5),
            None,
        ],
    ]
    assert read(workbook(*rows), "xlsx")[1] == [
        "Ann", "2026-03-31", "2026-03-31 09:30:00", "7", "12.5", "436641234567", "true", "09:05:00",
    ]  # fmt: skip


def test_first_visible_sheet_counts():
    book = openpyxl.Workbook()
    book.active.sheet_state = "hidden"
    book.create_sheet("Shown").append(["a"])
    file = io.BytesIO()
    book.save(file)
    assert read(file.getvalue(), "xlsx") == [["a"]]


@pytest.mark.parametrize("content", [b"PK\x03\x04 no workbook", b"a,b\n", workbook(["a"])[:-200]])
def test_damaged_workbook_is_refused(content):
    with pytest.raises(Invalid, match="cannot be read"):
        read(content, "xlsx")


@pytest.mark.parametrize("text", ["=1+1", "+49 30 123", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_text_is_never_a_formula(text):
    assert csv_cell(text) == f"'{text}"
    [row] = list(openpyxl.load_workbook(xlsx_file(["a"], [[text]])).active.iter_rows(min_row=2))
    assert row[0].data_type == "s"


@pytest.mark.parametrize("value", ["-12.50", "+436641234567", -3, Decimal("-0.05"), "a=b", "x@example.com", "", None])
def test_what_is_no_formula_stays_as_it_is(value):
    assert csv_cell(value) == ("" if value is None else str(value))


def test_neutralised_text_is_read_back_as_it_was():
    content = b"".join(csv_chunks(["a", "b"], [["=1+1", "'quoted'"], ["+49 30 123", "-5"]]))
    assert read(content)[1:] == [["=1+1", "'quoted'"], ["+49 30 123", "-5"]]


def test_csv_is_written_in_pieces():
    asked = []

    def rows():
        for number in range(20_000):
            asked.append(number)
            yield [number, "x" * 20]

    chunks = csv_chunks(["a", "b"], rows())
    assert next(chunks).startswith(b"\xef\xbb\xbfa,b\r\n0,xxx")
    assert len(asked) < 10_000
    assert len(list(chunks)) > 3
    assert len(asked) == 20_000


def test_workbook_holds_types_and_is_ready_to_filter():
    moment = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
    file = xlsx_file(
        ["Price", "Day", "Moment", "Flag", "Long"], [[Decimal("12.50"), moment.date(), moment, True, 10**18]]
    )
    sheet = openpyxl.load_workbook(file).active
    price, day, at, flag, long = sheet[2]
    assert (price.value, price.number_format) == (12.5, "0.00")
    assert (day.value.date(), day.number_format) == (moment.date(), "yyyy-mm-dd")
    assert (at.value, flag.value, long.value) == (moment.replace(tzinfo=None), True, str(10**18))
    assert sheet["A1"].font.bold
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:E2")


def test_workbook_has_an_end(monkeypatch):
    monkeypatch.setattr(sheets, "MAX_XLSX_ROWS", 2)
    xlsx_file(["a"], [[1], [2]]).close()
    with pytest.raises(Invalid, match="Choose CSV"):
        xlsx_file(["a"], [[1], [2], [3]])
