"""docs/operations.md names every environment variable, with the default that the settings give it."""

import ast
import re

import pytest

from tests.architecture.sources import ROOT

ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)


def settings() -> dict[str, ast.expr]:
    """Each variable that `env.*("NAME", default=...)` reads in config/settings/, and its default."""
    found: dict[str, ast.expr] = {}
    for path in sorted((ROOT / "config/settings").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            of_env = isinstance(node.func.value, ast.Name) and node.func.value.id == "env"
            if of_env and node.args and isinstance(node.args[0], ast.Constant):
                found[node.args[0].value] = next(word.value for word in node.keywords if word.arg == "default")
    return found


def written(default: ast.expr) -> str:
    """A default as the document writes it; empty for one that is computed, which it describes in words."""
    try:
        value = ast.literal_eval(default)
    except ValueError:
        return ""
    if isinstance(value, bool):
        return "`on`" if value else "`off`"
    text = ",".join(value) if isinstance(value, list) else str(value)
    return f"`{text}`" if text else "none"


SETTINGS = settings()
ROWS = {name: default for name, default, _effect in ROW.findall((ROOT / "docs/operations.md").read_text())}


def test_every_setting_is_documented():
    assert len(SETTINGS) > 20, "the settings are read in another way now: look for them there"
    assert set(SETTINGS) - set(ROWS) == set(), "add a row `| `NAME` | default | effect |` for each"


def test_no_setting_is_documented_that_is_not_there():
    assert set(ROWS) - set(SETTINGS) == set()


@pytest.mark.parametrize("name", sorted(name for name in SETTINGS if written(SETTINGS[name])))
def test_documented_default_is_the_one_in_use(name):
    assert ROWS.get(name) == written(SETTINGS[name])
