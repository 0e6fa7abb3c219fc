"""The file connector: whatever an office saves as CSV, and what it cannot read by line and reason."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from bureau.kit.errors import IntegrationFailed
from bureau.purchasing.connectors.files import FileConnector, parse_csv, parse_json, write
from bureau.purchasing.connectors.interface import Part
from bureau.purchasing.connectors.reading import read

PROJECTS = "id,name,budget\nPRJ001,Café Möbel,1500.50\n"


def taken(part, text, encoding="utf-8"):
    entries, errors = read(part, parse_csv(text.encode(encoding)))
    return [entry.values for entry in entries], [(error.row, error.message) for error in errors]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_of_any_program_is_read(encoding, ends, delimiter):
    text = PROJECTS.replace(",", delimiter).replace("\n", ends)
    rows, errors = taken(Part.PROJECTS, text, encoding)
    assert errors == []
    assert rows == [{"name": "Café Möbel", "budget": pytest.approx(1500.5)}]


def test_header_is_read_in_any_order_and_case_and_other_columns_are_not():
    rows, errors = taken(Part.PROJECTS, "Owner, Start Date ,NAME,ID\nAnn,2026-01-31,Tower,P1\n")
    assert errors == []
    assert [str(row["start_date"]) for row in rows] == ["2026-01-31"]
    assert rows[0]["name"] == "Tower"
    assert set(rows[0]) == {"name", "start_date"}


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1500", "1500"),
        ("1500.5", "1500.5"),
        ("1,500.00", "1500.00"),
        ("1,234,567.89", "1234567.89"),
        ("1500,50", "1500.50"),
        ("1.500,50", "1500.50"),
        ("1'500.00", "1500.00"),
        ("1 500,00", "1500.00"),
        (" 0 ", "0"),
    ],
)
def test_amounts_of_any_country_are_read(text, amount):
    rows, errors = taken(Part.PROJECTS, f"id;name;budget\nP1;Tower;{text}\n")
    assert errors == []
    assert str(rows[0]["budget"]) == amount


@pytest.mark.parametrize(
    ("part", "row", "reason"),
    [
        (Part.PROJECTS, {"budget": "1.500"}, "two ways"),
        (Part.PROJECTS, {"budget": "1,500"}, "two ways"),
        (Part.PROJECTS, {"budget": "lots"}, "not an amount"),
        (Part.PROJECTS, {"budget": "1e9"}, "not an amount"),
        (Part.PROJECTS, {"budget": "-1"}, "negative"),
        (Part.PROJECTS, {"budget": "1.2345"}, "decimal"),
        (Part.PROJECTS, {"budget": "9999999999999.00"}, "digits"),
        (Part.PROJECTS, {"id": ""}, "id"),
        (Part.PROJECTS, {"id": "a/b"}, "letters"),
        (Part.PROJECTS, {"id": "x" * 51}, "50"),
        (Part.PROJECTS, {"name": ""}, "blank"),
        (Part.PROJECTS, {"name": "x" * 201}, "200"),
        (Part.PROJECTS, {"status": "gone"}, "none of active, on_hold, closed"),
        (Part.PROJECTS, {"start_date": "31.01.2026"}, "date"),
        (Part.PROJECTS, {"start_date": "2026-02-01", "end_date": "2026-01-01"}, "before start_date"),
        (Part.COST_CODES, {"active": "perhaps"}, "neither yes nor no"),
        (Part.COST_CODES, {"project_id": ""}, "project_id"),
        (Part.VENDORS, {"email": "nobody"}, "email"),
        (Part.VENDORS, {"iban": "DE00123"}, "mistyped"),
        (Part.VENDORS, {"iban": "DE89370400440532013000", "bic": "NO"}, "bic"),
    ],
)
def test_bad_row_is_left_out_with_its_line_and_reason(part, row, reason):
    good = {"id": "P1", "name": "Tower", "code": "01-100", "project_id": "P1"}
    bad = {**good, "id": "P2", **row}
    columns = list(bad)
    lines = [columns, [good.get(name, "") for name in columns], [bad[name] for name in columns]]
    rows, errors = taken(part, "\n".join(";".join(line) for line in lines))
    assert len(rows) == 1
    assert [line for line, _ in errors] == [3]
    assert reason in errors[0][1]


def test_every_problem_of_a_row_is_named():
    _rows, errors = taken(Part.PROJECTS, "id,name,status,budget\nP1,,gone,lots\n")
    assert errors[0][1].count(";") == 2


def test_lines_are_counted_as_an_editor_does():
    text = 'id,name\n\nP1,"two\nlines"\nP2,too,many\nP3,"Tower"x\nP4,\nP1,Again\nP5,Bridge\n'
    rows, errors = taken(Part.PROJECTS, text)
    assert [row["name"] for row in rows] == ["two\nlines", "Bridge"]
    assert [line for line, _ in errors] == [5, 6, 7, 8]
    assert "3 cells instead of 2" in errors[0][1]
    assert "quotation marks" in errors[1][1]
    assert "already, in row 3" in errors[3][1]


def test_missing_key_column_is_named():
    rows, errors = taken(Part.COST_CODES, "id,code\nCC-001,01-100\n")
    assert rows == []
    assert errors == [(2, "project_id is missing")]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"id,id\n1,2\n", b"a\x00b\n1\n"])
def test_file_that_cannot_be_read_fails_as_a_whole(tmp_path, data):
    (tmp_path / "projects.csv").write_bytes(data)
    with pytest.raises(IntegrationFailed, match=r"projects\.csv"):
        FileConnector(tmp_path).projects()


def test_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("bureau.purchasing.connectors.files.MAX_FILE", 20)
    (tmp_path / "projects.csv").write_text(PROJECTS)
    with pytest.raises(IntegrationFailed, match="larger"):
        FileConnector(tmp_path).projects()


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"data": rows}])
def test_json_is_read(wrap):
    rows = [{"id": 7, "name": "Tower", "budget": 10.25, "end_date": None}, "no object", {"id": "P2", "name": ["x"]}]
    entries, errors = read(Part.PROJECTS, parse_json(json.dumps(wrap(rows)).encode()))
    assert [(entry.key, str(entry.values["budget"])) for entry in entries] == [(("7",), "10.25")]
    assert entries[0].values["end_date"] is None
    assert [error.row for error in errors] == [2, 3]


@pytest.mark.parametrize("data", [b"{", b"5", b'{"rows": []}', b"[NaN]", b"[" * 100_000])
def test_json_that_holds_no_rows_fails_as_a_whole(tmp_path, data):
    (tmp_path / "vendors.json").write_bytes(data)
    with pytest.raises(IntegrationFailed, match=r"vendors\.json"):
        FileConnector(tmp_path).vendors()


def test_no_file_is_nothing_to_sync(tmp_path):
    connector = FileConnector(tmp_path / "none")
    assert (connector.projects(), connector.cost_codes(), connector.vendors()) == (None, None, None)


def test_csv_is_preferred_to_json(tmp_path):
    (tmp_path / "projects.json").write_text("[]")
    (tmp_path / "projects.csv").write_text(PROJECTS)
    batch = FileConnector(tmp_path).projects()
    assert len(batch.rows) == 1


def test_order_is_written_once_for_nobody_else_to_read(tmp_path):
    connector = FileConnector(tmp_path)
    order = {"po_number": "26069-PO-001", "total_amount": "700.00"}
    assert {connector.post_order(order, key="k") for _ in range(2)} == {"orders/26069-PO-001.json"}
    (path,) = (tmp_path / "orders").iterdir()
    assert json.loads(path.read_text()) == {**order, "external_id": "k"}
    assert path.stat().st_mode & 0o077 == 0


def test_files_written_at_the_same_time_stay_whole(tmp_path):
    path, contents = tmp_path / "vendors.csv", [letter.encode() * 300_000 for letter in "abcdefgh"]
    with ThreadPoolExecutor(len(contents)) as threads:
        for _done in threads.map(lambda content: [write(path, content) for _time in range(20)], contents):
            assert path.read_bytes() in contents
    assert [file.name for file in tmp_path.iterdir()] == ["vendors.csv"]


def test_order_number_does_not_leave_the_folder(tmp_path):
    for number in ("../x", "/x", "a/b", ""):
        with pytest.raises(IntegrationFailed):
            FileConnector(tmp_path / "folder").post_order({"po_number": number}, key="k")
    assert list(tmp_path.iterdir()) == []
