"""The system's Chromium, for tests and screenshots alike."""

import shutil
import time
from typing import Any

from playwright.sync_api import Error, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking"]


def wait_for(page: Page, expression: str, argument: Any = None, *, seconds: float = 30) -> None:
    """Until a JavaScript expression or function is true. Playwright's own wait_for_function() evaluates text
    inside the page, which the content security policy forbids."""
    deadline = time.monotonic() + seconds
    while not _is_true(page, expression, argument):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {expression}")
        page.wait_for_timeout(100)


def _is_true(page: Page, expression: str, argument: Any) -> bool:
    try:
        return bool(page.evaluate(expression, argument))
    except Error as error:
        if "context was destroyed" in str(error):  # the page has just gone on to another
            return False
        raise
