"""Whatever is killed while much is under way: everything comes back and is done, nothing is done twice."""

import io
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.processes import Site, is_alive, send

pytestmark = pytest.mark.processes

PICTURES = 20
STEPS = 40
MAIN_PROCESSES = ("queue-generate", "encoder", "web", "valkey", "queue-default")
FIRST_STEP_SECONDS = 300  # importing torch and loading the models, beside all else that starts
DONE_SECONDS = 400  # from the last kill to everything being done
# Patient with slow and busy machines; on a quiet one with two cores the whole test takes 2 minutes.
numbers = count()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site.start() as running:
        yield running


def picture() -> bytes:
    """A PNG of noise, never the same twice."""
    noise = np.random.default_rng(next(numbers)).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    return file.getvalue()


def upload(client: httpx.Client, content: bytes) -> None:
    """As the page's script does: again after a connection that broke, where 409 says that it was stored."""
    deadline = time.monotonic() + FIRST_STEP_SECONDS
    while time.monotonic() < deadline:
        try:
            response = client.post(
                "/upload/",
                data={"visibility": "private"},
                files={"files": ("noise.png", content, "image/png")},
                headers={"Accept": "application/json", "X-CSRFToken": client.cookies["csrftoken"]},
            )
        except httpx.TransportError:
            time.sleep(0.5)
            continue
        assert response.status_code in {201, 409}, response.text
        return
    raise AssertionError("the web process did not come back")


def wish(client: httpx.Client) -> str:
    """Asks for a picture in the studio and gives its job's id."""
    form = {"prompt": "a red heart", "steps": STEPS, "size": 128, "seed": 1}
    page = send(client, "/studio/", form)
    assert page.status_code == 200, page.text
    return page.url.path.split("/")[2]


def kill_and_wait(site: Site, name: str) -> None:
    pid = site.pid(name)
    os.kill(pid, signal.SIGKILL)
    site.wait_until(lambda: site.is_ready(name) and site.pid(name) != pid, seconds=FIRST_STEP_SECONDS)


def kill_worker(site: Site, queue: str) -> None:
    """Kills one worker and waits for the one in its place."""
    main, before = site.pid(f"queue-{queue}"), site.workers(queue)
    os.kill(before[0], signal.SIGKILL)
    site.wait_until(lambda: not is_alive(before[0]))
    site.wait_until(lambda: len(site.workers(queue)) == len(before) or site.pid(f"queue-{queue}") != main)


def job_state(site: Site, job: str) -> tuple[str, int, int]:
    """Its state, newest step and newest checkpoint's step (0 when it is done)."""
    sql = "SELECT state, step, checkpoint_step FROM generator_job WHERE id = ?"
    return site.rows(sql, job.replace("-", ""))[0]


def test_each_process_killed_in_turn_while_pictures_come_in_and_one_is_made(site):
    carol = site.sign_up("carol")
    carol.get("/upload/")
    job = wish(carol)
    site.wait_until(lambda: job_state(site, job)[1] >= 3, seconds=FIRST_STEP_SECONDS)

    contents = [picture() for _ in range(PICTURES)]
    with ThreadPoolExecutor(2) as people:
        uploads = [people.submit(upload, carol, content) for content in contents]
        kill_worker(site, "default")
        assert job_state(site, job)[0] == "running"
        for name in MAIN_PROCESSES:
            kill_and_wait(site, name)
        site.wait_until(lambda: job_state(site, job)[2] > 0, seconds=FIRST_STEP_SECONDS, every=0.05)
        kill_worker(site, "generate")
        for done in uploads:
            done.result()

    def unfinished() -> int:
        return site.rows("SELECT count(*) FROM gallery_image WHERE status != 'ready'")[0][0]

    site.wait_until(
        lambda: job_state(site, job)[0] == "done" and unfinished() == 0, seconds=DONE_SECONDS, every=0.5
    )
    assert re.search(r"attempt \d+, from step [1-9]", site.log("queue-generate"))  # from its checkpoint
    embedded = (
        "SELECT count(*), count(DISTINCT image_id) FROM gallery_embedding WHERE model_id NOT LIKE '%#words'"
    )
    assert site.rows(embedded) == [(PICTURES + 1, PICTURES + 1)]  # with the one that was made
    assert site.rows("SELECT count(*), count(DISTINCT sha256) FROM gallery_image") == [(PICTURES + 1,) * 2]
    assert site.rows("SELECT origin, count(*) FROM gallery_image GROUP BY origin ORDER BY origin") == [
        ("generated", 1),
        ("uploaded", PICTURES),
    ]
    originals = [path for path in (site.folder / "media" / "originals").rglob("*") if path.is_file()]
    assert len(originals) == PICTURES + 1
    assert site.rows("SELECT count(*) FROM generator_job") == [(1,)]
    for name in MAIN_PROCESSES:
        assert site.process(name)["restarts"] >= 1
        assert site.is_ready(name)
