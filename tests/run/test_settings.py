"""What the environment says is read at the start, or stops it with a sentence that says why."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
SHOW = """
import json, sys
from config.settings import base
print(json.dumps({name: getattr(base, name) for name in sys.argv[1:]}, default=str))
"""


def environment(tmp_path, **values):
    return {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), **values}


def read(tmp_path, *names, **values):
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *names],
        cwd=ROOT, env=environment(tmp_path, **values), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("values", "loaded"),
    [
        ({}, True),
        ({"DATABASE_URL": "postgres://localhost/x", "SECRET_KEY": "x"}, True),
        ({"DATABASE_URL": "postgres://localhost/x", "SECRET_KEY": "x", "HOST": "0.0.0.0"}, False),
        ({"PUBLIC_URL": "https://bureau.example.com"}, False),
        ({"PUBLIC_URL": "https://bureau.example.com", "DEMO_PASSWORD": "tall-Heron-19"}, True),
    ],
)
def test_server_for_others_gets_no_demo_data_under_the_known_password(tmp_path, values, loaded):
    assert read(tmp_path, "DEMO_DATA", **values) == {"DEMO_DATA": loaded}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"DATABASE_URL": "postgres://localhost/x"}, "SECRET_KEY is empty"),
        ({"MOCK_AUTH_ENABLED": "on"}, "MOCK_AUTH_ENABLED works only together with DEBUG=on"),
        ({"RATE_USER": "10/week"}, "RATE_USER is '10/week'"),
        ({"RATE_SIGN_IN": "0/minute"}, "RATE_SIGN_IN is '0/minute'"),
        ({"PUBLIC_URL": "bureau.example.com"}, "PUBLIC_URL is 'bureau.example.com'"),
        ({"EMAIL_URL": "console://"}, "Invalid email schema"),
        ({"JOBCOST_URL": "https://jobcost.example.com"}, "JOBCOST_URL is set: set JOBCOST_API_KEY"),
        ({"JOBCOST_URL": "jobcost.example.com", "JOBCOST_API_KEY": "k"}, "JOBCOST_URL is no plain http"),
        ({"TIMBERLINE_URL": "https://a:b@t.example.com"}, "TIMBERLINE_URL is no plain http"),
    ],
)
def test_settings_that_cannot_work_stop_the_start_in_one_line(tmp_path, values, words):
    done = subprocess.run(
        [sys.executable, "-m", "config.run"],
        cwd=ROOT, env=environment(tmp_path, PORT="0", **values), capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("Bureau did not start. ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_host_of_the_public_address_is_allowed(tmp_path):
    found = read(
        tmp_path, "ALLOWED_HOSTS", PUBLIC_URL="https://bureau.example.com:8443/", ALLOWED_HOSTS="a.example, b.example"
    )
    assert found["ALLOWED_HOSTS"] == ["a.example", "b.example", "bureau.example.com"]


def test_storage_address_holds_any_secret(tmp_path):
    found = read(tmp_path, "STORAGES", STORAGE_URL="s3://AKIA:a%2Fb%2Bc@s3.example.com:9000/files")
    options = found["STORAGES"]["default"]["OPTIONS"]
    assert (options["access_key"], options["secret_key"]) == ("AKIA", "a/b+c")
    assert (options["endpoint_url"], options["bucket_name"]) == ("https://s3.example.com:9000", "files")


def test_data_is_private_from_the_start(tmp_path):
    read(tmp_path, "DATA_DIR")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data/secret_key").stat().st_mode & 0o777 == 0o600
