"""How smooth the gallery is with many pictures: Chromium on a real web process.

    python -m benchmarks.grid [--pictures 10000]

Prints the server's time for a page, and what scrolling through pages costs the browser: how long frames take,
tasks that block it, elements in the document. Rows are written as an upload would leave them; the files of
the thumbnails are a few dozen pictures under many names.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from PIL import Image as Pillow
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM

ROOT = Path(__file__).resolve().parents[1]
SHAPES = [(4, 3), (3, 2), (1, 1), (3, 4), (2, 3), (16, 9), (5, 4), (9, 16), (3, 1)]
MODELS = 45  # pictures behind all thumbnails
YEARS = 12  # over which they were taken
REQUESTS = 15
SCROLL_SECONDS = 12.0
SPEED = 3000  # pixels a second, a hasty thumb
MEASURE = """async ([seconds, speed]) => {
  const frames = [], tasks = [];
  new PerformanceObserver(list => tasks.push(...list.getEntries().map(entry => entry.duration)))
    .observe({ type: "longtask" });
  const frame = () => new Promise(requestAnimationFrame);
  const start = await frame();
  for (let last = start, now; (now = await frame()) < start + 1000 * seconds; last = now) {
    frames.push(now - last);
    scrollBy({ top: speed * (now - last) / 1000, behavior: "instant" });
  }
  return { frames, tasks, elements: document.querySelectorAll("*").length,
           cards: document.querySelectorAll("[data-pictures] .picture-card").length };
}"""
SHIFT = """() => new Promise(resolve => {
  let sum = 0;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 1500);
})"""


def fill(count: int) -> str:
    """Rows and thumbnails of one person. Returns the value of their session cookie."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clipweb.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from gallery import details
    from gallery.models import Image, User

    person = User.objects.create_user("viewer", "viewer@example.org", "correct horse battery")
    models = [draw(Path(settings.MEDIA_ROOT) / "models", number) for number in range(MODELS)]
    chance = random.Random(7)
    now = datetime.now(UTC)
    images = []
    for number in range(count):
        width, height, colours = models[number % MODELS][1]
        taken = now - timedelta(days=chance.uniform(0, 365 * YEARS))
        images.append(
            Image(
                owner=person,
                title=f"Picture {number}",
                original=f"originals/{number}.png",
                sha256=hashlib.sha256(str(number).encode()).hexdigest(),
                content_type="image/png",
                byte_size=1_000_000,
                width=10 * width,
                height=10 * height,
                placeholder=colours,
                has_thumbnails=True,
                status=Image.Status.READY,
                taken_at=taken,
                month=taken.date().replace(day=1),
                details_version=details.VERSION,
            )
        )
    Image.objects.bulk_create(images, batch_size=500)
    for number, image in enumerate(images):
        for size in Image.THUMBNAIL_SIZES:
            path = Path(settings.MEDIA_ROOT) / image.thumbnail_path(size)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.hardlink_to(models[number % MODELS][0][size])
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def draw(folder: Path, number: int) -> tuple[dict[int, Path], tuple[int, int, str]]:
    """A picture of coloured clouds in both sizes, and its size and colours to wait with."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(number)
    noise = Pillow.frombytes("RGB", (6, 6), chance.randbytes(108))
    across, down = SHAPES[number % len(SHAPES)]
    paths = {}
    for size in (320, 1280):
        scale = size / max(across, down)
        picture = noise.resize((round(across * scale), round(down * scale)), Pillow.Resampling.BICUBIC)
        paths[size] = folder / f"{number}-{size}.webp"
        picture.save(paths[size], "WEBP", quality=82)
    colours = picture.resize((3, 3), Pillow.Resampling.BOX).tobytes().hex()
    return paths, (picture.width // 10, picture.height // 10, colours)


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """The web process alone, as `manage.py serve` starts it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "clipweb.asgi:application", "--no-access-log"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--lifespan", "off", "--ws", "websockets-sansio"]
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/health/live")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    sys.exit("The web process does not answer.")


def server_times(url: str, session: str, path: str) -> list[float]:
    """Milliseconds of whole requests, without the first, which opens the connection to the database."""
    with httpx.Client(base_url=url, cookies={"sessionid": session}, timeout=60) as client:
        times = []
        for _ in range(REQUESTS + 1):
            started = time.perf_counter()
            response = client.get(path, follow_redirects=True)
            times.append(1000 * (time.perf_counter() - started))
            assert response.status_code == 200, response.text
    return times[1:]


def scroll(browser: Browser, url: str, session: str, width: int) -> None:
    with closing(browser.new_context(viewport={"width": width, "height": 800})) as context:
        context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
        page = context.new_page()
        page.goto(f"{url}/gallery/")
        shift = page.evaluate(SHIFT)
        for part in ("first pages", "many pages"):
            if part == "many pages":
                load_many(page)
            report(f"{width} px wide, {part}", page.evaluate(MEASURE, [SCROLL_SECONDS, SPEED]))
        print(f"{width} px wide: layout shift while loading {shift:.4f}")


def load_many(page: Page) -> None:
    """On to the end as with the End key, until two thousand pictures are there."""
    there = "document.querySelectorAll('[data-pictures] .picture-card').length"
    deadline = time.monotonic() + 180
    while page.evaluate(there) < 2000 and time.monotonic() < deadline:
        page.evaluate("scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' })")
        page.wait_for_timeout(100)
    page.evaluate("scrollTo({ top: document.documentElement.scrollHeight / 3, behavior: 'instant' })")


def report(name: str, measured: dict) -> None:
    frames, tasks = sorted(measured["frames"]), measured["tasks"]
    late = sum(frame > 34 for frame in frames) / len(frames)
    print(
        f"{name}: {len(frames)} frames, median {statistics.median(frames):.1f} ms, "
        f"95 % under {frames[int(0.95 * len(frames))]:.1f} ms, {100 * late:.1f} % over two beats; "
        f"{len(tasks)} long tasks, the longest {max(tasks, default=0):.0f} ms; "
        f"{measured['cards']} pictures, {measured['elements']} elements"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--serve", action="store_true", help="only serve the gallery, until Ctrl-C")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clipweb-grid-") as name:
        folder = Path(name)
        os.environ["CLIPWEB_DATA_DIR"] = name
        for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--no-input", "--verbosity", "0"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, check=True)
        session = fill(options.pictures)
        with web(folder) as url:
            if options.serve:
                print(f"{url}/gallery/ with the cookie sessionid={session}", flush=True)
                while True:
                    time.sleep(60)
            for path in ("/gallery/", "/gallery/?page=100", "/gallery/?month=2020-06"):
                times = sorted(server_times(url, session, path))
                print(f"{path}: median {statistics.median(times):.0f} ms, slowest {times[-1]:.0f} ms")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                for width in (1280, 390):
                    scroll(browser, url, session, width)
                browser.close()


if __name__ == "__main__":
    main()
