"""The map by mouse, wheel and keyboard, from the wish for it to what is done with pictures chosen on it."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_uploading import Files
from tests.processes import Site, send

PICTURES = 6
SLOW = 120_000  # milliseconds, until pictures are encoded and laid out


@pytest.fixture
def map_page(context: BrowserContext, site: Site, files: Files) -> Page:
    """Of somebody whose pictures are ready."""
    client = site.sign_up("mapper")
    for number in range(PICTURES):
        content = files.picture(f"spot-{number}.png").read_bytes()
        send(client, "/upload/", {"visibility": "private"}, files={"files": (f"spot-{number}.png", content)})
    waiting = (
        "SELECT 1 FROM gallery_image i JOIN gallery_user u ON u.id = i.owner_id WHERE username = 'mapper'"
    )
    site.wait_until(lambda: not site.rows(f"{waiting} AND status = 'pending'"), seconds=120)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"], "url": site.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.goto("/map/")
    return page


@pytest.fixture
def files(tmp_path) -> Files:
    return Files(tmp_path)


def test_a_map_is_laid_out_moved_zoomed_searched_with_a_lasso_and_opened(map_page: Page) -> None:
    page, canvas = map_page, map_page.locator("canvas")
    page.get_by_role("button", name="Lay out the map").click()
    expect(canvas).to_have_attribute("data-loaded", str(PICTURES), timeout=SLOW)  # by itself
    expect(canvas).to_have_attribute("data-in-sight", str(PICTURES))
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    left, top, width, height = box["x"], box["y"], box["width"], box["height"]

    page.get_by_role("button", name="Lasso").click()
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.1)]
    page.mouse.move(left + 0.02 * width, top + 0.02 * height)
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(left + x * width, top + y * height, steps=4)
    page.mouse.up()
    expect(page.locator("[data-count]")).to_have_text(f"{PICTURES} pictures chosen")
    page.locator("[data-selection] summary", has_text="Tag").click()
    page.fill("[name=tags]", "mapped")
    page.press("[name=tags]", "Enter")
    expect(page.locator(".site-messages")).to_contain_text(f"{PICTURES} pictures are tagged.")

    expect(canvas).to_have_attribute("data-loaded", str(PICTURES))
    canvas.scroll_into_view_if_needed()
    page.mouse.move(left + width / 2, top + height / 2)
    page.mouse.wheel(0, -2500)
    expect(canvas).not_to_have_attribute("data-in-sight", str(PICTURES))
    page.wait_for_url(re.compile("#.+"))
    before = page.url
    page.mouse.down()
    page.mouse.move(left + width / 2 + 120, top + height / 2 + 60, steps=5)
    page.mouse.up()
    page.wait_for_url(lambda url: url != before and "#" in url)
    page.get_by_role("button", name="Whole map").click()
    expect(canvas).to_have_attribute("data-in-sight", str(PICTURES))

    canvas.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-caption]")).to_contain_text("spot-")
    page.keyboard.press("Space")
    expect(page.locator("[data-count]")).to_have_text("1 picture chosen")
    page.keyboard.press("Escape")
    shown = page.locator("[data-title]").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(shown)

    page.go_back()
    expect(canvas).to_have_attribute("data-loaded", str(PICTURES))
    canvas.scroll_into_view_if_needed()
    point_at_a_picture(page)
    shown = page.locator("[data-title]").inner_text()
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_role("heading", level=1)).to_have_text(shown)


def point_at_a_picture(page: Page) -> None:
    """With the mouse, row by row."""
    box = page.locator("canvas").bounding_box()
    assert box
    for down in range(20, int(box["height"]), 40):
        for right in range(20, int(box["width"]), 40):
            page.mouse.move(box["x"] + right, box["y"] + down)
            if page.locator("[data-caption]").is_visible():
                return
    raise AssertionError("No picture is under the mouse anywhere.")
