"""axe-core on every page, in both themes and on a phone; no error in the console, nothing that
the content security policy forbids, no request elsewhere."""

import os
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser.scene import Scene, build_scene
from tests.browser.stops import STOPS, Stop, context_for
from tests.processes import Site

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
OF_AXE = re.compile("inline|preload assets")  # it tries to add styles to the admin's forms, in vain
# Chromium reports the status of the page itself as an error in its console; 404 pages are meant to be 404.
STATUS = "Failed to load resource: the server responded with a status of"


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with Site.start() as site:
        scene = build_scene(site)
        yield_to_others(site)
        yield scene


def yield_to_others(site: Site) -> None:
    """The picture that is in the making all the time takes no more than what nobody else wants."""
    for worker in site.workers("generate"):
        for thread in Path(f"/proc/{worker}/task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(thread.name), 19)


# The policy's own event also tells of what the console keeps quiet about.
HEAR_POLICY = """addEventListener("securitypolicyviolation", ({violatedDirective, blockedURI, sample}) =>
  console.error("content security policy:", violatedDirective, blockedURI, sample));"""


class Notes:
    """What a page said in the console, what its policy forbade it, and what it asked other hosts for."""

    def __init__(self, page: Page, home: str) -> None:
        self.troubles: list[str] = []
        self._home = home
        page.add_init_script(HEAR_POLICY)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", lambda request: self._see(request.url))

    def _hear(self, message: ConsoleMessage) -> None:
        about_page = message.text.startswith(STATUS) and "/static/" not in message.location.get("url", "")
        if message.type in {"error", "warning"} and not about_page:
            self.troubles.append(message.text)

    def _see(self, url: str) -> None:
        own = (self._home, self._home.replace("http:", "ws:"), "data:", "blob:")
        if not url.startswith(own):
            self.troubles.append(f"asked for {url}")


def violations(page: Page) -> list[str]:
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def overflow(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    return page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_axe_finds_nothing_to_complain_about(browser: Browser, scene: Scene, stop: Stop) -> None:
    with closing(context_for(browser, scene, stop.person, viewport=DESKTOP, locale="en-GB")) as context:
        examine(context.new_page(), scene, stop)


def examine(page: Page, scene: Scene, stop: Stop) -> None:
    notes = Notes(page, scene.site.url)
    page.goto(stop.path(scene))
    if stop.arrive:
        stop.arrive(page)
    assert notes.troubles == []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert violations(page) == []
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    assert violations(page) == [], "on a phone, in the dark theme"
    assert overflow(page) == 0
    assert [trouble for trouble in notes.troubles if not OF_AXE.search(trouble)] == []
