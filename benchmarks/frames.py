"""How long a preview takes from encoded to seen, on a running site, with one viewer and with 50.

    python -m benchmarks.frames              # three rounds, half an hour
    python -m benchmarks.frames --rounds 1 --seconds 10

The site is the real one (`manage.py serve`), once with its own valkey and once with `REDIS_URL`. A process
publishes frames of 256² as the runner does; Chromium has the job's page open and notes when each frame can be
seen, by the same clock; the other viewers are plain sockets in one more process. Prints tables in Markdown
(docs/live.md has them).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import redis
from playwright.sync_api import Browser, sync_playwright

from clipweb.supervisor.child import with_parent
from clipweb.supervisor.valkey import find_server, is_answering
from generator.previews import PreviewPace
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.processes import ROOT, Site, free_port, send

WARM_UP = 2.0  # seconds whose frames do not count
SILENCE = 60.0  # seconds that the silent viewer reads nothing
WATCH_PAINTING = Path(__file__).with_name("frames_painted.js").read_text()
OWNER = "alice"


@dataclass(frozen=True)
class Scene:
    """Chromium, this many readers beside it, and who behaves unlike them."""

    name: str
    readers: int
    others: tuple[str, ...] = ()
    making: bool = False  # whether the site's own engine makes another picture meanwhile


SCENES = (
    Scene("1 viewer", 0),
    Scene("1 viewer, and one that reads nothing", 0, ("silent",)),
    Scene("1 viewer, and one on a slow line", 0, ("slow",)),
    Scene("50 viewers", 49),
    Scene("50 viewers, and one that reads nothing", 49, ("silent",)),
    Scene("50 viewers, while the engine makes another picture", 49, making=True),
)
COLUMNS = (
    "watched by",
    *("seen in Chromium: p50", "p95", "slowest", "frames seen"),
    *("at the other viewers: p50 / p95", "at the slow one: p50 / p95"),
    *("web process: of a core", "its memory"),
)


@dataclass
class Seen:
    """One run of a scene. Latencies in milliseconds from the encoded bytes."""

    published: int
    painted: list[float]
    arrived: list[float]  # at the readers, all of them together
    slow: list[float]  # at the slow one
    memory: tuple[float, float]  # of the web process before and after, MiB
    core: float  # share of one core that the web process took


@dataclass
class Runs:
    """All runs of a scene, of which the table shows medians."""

    seen: list[Seen] = field(default_factory=list)

    def median(self, value: Any) -> float:
        return statistics.median(value(each) for each in self.seen)


def main() -> None:
    options = arguments()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        print(f"Load at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {browser.version}")
        for name, server in (("its own valkey", own_valkey), ("REDIS_URL", another_server)):
            threads = {"TORCH_THREADS": str(os.cpu_count())}  # as without settings
            with server() as environment, Site.start(**environment, **threads) as site:
                measure(site, browser, f"{name}: {version_of(site, environment)}", options)
        browser.close()
    print(f"\nLoad at the end: {os.getloadavg()[0]:.1f}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30, help="of a scene without a silent viewer")
    return parser.parse_args()


@contextmanager
def own_valkey() -> Iterator[dict[str, str]]:
    yield {}


@contextmanager
def another_server() -> Iterator[dict[str, str]]:
    """A server over TCP with its own defaults, as REDIS_URL names one."""
    port = free_port()
    command = [str(find_server()), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    server = subprocess.Popen(with_parent(command), stdout=subprocess.DEVNULL, cwd="/")
    url = f"redis://127.0.0.1:{port}/0"
    try:
        while not is_answering(url):
            time.sleep(0.05)
        yield {"REDIS_URL": url}
    finally:
        server.terminate()
        server.wait()


def version_of(site: Site, environment: dict[str, str]) -> str:
    url = environment.get("REDIS_URL") or f"unix://{site.folder}/run/valkey.sock"
    with redis.Redis.from_url(url) as client:
        info = client.info("server")
    return f"{info.get('server_name', 'redis')} {info.get('valkey_version', info['redis_version'])}"


def measure(site: Site, browser: Browser, title: str, options: argparse.Namespace) -> None:
    runs = {scene: Runs() for scene in SCENES}
    with closing(site.sign_up(OWNER)) as person:
        for _ in range(options.rounds):
            for scene in SCENES:
                seconds = max(options.seconds, SILENCE if "silent" in scene.others else 0)
                with engine_at_work(site, person) if scene.making else nullcontext():
                    runs[scene].seen.append(run(site, browser, person, scene, seconds))
    print(f"\n{title}\n\n| {' | '.join(COLUMNS)} |\n| --- |{(len(COLUMNS) - 1) * ' ---: |'}")
    for scene, all_of_it in runs.items():
        print(row(scene, all_of_it), flush=True)


def row(scene: Scene, runs: Runs) -> str:
    cells = [
        scene.name,
        *(f"{runs.median(lambda one, q=q: np.percentile(one.painted, q)):.0f} ms" for q in (50, 95, 100)),
        f"{runs.median(lambda one: len(one.painted) / one.published):.1%}",
        *(_percentiles(runs, name) for name in ("arrived", "slow")),
        f"{runs.median(lambda one: one.core):.0%}",
        " → ".join(f"{runs.median(lambda one, at=at: one.memory[at]):.1f}" for at in (0, 1)) + " MiB",
    ]
    return f"| {' | '.join(cells)} |"


def _percentiles(runs: Runs, name: str) -> str:
    if not getattr(runs.seen[0], name):
        return ""
    both = (runs.median(lambda one, q=q: np.percentile(getattr(one, name), q)) for q in (50, 95))
    return " / ".join(f"{each:.0f}" for each in both) + " ms"


@contextmanager
def engine_at_work(site: Site, person: httpx.Client) -> Iterator[None]:
    form = {"prompt": "a lighthouse", "size": "256", "steps": "2000", "seed": "1"}
    page = send(person, "/studio/", form).url.path
    job = page.split("/")[2].replace("-", "")
    is_on = "SELECT 1 FROM generator_job WHERE id = ? AND state = 'running' AND step > 1"
    site.wait_until(lambda: site.rows(is_on, job), seconds=120)
    yield
    send(person, f"{page}cancel/", {})


def run(site: Site, browser: Browser, person: httpx.Client, scene: Scene, seconds: float) -> Seen:
    frames = int((WARM_UP + seconds) * PreviewPace.MOST_A_SECOND)
    publisher = program(site, "frames_publisher", OWNER, str(frames))
    job = publisher.stdout.readline().strip()
    cookie = f"sessionid={person.cookies['sessionid']}"
    address = f"ws://127.0.0.1:{site.port}/ws/jobs/{job}/"
    context = browser.new_context(base_url=site.url, locale="en-GB")
    context.add_init_script(WATCH_PAINTING)
    context.add_cookies([{"name": "sessionid", "value": person.cookies["sessionid"], "url": site.url}])
    page = context.new_page()
    page.goto(f"/studio/{job}/")
    viewers = program(site, "frames_viewers", address, cookie, str(scene.readers), *scene.others)
    assert viewers.stdout.readline() == "ready\n", "the viewers were not let in"
    page.wait_for_timeout(500)

    before, used, begun = memory(site.pid("web")), core_seconds(site.pid("web")), time.monotonic()
    publisher.stdin.write("go\n")
    publisher.stdin.flush()
    page.wait_for_timeout(1000 * (WARM_UP + seconds))  # Playwright's own loop has to go on
    after, busy = memory(site.pid("web")), core_seconds(site.pid("web")) - used
    core = busy / (time.monotonic() - begun)
    told, _ = publisher.communicate(timeout=60)
    painted = page.evaluate("window.painted")
    context.close()
    heard, _ = viewers.communicate("end\n", timeout=60)

    encoded = {int(step): at for step, at in json.loads(told)["encoded"].items()}
    start = min(encoded.values()) + WARM_UP
    counted = {step: at for step, at in encoded.items() if at >= start}
    logs = json.loads(heard)
    return Seen(
        published=len(counted),
        painted=latencies(counted, [(step, at / 1000) for step, at in painted]),
        arrived=latencies(counted, logs["readers"]),
        slow=latencies(counted, logs["slow"]),
        memory=(before, after),
        core=core,
    )


def latencies(encoded: dict[int, float], seen: list[Any]) -> list[float]:
    """Milliseconds, of the frames that count."""
    return [1000 * (at - encoded[step]) for step, at in seen if step in encoded]


def program(site: Site, name: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**site.environment, "DJANGO_SETTINGS_MODULE": "clipweb.settings"}
    return subprocess.Popen(
        with_parent([sys.executable, "-m", f"benchmarks.{name}", *arguments]),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def memory(pid: int) -> float:
    """Resident, MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]


def core_seconds(pid: int) -> float:
    """Of all threads since the process began."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
