"""docs/operations.md names every kind of job, with how often it is tried."""

import re

from bureau.core import jobs
from tests.architecture.sources import ROOT


def test_every_kind_of_job_is_documented():
    section = (ROOT / "docs/operations.md").read_text().partition("\n## Jobs and the relay\n")[2].partition("\n## ")[0]
    documented = dict(re.findall(r"^\| `(\w+)` \| .+ \| (\d+) \|$", section, re.MULTILINE))
    ours = {
        name: str(kind.max_attempts) for name, kind in jobs.kinds.items() if kind.handler.__module__[:6] == "bureau"
    }
    assert documented == ours
