"""Exchanging the model of a running site with thousands of pictures, while people search and processes die.

    python -m benchmarks.model_switch --pictures 2000

The site starts with the first image tower of the shipped pack alone (`mini-quick`), takes in drawn pictures,
and is started again with all towers (`mini`). From then on somebody searches twice a second, an open page in
Chromium waits for the news, the queue's main process is killed at a quarter of the way, and everything is
killed at half of it and started again. Afterwards each page of results is compared with what the vectors in
the database say: all of its pictures and scores have to be those of one and the same model.
"""

from __future__ import annotations

import argparse
import io
import math
import os
import random
import re
import signal
import threading
import time
import uuid
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import httpx
import numpy as np
from PIL import Image, ImageDraw
from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.processes import ADMIN, Site, send

BEFORE, AFTER = "mini-quick", "mini"
WORDS = ("a red circle", "a blue square", "a green star", "a yellow triangle", "a flag", "a face", "the sea")
HIT = re.compile(
    r'href="/pictures/([0-9a-f-]{36})/".*?<meter class="bar" min="0" max="1" value="([0-9.-]+)"', re.S
)
TOLERANCE = 2e-4  # of scores that pages write with four digits
A_FORM = 50  # files
MADE = """SELECT count(*) FROM gallery_embedding e
          JOIN gallery_encodingmodel m ON m.model_id = e.model_id WHERE m.name = ?"""


@dataclass(frozen=True)
class Answer:
    """One page of results as somebody who searches got it."""

    at: float  # time.monotonic()
    seconds: float
    words: str
    status: int  # 0: no answer
    hits: tuple[tuple[str, float], ...] = ()  # pictures with their scores, best first


class Searcher(threading.Thread):
    """Searches at a steady rate, except while the site is meant to be down."""

    def __init__(self, client: httpx.Client, rate: float) -> None:
        super().__init__(daemon=True)
        self.answers: list[Answer] = []
        self.is_paused = threading.Event()
        self.is_over = threading.Event()
        self._busy = threading.Lock()
        self._client = client
        self._every = 1 / rate

    def run(self) -> None:
        due = time.monotonic()
        while not self.is_over.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._every, time.monotonic() - self._every)
            if not self.is_paused.is_set():
                with self._busy:
                    self.answers.append(self._search(WORDS[len(self.answers) % len(WORDS)]))

    def pause(self) -> None:
        """Returns when no search is on its way."""
        self.is_paused.set()
        with self._busy:
            pass

    def _search(self, words: str) -> Answer:
        started = time.monotonic()
        try:
            response = self._client.get("/search/", params={"q": words})
        except httpx.HTTPError:
            return Answer(started, time.monotonic() - started, words, 0)
        hits = tuple((key, float(score)) for key, score in HIT.findall(response.text))
        return Answer(started, time.monotonic() - started, words, response.status_code, hits)


def draw(seed: int) -> bytes:
    """A picture of a few coloured shapes."""
    chance = random.Random(seed)
    colour = [tuple(chance.randrange(256) for _ in range(3)) for _ in range(5)]
    picture = Image.new("RGB", (256, 192), colour[0])
    canvas = ImageDraw.Draw(picture)
    for number in range(1, 5):
        x, y, size = chance.randrange(200), chance.randrange(150), chance.randrange(20, 110)
        kind = chance.choice(("ellipse", "rectangle", "polygon"))
        if kind == "polygon":
            canvas.regular_polygon((x, y, size // 2), chance.randrange(3, 7), fill=colour[number])
        else:
            getattr(canvas, kind)((x, y, x + size, y + size), fill=colour[number])
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def fill(site: Site, client: httpx.Client, count: int) -> None:
    for start in range(0, count, A_FORM):
        files = [("files", (f"{seed}.png", draw(seed))) for seed in range(start, min(start + A_FORM, count))]
        send(client, "/upload/", {"visibility": "private"}, files=files).raise_for_status()
    ready = "SELECT count(*) FROM gallery_image WHERE status = 'ready'"
    site.wait_until(lambda: site.rows(ready)[0][0] == count, seconds=3600, every=1)


def made(site: Site) -> int:
    return site.rows(MADE, AFTER)[0][0]


def has_flipped(site: Site) -> bool:
    sql = "SELECT name FROM gallery_serving s JOIN gallery_encodingmodel m ON m.id = s.current_id"
    return site.rows(sql) == [(AFTER,)]


def kill_everything(site: Site) -> None:
    for pid in site.all_pids():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert site.supervisor
    site.supervisor.wait()


def vectors(site: Site, model_id: str) -> tuple[list[str], np.ndarray]:
    rows = site.rows("SELECT image_id, vector FROM gallery_embedding WHERE model_id = ?", model_id)
    return [str(uuid.UUID(row[0])) for row in rows], np.stack([np.frombuffer(row[1], "<f4") for row in rows])


def word_vectors(site: Site, name: str) -> dict[str, np.ndarray]:
    transport = httpx.HTTPTransport(uds=str(site.folder / "run" / "encoder.sock"))
    with httpx.Client(transport=transport, base_url="http://encoder", timeout=60) as client:
        while client.get("/health", params={"model": name}).status_code != 200:
            time.sleep(0.2)
        answer = client.post("/texts", params={"model": name}, json={"texts": list(WORDS)})
    return dict(zip(WORDS, np.load(io.BytesIO(answer.content)), strict=True))


def judge(site: Site, answers: list[Answer]) -> Counter[str]:
    """How many pages of results are wholly of the model before, of the one after, or of neither."""
    scores: dict[str, dict[str, dict[str, float]]] = {}
    for name, model_id in site.rows("SELECT name, model_id FROM gallery_encodingmodel"):
        ids, matrix = vectors(site, model_id)
        scores[name] = {
            words: dict(zip(ids, map(float, matrix @ vector), strict=True))
            for words, vector in word_vectors(site, name).items()
        }
    return Counter(
        next((name for name in scores if fits(answer, scores[name][answer.words])), "neither")
        for answer in answers
    )


def fits(answer: Answer, scores: dict[str, float]) -> bool:
    """Whether these are the best pictures by these scores, with these scores, each once."""
    best = sorted(scores.values(), reverse=True)[: len(answer.hits)]
    shown = [score for _key, score in answer.hits]
    return (
        len(answer.hits) == min(24, len(scores))
        and len(dict(answer.hits)) == len(answer.hits)
        and all(abs(scores.get(key, math.inf) - score) < TOLERANCE for key, score in answer.hits)
        and all(abs(one - other) < TOLERANCE for one, other in zip(best, shown, strict=True))
    )


def open_search_page(stack: ExitStack, site: Site, client: httpx.Client) -> Page:
    browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    stack.callback(browser.close)
    context = browser.new_context(base_url=site.url)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"], "url": site.url}])
    page = context.new_page()
    page.goto("/search/?q=a+red+circle")
    return page


def say(started: float, text: str) -> None:
    print(f"{time.monotonic() - started:7.1f} s  {text}", flush=True)


def switch(site: Site, count: int, rate: float, started: float) -> None:
    client = site.sign_up("alice")
    fill(site, client, count)
    say(started, f"{count} pictures are ready with {BEFORE}")
    site.stop()
    site.environment["CLIP_MODEL"] = AFTER
    site.serve()
    begun = time.monotonic()
    searcher = Searcher(client, rate)
    searcher.start()
    site.wait_until(lambda: made(site) > 0, seconds=600)
    with ExitStack() as stack:
        page = open_search_page(stack, site, client)
        admin = site.sign_in(ADMIN)
        say(started, f"started with {AFTER}; the open page says: {notice(page)}")
        site.wait_until(lambda: made(site) >= count // 4, seconds=3600)
        os.kill(site.pid("queue-default"), signal.SIGKILL)
        say(started, f"at {made(site)} the queue was killed; admins read: {progress(admin)}")
        site.wait_until(lambda: made(site) >= count // 2, seconds=3600)
        searcher.pause()
        at_kill = made(site)
        kill_everything(site)
        say(started, f"at {at_kill} everything was killed (SIGKILL)")
        site.serve()
        searcher.is_paused.clear()
        say(started, f"started again: {made(site)} are there, none was lost")
        assert made(site) >= at_kill
        site.wait_until(lambda: has_flipped(site), seconds=3600)
        flipped = time.monotonic()
        say(started, f"{AFTER} has taken over, {flipped - begun:.0f} s after the start with it")
        page.locator("[data-news]").wait_for(timeout=30_000)
        say(started, f"the open page says, {time.monotonic() - flipped:.1f} s later: {notice(page)}")
        time.sleep(10)
        searcher.is_over.set()
        searcher.join()
    report(site, searcher.answers, count)


def notice(page: Page) -> str:
    return " ".join(page.locator("[data-model-notice]").inner_text().split())


def progress(admin: httpx.Client) -> str:
    found = re.search(r"data-progress>(.*?)<", admin.get("/models/").text)
    return found[1] if found else "nothing"


def report(site: Site, answers: list[Answer], count: int) -> None:
    statuses = Counter(answer.status for answer in answers)
    kinds = judge(site, [answer for answer in answers if answer.status == 200])
    seconds = np.array([answer.seconds for answer in answers])
    doubled = site.rows("SELECT count(*) - count(DISTINCT image_id || model_id) FROM gallery_embedding")[0][0]
    print(f"\nsearches {len(answers)}, by status {dict(statuses)} (0: no answer)")
    print(f"pages of results by model: {dict(kinds)}; a page of two models counts as neither")
    middle, most = np.quantile(seconds, (0.5, 0.95))
    print(f"seconds a search: median {middle:.2f}, 95 % {most:.2f}, longest {seconds.max():.2f}")
    print(f"vectors of {AFTER}: {made(site)} of {count}, twice {doubled}")
    left = site.rows("SELECT count(*) FROM gallery_pendingvector")[0][0]
    print(f"pictures that failed or are left: {left}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=2.0, help="searches a second")
    options = parser.parse_args()
    with Site.start(CLIP_MODEL=BEFORE, UPLOADS_PER_PERSON="10000") as site:
        switch(site, options.pictures, options.rate, time.monotonic())


if __name__ == "__main__":
    main()
