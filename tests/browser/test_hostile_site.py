"""The running site while somebody sends it everything in hostile.py: nothing of it is stored or stops it."""

from pathlib import Path

import httpx
import pytest

from tests.gallery.drawing import encoded, noise
from tests.gallery.hostile import FILES, HARMLESS
from tests.processes import Site, children

MOST_MEMORY = 500 * 1024  # KB


def post(client: httpx.Client, content: bytes) -> httpx.Response:
    form = {"visibility": "private", "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    return client.post(
        "/upload/",
        data=form,
        files={"files": ("picture.png", content)},
        headers={"Accept": "application/json"},
    )


def peak_memory(pid: int) -> int:
    """Of the process since it began, in KB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@pytest.fixture
def client(site: Site) -> httpx.Client:
    client = site.sign_up("mallory")
    client.get("/upload/")
    return client


def test_hostile_files_are_refused_within_bounds_and_all_goes_on(site: Site, client: httpx.Client) -> None:
    before = {name: site.pid(name) for name in ("web", "queue-default")}
    for what, (make, code) in FILES.items():
        answer = post(client, make())
        assert (answer.status_code in {400, 413}, answer.json()["code"]) == (True, code), what
    kept = [post(client, content) for content in (*(make() for make in HARMLESS.values()), encoded(noise()))]
    assert [answer.status_code for answer in kept] == [201] * len(kept)
    for pid in (site.pid("web"), *children(site.pid("web"))):
        assert peak_memory(pid) < MOST_MEMORY
    of_mallory = "FROM gallery_image JOIN gallery_user u ON u.id = owner_id WHERE username = 'mallory'"
    site.wait_until(lambda: site.rows(f"SELECT DISTINCT status {of_mallory}") == [("ready",)])
    assert site.rows(f"SELECT count(*) {of_mallory}") == [(len(kept),)]
    assert {name: site.pid(name) for name in before} == before
