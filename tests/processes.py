"""The real processes, as `make run` starts them, on a data folder and a port of their own.

with Site.start() as site:
    client = site.sign_up("carol")
    os.kill(site.pid("web"), signal.SIGKILL)
    site.wait_until(lambda: site.is_ready("web"))
"""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import httpx

from clipweb.supervisor.child import with_parent

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 300  # until the last process, the encoder, is ready on a slow machine
PASSWORD = "correct horse battery"
ADMIN = "admin"
# What the tests' own environment may hold and the site shall not.
OURS = re.compile(r"CLIPWEB_|DJANGO_|REDIS_URL|ENCODER_URL|DATABASE_URL|CLIP_|VQGAN_|S3_|DEBUG$|ADMIN_")


class Site:
    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = folder / "serve.out"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not OURS.match(name)},
            "CLIPWEB_DATA_DIR": str(folder),
            "CLIPWEB_PORT": str(self.port),
            "ADMIN_PASSWORD": PASSWORD,
            "MEASURE_QUALITIES": "0",
            "TORCH_THREADS": "1",  # two on a core that others use too wait for each other
            **environment,
        }
        self.supervisor: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def start(cls, **environment: str) -> Iterator[Self]:
        """A running site with an empty gallery; afterwards no process and no file of it is left."""
        # Not pytest's own folders: the path of a unix socket has to be short.
        folder = Path(tempfile.mkdtemp(prefix="clipweb-site-"))
        site = cls(folder, environment)
        try:
            site.serve()
            yield site
        finally:
            try:
                site.stop()
            finally:
                for pid in site.all_pids():
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                shutil.rmtree(folder, ignore_errors=True)

    def serve(self, *, wait: bool = True) -> None:
        """Runs `manage.py serve`, as `make run` does."""
        self.launched_at = time.time()
        with self.output.open("ab") as output:
            self.supervisor = subprocess.Popen(
                with_parent([sys.executable, str(ROOT / "manage.py"), "serve", "--without-demo"]),
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if wait:
            self.wait_until(lambda: (self.state() or {}).get("up"), seconds=READY_SECONDS)

    def stop(self) -> int:
        """Ctrl-C, and the exit status."""
        assert self.supervisor
        if self.supervisor.poll() is None:
            self.supervisor.send_signal(signal.SIGINT)
        try:
            return self.supervisor.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.supervisor.kill()
            raise AssertionError(f"serve did not end:\n{self.said()}") from None

    def said(self) -> str:
        return self.output.read_text()

    def log(self, name: str) -> str:
        return (self.folder / "logs" / f"{name}.log").read_text(errors="replace")

    def logs(self, *, lines: int = 25) -> str:
        """The ends of all logs, for the message of a test that failed."""
        ends = [
            "\n".join([f"== {path.name}", *path.read_text(errors="replace").splitlines()[-lines:]])
            for path in sorted((self.folder / "logs").glob("*.log"))
        ]
        return "\n".join(["== serve", self.said(), *ends])

    def state(self) -> dict[str, Any] | None:
        """What the supervisor last wrote, None when it did not in this run."""
        try:
            state = json.loads((self.folder / "run" / "serve.json").read_text())
        except FileNotFoundError:
            return None
        return state if state["since"] >= self.launched_at - 1 else None

    def process(self, name: str) -> dict[str, Any]:
        state = self.state()
        assert state, f"no state:\n{self.logs()}"
        return state["processes"][name]

    def pid(self, name: str) -> int:
        """The main process of `name`: web, encoder, valkey, queue-default, queue-generate."""
        pid = self.process(name)["pid"]
        assert pid, f"{name} does not run"
        return pid

    def is_ready(self, name: str) -> bool:
        return self.process(name)["state"] == "ready"

    def workers(self, queue: str) -> list[int]:
        """The worker processes of a queue's cluster: grandchildren of its main process that said so."""
        said = set(map(int, re.findall(r"ready for work at (\d+)", self.log(f"queue-{queue}"))))
        family = [pid for child in children(self.pid(f"queue-{queue}")) for pid in children(child)]
        return [pid for pid in family if pid in said]

    def all_pids(self) -> list[int]:
        """Every living process that works on this site's folder, the supervisor among them."""
        mark = f"CLIPWEB_DATA_DIR={self.folder}".encode()
        return [pid for pid in every_pid() if mark in environment_of(pid)]

    def wait_until(self, condition: Callable[[], Any], *, seconds: float = 60, every: float = 0.2) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            ended = self.supervisor is not None and self.supervisor.poll() is not None
            if ended or time.monotonic() > deadline:
                why = "serve ended" if ended else f"not within {seconds:g} s"
                raise AssertionError(f"{why}:\n{self.logs()}")
            time.sleep(every)

    def rows(self, sql: str, *values: Any) -> list[tuple]:
        """What the database holds, past all code of the app."""
        with sqlite3.connect(self.folder / "clipweb.sqlite3", timeout=30) as database:
            return database.execute(sql, values).fetchall()

    def client(self) -> httpx.Client:
        """A visitor: keeps cookies, follows redirects, patient while the web process is away."""
        transport = httpx.HTTPTransport(retries=5)
        return httpx.Client(
            base_url=self.url,
            transport=transport,
            follow_redirects=True,
            timeout=30,
            headers={"Referer": self.url, "Origin": self.url},
        )

    def sign_up(self, name: str) -> httpx.Client:
        client = self.client()
        form = {
            "username": name,
            "email": f"{name}@example.org",
            "password1": PASSWORD,
            "password2": PASSWORD,
        }
        signed_in(send(client, "/accounts/signup/", form))
        return client

    def sign_in(self, name: str = ADMIN) -> httpx.Client:
        client = self.client()
        signed_in(send(client, "/accounts/login/", {"login": name, "password": PASSWORD}))
        return client


def send(client: httpx.Client, path: str, form: Mapping[str, Any], **options: Any) -> httpx.Response:
    """Posts a form as a browser does: the page first, for its token."""
    client.get(path)
    return client.post(path, data={**form, "csrfmiddlewaretoken": client.cookies["csrftoken"]}, **options)


def signed_in(response: httpx.Response) -> None:
    assert response.status_code == 200, response.text
    assert "sessionid" in response.history[0].cookies, response.text


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def every_pid() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def environment_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie that waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
