"""A module that nobody can read in one go hides what it does: 400 lines at most, then it becomes a package."""

from tests.architecture.sources import ROOT, modules

LONGEST = 400


def test_modules_are_short():
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in modules("bureau", "config")}
    too_long = {path: lines for path, lines in lengths.items() if lines > LONGEST}
    assert too_long == {}, f"split these, by noun: {too_long}"
