"""The studio as somebody new to it goes through it: the real processes, the shipped models, Chromium."""

import io
import re

from PIL import Image as Pillow
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import Frames, ask_for, search, sign_up, wait_until_prepared
from tests.processes import Site

PROMPT = "a yellow sun"
LONG, STEPS = 2000, 12


def test_watch_stop_early_continue_remix_compare_export_and_find_it_again(site: Site, page: Page) -> None:
    sign_up(page, "gina")
    frames = Frames(page)
    ask_for(page, PROMPT, steps=LONG, until_step=4)
    first = page.url
    page.get_by_role("button", name="Stop and keep").click()
    expect(page.locator("[data-job] [data-state=done]")).to_be_visible(timeout=60_000)
    kept = frames.seen[-1][0]
    assert 4 <= kept < LONG

    page.fill("[name=steps]", str(STEPS))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(lambda url: url != first)
    longer = page.url
    expect(page.locator("[data-job] [data-state=done]")).to_be_visible(timeout=120_000)

    # Its strip begins with that of the first one.
    slider = page.get_by_label("Steps on the way")
    film = page.locator("[data-film]")
    slider.press("Home")
    expect(film.locator("output")).to_have_text(re.compile("Step 1,"))
    slider.press("End")
    expect(film.locator("output")).to_have_text(re.compile(f"Step {frames.seen[-1][0]},"))
    assert frames.seen[-1][0] >= kept + STEPS
    expect(film.locator("img")).to_have_js_property("complete", True)
    assert film.locator("img").evaluate("picture => picture.naturalWidth") > 0

    page.get_by_role("link", name="Time-lapse").click()
    page.get_by_label("Format").select_option("gif")
    page.get_by_role("button", name="Make the time-lapse").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="GIF animation").click(timeout=30_000)
    assert download.value.suggested_filename == "a-yellow-sun.gif"
    with Pillow.open(io.BytesIO(download.value.path().read_bytes())) as animation:
        assert (animation.format, animation.is_animated) == ("GIF", True)

    page.goto(longer)
    page.get_by_role("link", name="Change and make again").click()
    expect(page.locator("[name=prompt]")).to_have_value(PROMPT)
    page.fill("[name=steps]", str(STEPS))
    page.fill("[name=seed]", "8")
    page.get_by_role("button", name="Make the picture").click()
    expect(page.locator("[data-job] [data-state=done]")).to_be_visible(timeout=120_000)
    page.get_by_role("link", name="Compare").first.click()
    page.get_by_label("How much of the first is shown").press("Home")
    expect(page.locator("main")).to_contain_text("Seed")

    page.goto("/gallery/")
    expect(page.locator("main .picture-card")).to_have_count(3)
    wait_until_prepared(page)
    assert search(page, PROMPT) == 3 * [PROMPT]
