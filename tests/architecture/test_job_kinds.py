"""A worker knows every kind of job from the start, not only after something else has imported its module."""

import re
import subprocess
import sys
from pathlib import Path

REGISTERED = "import django; django.setup(); from bureau.core import jobs; print(*sorted(jobs.kinds))"


def test_every_job_handler_is_registered_when_django_starts():
    sources = (path.read_text() for path in Path("bureau").rglob("*.py"))
    declared = {kind for source in sources for kind in re.findall(r'^@job_handler\("(\w+)"', source, re.MULTILINE)}
    started = subprocess.run([sys.executable, "-c", REGISTERED], capture_output=True, text=True, check=True)
    assert declared, "no handler was found in the sources"
    assert declared - set(started.stdout.split()) == set()
