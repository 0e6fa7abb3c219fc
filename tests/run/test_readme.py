"""The first steps of README.md and docs/api.md, run as they stand against a fresh start: the answers are the ones
printed there."""

import json
import re
import subprocess

import pytest

from tests.run.test_supervisor import FIRST_START_SECONDS, ROOT, Bureau, free_port

pytestmark = pytest.mark.once
STEP = re.compile(r"^```sh\n(.*?)^```\n^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)
VARIES = re.compile(r".*\.\.\.|\d{4}-\d\d-\d\dT.*|REQ-\d{4}-\d{5}|\d{5}-PO-\d{3}|(?:QUO|INV|CN)-\d{4}-\d{3}")
"""Ids, which are shortened, moments, numbers."""
NUMBERED = {"id", "line"}
"""Keys whose integers count what was made before."""


@pytest.fixture(scope="module")
def bureau(tmp_path_factory):
    running = Bureau(tmp_path_factory.mktemp("readme") / "data", free_port())
    running.wait_until_healthy(FIRST_START_SECONDS)
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("document", "heading"),
    [
        ("README.md", "First steps over the API"),
        ("docs/api.md", "From a quote to its payment"),
        ("docs/api.md", "From a first order to its payment"),
    ],
)
def test_steps_work_in_order_and_answer_as_printed(bureau, document, heading):
    section = (ROOT / document).read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    steps = STEP.findall(section)
    assert len(steps) == section.count("```sh"), "each block of commands is followed by its answers"
    script = "".join(f"{commands}echo; echo ---\n" for commands, _answers in steps)
    script = script.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{bureau.port}")
    done = subprocess.run(["bash", "-eu", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for (commands, printed), answered in zip(steps, done.stdout.split("\n---\n"), strict=False):
        assert_printed(documents(printed.strip()), documents(answered.strip()), commands)


def documents(text):
    """The JSON documents that stand one after the other."""
    found, decoder = [], json.JSONDecoder()
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found


def assert_printed(printed, answered, where):
    """Everything that is printed is in the answer; the answer may hold more keys."""
    if isinstance(printed, dict):
        for key, value in printed.items():
            if key in NUMBERED and isinstance(value, int):
                assert isinstance(answered[key], int), f"{where}: {key}"
            else:
                assert_printed(value, answered[key], f"{where}: {key}")
    elif isinstance(printed, list):
        assert len(printed) == len(answered), where
        for number, value in enumerate(printed):
            assert_printed(value, answered[number], f"{where} [{number}]")
    elif isinstance(printed, str) and VARIES.fullmatch(printed):
        assert isinstance(answered, str), where
    else:
        assert answered == printed, where
