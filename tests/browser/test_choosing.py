"""Choosing several pictures of the gallery by mouse, keyboard and touch; arranging an album by dragging."""

import io
import zipfile
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_uploading import Files
from tests.processes import Site, send

PICTURES = 8


@pytest.fixture(scope="module")
def person(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The cookie of somebody with pictures enough for two rows."""
    client = site.sign_up("chooser")
    files = Files(tmp_path_factory.mktemp("chosen"))
    for number in range(PICTURES):
        with files.picture(f"picture-{number}.png").open("rb") as file:
            send(client, "/upload/", {"visibility": "private"}, files={"files": (f"{number}.png", file)})
    return {"name": "sessionid", "value": client.cookies["sessionid"], "url": site.url}


def chosen(page: Page) -> list[int]:
    script = "boxes => boxes.flatMap((box, place) => box.checked ? [place] : [])"
    return page.locator("[data-selectable] input[name=picture]").evaluate_all(script)


def test_clicks_choose_with_shift_all_between_and_the_bar_counts(gallery: Page) -> None:
    boxes, pictures = gallery.locator("input[name=picture]"), gallery.locator(".picture-card__link")
    expect(gallery.locator("[data-selection]")).to_be_hidden()
    boxes.nth(1).click()
    expect(gallery.locator("[data-count]")).to_have_text("1 picture chosen")
    boxes.nth(4).click(modifiers=["Shift"])
    assert chosen(gallery) == [1, 2, 3, 4]
    boxes.nth(2).click(modifiers=["Shift"])
    assert chosen(gallery) == [1, 2]
    pictures.nth(6).click()  # does not open it, as some are chosen
    pictures.nth(1).click()
    assert chosen(gallery) == [2, 6]
    expect(gallery.locator("[data-count]")).to_have_text("2 pictures chosen")
    gallery.keyboard.press("Escape")
    assert chosen(gallery) == []
    expect(gallery.locator("[data-selection]")).to_be_hidden()
    pictures.nth(0).click()
    gallery.wait_for_url("**/pictures/**")


def test_the_keyboard_chooses_too(gallery: Page) -> None:
    gallery.locator(".picture-card__link").nth(0).focus()
    gallery.keyboard.press("Space")
    gallery.keyboard.press("Shift+ArrowRight")
    gallery.keyboard.press("Shift+ArrowRight")
    assert chosen(gallery) == [0, 1, 2]
    gallery.keyboard.press("Shift+ArrowLeft")
    assert chosen(gallery) == [0, 1]
    gallery.keyboard.press("ArrowRight")
    gallery.keyboard.press("ArrowRight")
    gallery.keyboard.press("Space")
    assert chosen(gallery) == [0, 1, 3]
    gallery.keyboard.press("Control+a")
    assert chosen(gallery) == list(range(PICTURES))
    gallery.locator("[data-selection] summary").first.click()
    gallery.keyboard.press("Escape")  # closes the menu and keeps the choice
    assert len(chosen(gallery)) == PICTURES
    gallery.keyboard.press("Escape")
    assert chosen(gallery) == []


def test_a_long_press_chooses_and_taps_choose_more(phone: Page) -> None:
    touch = phone.context.new_cdp_session(phone)
    box = phone.locator(".picture-card__link").nth(1).bounding_box()
    assert box
    point = {"x": box["x"] + 60, "y": box["y"] + 70}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(phone.locator("[data-count]")).to_have_text("1 picture chosen")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.locator(".picture-card__link").nth(0).tap(position={"x": 60, "y": 70})
    assert chosen(phone) == [0, 1]
    assert phone.url.endswith("/gallery/")


def test_chosen_pictures_travel_as_a_zip_through_the_real_server(gallery: Page) -> None:
    gallery.keyboard.press("Control+a")
    with gallery.expect_download() as waiting:
        gallery.get_by_role("button", name="Download").click()
    with zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes())) as read:
        assert sorted(read.namelist()) == [f"{number}.png" for number in range(PICTURES)]
        assert read.testzip() is None


def test_a_new_album_is_arranged_by_dragging_and_by_buttons(gallery: Page) -> None:
    for place in range(3):
        gallery.locator("input[name=picture]").nth(place).check()
    gallery.locator("[data-selection] summary", has_text="Album").click()
    gallery.fill("[name=album_title]", "Dragged")
    gallery.press("[name=album_title]", "Enter")
    expect(gallery.locator(".site-messages")).to_contain_text("3 pictures are in the album “Dragged”.")
    gallery.goto("/albums/")
    gallery.get_by_role("link", name="Dragged").click()
    gallery.get_by_role("link", name="Arrange").click()
    rows = gallery.locator("[data-picture]")
    names = rows.locator("a").all_inner_texts()
    rows.nth(2).drag_to(rows.nth(0))
    expect(rows.locator("a")).to_have_text([names[2], names[0], names[1]])
    rows.nth(0).get_by_role("button", name="down").click()
    expect(rows.locator("a")).to_have_text([names[0], names[2], names[1]])


def test_everything_works_without_scripts(browser: Browser, site: Site, person: dict[str, str]) -> None:
    with closing(browser.new_context(base_url=site.url, java_script_enabled=False)) as context:
        context.add_cookies([person])  # type: ignore[list-item]
        page = context.new_page()
        page.goto("/gallery/")
        page.locator("input[name=picture]").nth(0).check()
        page.locator("[data-selection] summary", has_text="Tag").click()
        page.fill("[name=tags]", "plain")
        page.get_by_role("button", name="Add the tags").click()
        expect(page.locator(".site-messages")).to_contain_text("1 picture is tagged.")
        page.goto("/tags/plain/")
        expect(page.locator(".picture-card")).to_have_count(1)
