"""`DATABASE_URL` alone moves everything to PostgreSQL: the tests that use the database pass there too."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.postgresql_server import running_postgresql

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("tests/gallery", "tests/generator", "tests/moderation")
# Decoders and the encoder ask either database for the same that the other tests ask it for.
ALIKE = ("*/test_upload_checks.py", "*/test_hostile_uploads.py", "*/test_encoder_*.py")


@pytest.fixture
def database_url() -> Iterator[str]:
    with running_postgresql() as url:
        yield url


@pytest.mark.processes
def test_everything_that_uses_the_database_works_on_postgresql(database_url, tmp_path):
    environment = {**os.environ, "DATABASE_URL": database_url, "CLIPWEB_DATA_DIR": str(tmp_path)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not processes",
        "--database-only",
        "--numprocesses=auto",
        "--dist=loadfile",
        *(f"--ignore-glob={files}" for files in ALIKE),
        *FOLDERS,
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:]
    assert settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"  # the others' database
