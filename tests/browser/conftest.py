"""Chromium on the real processes: nothing here runs the app in the test's own process.

`__init__.py` makes the folder a package for pytest: without it, package-scoped fixtures live until the last
test of all, and Playwright's running event loop with them.
"""

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.processes import Site


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed, and here nothing may be skipped.")
        pytest.skip("Chromium is not installed (apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    """One installation without the demo gallery, for all browser tests."""
    with Site.start() as site:
        yield site


class Watched:
    """What a page must not do: report errors, or ask another host for anything."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.home = home
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        context.on("page", self._watch)

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        own = (self.home, self.home.replace("http:", "ws:"), "data:", "blob:")
        if not url.startswith(own):
            self.elsewhere.append(url)


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """A visitor with cookies of their own; at the end, no script error and no request to another host."""
    context = browser.new_context(base_url=site.url, locale="en-GB", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(30_000)
    watched = Watched(context, site.url)
    yield context
    context.close()
    assert watched.errors == []
    assert watched.elsewhere == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def gallery(context: BrowserContext, person: dict[str, str]) -> Page:
    """The gallery of a module's `person`, who is the cookie of a session."""
    context.add_cookies([person])  # type: ignore[list-item]
    page = context.new_page()
    page.goto("/gallery/")
    return page


@pytest.fixture
def phone(browser: Browser, site: Site, person: dict[str, str]) -> Iterator[Page]:
    """The same on a small screen that is touched."""
    size = {"width": 390, "height": 800}
    with closing(
        browser.new_context(base_url=site.url, viewport=size, has_touch=True, is_mobile=True, locale="en-GB")
    ) as context:
        context.add_cookies([person])  # type: ignore[list-item]
        page = context.new_page()
        page.goto("/gallery/")
        yield page
