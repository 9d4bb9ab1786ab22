"""A valkey server of the tests' own, on a private socket, so that no test can touch one that is in use.

The server starts once a session (about 50 ms) and is emptied after every test.
"""

import copy
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.test.utils import override_settings

from clipweb.supervisor.child import with_parent
from clipweb.supervisor.valkey import is_answering, server_command

START_SECONDS = 10


@pytest.fixture(scope="session", autouse=True)
def valkey_server() -> Iterator[str]:
    """Starts the server, points cache and channel layer at it, and yields its URL."""
    folder = Path(tempfile.mkdtemp(prefix="clipweb-valkey-"))  # short: a socket's path has at most 107 bytes
    socket = folder / "valkey.sock"
    url = f"unix://{socket}"
    log = (folder / "valkey.log").open("wb")
    server = subprocess.Popen(with_parent(server_command(socket)), stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_answering(url):
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.exit(f"valkey did not start: {(folder / 'valkey.log').read_text()}", returncode=1)
            time.sleep(0.02)
        with override_settings(REDIS_URL=url, **_pointed_at(url)):
            yield url
    finally:
        server.kill()
        server.wait()
        log.close()
        shutil.rmtree(folder)


def _pointed_at(url: str) -> dict[str, dict]:
    caches = copy.deepcopy(settings.CACHES)
    caches["default"]["LOCATION"] = url
    layers = copy.deepcopy(settings.CHANNEL_LAYERS)
    layers["default"]["CONFIG"]["hosts"][0]["address"] = url
    return {"CACHES": caches, "CHANNEL_LAYERS": layers}


@pytest.fixture(scope="session")
def valkey_client(valkey_server: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey_server) as client:
        yield client


@pytest.fixture(autouse=True)
def valkey(valkey_client: redis.Redis) -> Iterator[redis.Redis]:
    """A client of the tests' server, which starts and ends every test empty."""
    yield valkey_client
    valkey_client.flushall()
