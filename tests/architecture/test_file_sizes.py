"""A module that nobody can read in one go hides what it does: 400 lines at most, then it becomes a package."""

from tests.architecture.sources import ROOT, modules

LONGEST = 400
LONGER = {
    "config/front.py": "loses its request reading to config/bodies.py",
}
"""Modules that are longer today, and how each is to be split. An entry goes as soon as its module is short enough."""


def test_modules_are_short():
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in modules("bureau", "config")}
    too_long = {path: lines for path, lines in lengths.items() if lines > LONGEST}
    assert set(too_long) - set(LONGER) == set(), f"split these, by noun: {too_long}"
    assert set(LONGER) - set(too_long) == set(), "these are short enough now: take them off the list"
