"""Looking at many pictures: further pages by scrolling, one picture large, the way back, the keyboard."""

import shutil
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import wait_for
from tests.browser.test_uploading import Files
from tests.processes import Site, send

PICTURES = 120  # two pages and a half
CARDS = "[data-pictures] .picture-card"
LARGE = "dialog[data-lightbox]"
TITLE = "[data-lightbox-title]"


@pytest.fixture(scope="module")
def person(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The cookie of somebody with many pictures: copies of the row and the files of one."""
    client = site.sign_up("viewer")
    files = Files(tmp_path_factory.mktemp("viewed"))
    with files.picture("0.png").open("rb") as file:
        send(client, "/upload/", {"visibility": "private"}, files={"files": ("0", file)})
    mine = "owner_id = (SELECT id FROM gallery_user WHERE username = 'viewer')"
    site.wait_until(lambda: site.rows(f"SELECT 1 FROM gallery_image WHERE {mine} AND status = 'ready'"))
    columns = [name for _, name, *_ in site.rows("PRAGMA table_info(gallery_image)")]
    own = {"id": "?", "sha256": "?", "title": "?", "created_at": "datetime(created_at, ?)"}
    values = ", ".join(own.get(column, column) for column in columns)
    copy = f"INSERT INTO gallery_image SELECT {values} FROM gallery_image WHERE title = '0' AND {mine}"
    (first,) = site.rows(f"SELECT id FROM gallery_image WHERE {mine}")[0]
    thumbnails = site.folder / "media" / "thumbnails"
    for number in range(1, PICTURES):
        pk = uuid.uuid4()
        given = {"id": pk.hex, "sha256": pk.hex, "title": str(number), "created_at": f"-{number} seconds"}
        site.rows(copy, *(given[column] for column in columns if column in own))
        shutil.copytree(thumbnails / str(uuid.UUID(first)), thumbnails / str(pk))
    return {"name": "sessionid", "value": client.cookies["sessionid"], "url": site.url}


def titles(page: Page) -> list[str]:
    return page.locator(f"{CARDS} .picture-card__title").all_text_contents()


def top_of(page: Page, title: str) -> float:
    script = "(title) => title.closest('.picture-card').getBoundingClientRect().top"
    return page.locator(f"{CARDS} .picture-card__title", has_text=title).first.evaluate(script)


def scroll_to(page: Page, title: str) -> None:
    page.locator(f"{CARDS} .picture-card__title", has_text=title).first.scroll_into_view_if_needed()


def test_rows_are_level_and_further_pages_come_by_scrolling_each_picture_once(gallery: Page) -> None:
    bottoms = gallery.locator(f"{CARDS} .picture-card__frame").evaluate_all(
        "frames => frames.slice(0, 3).map(frame => Math.round(frame.getBoundingClientRect().height))"
    )
    assert len(set(bottoms)) == 1
    for title in ("47", "95"):
        expect(gallery.locator(CARDS, has_text=title).first).to_be_attached()
        scroll_to(gallery, title)
    expect(gallery.locator(CARDS)).to_have_count(PICTURES)
    assert titles(gallery) == [str(number) for number in range(PICTURES)]
    expect(gallery.get_by_role("link", name="Next", exact=True)).to_have_count(0)
    gallery.keyboard.press("Control+a")
    expect(gallery.locator("[data-count]")).to_have_text(f"{PICTURES} pictures chosen")


def test_the_way_back_and_a_reload_lead_to_the_same_place(gallery: Page) -> None:
    scroll_to(gallery, "47")
    expect(gallery.locator(CARDS, has_text="60").first).to_be_attached()
    scroll_to(gallery, "60")
    gallery.wait_for_url("**/gallery/?page=2")
    gallery.wait_for_timeout(300)  # until the place is noted
    before = top_of(gallery, "60")
    gallery.locator(f"{CARDS} .picture-card__title", has_text="60").click()
    expect(gallery.locator("h1")).to_have_text("60")
    for go in (gallery.go_back, gallery.reload):
        go()
        expect(gallery.locator(CARDS, has_text="60").first).to_be_visible()
        wait_for(
            gallery,
            "([title, top]) => Math.abs([...document.querySelectorAll('.picture-card')].find(card =>"
            " card.querySelector('.picture-card__title').textContent === title)"
            ".getBoundingClientRect().top - top) < 3",
            ["60", before],
        )
    gallery.mouse.wheel(0, -3000)  # and on from there towards the beginning
    expect(gallery.locator(CARDS, has_text="20").first).to_be_attached()


def test_a_picture_is_shown_large_over_the_grid_and_beyond_its_page(gallery: Page) -> None:
    gallery.locator(f"{CARDS} .picture-card__link").nth(1).focus()
    gallery.keyboard.press("Enter")
    expect(gallery.locator(TITLE)).to_have_text("1")
    gallery.wait_for_url("**/pictures/*/")
    address = gallery.url
    gallery.keyboard.press("ArrowRight")
    expect(gallery.locator(TITLE)).to_have_text("2")
    assert gallery.url != address
    gallery.keyboard.press("Home")
    gallery.keyboard.press("ArrowLeft")  # there is nothing before
    expect(gallery.locator(TITLE)).to_have_text("0")
    gallery.keyboard.press("End")
    expect(gallery.locator(CARDS).nth(48)).to_be_attached()
    gallery.keyboard.press("ArrowRight")
    assert int(gallery.locator(TITLE).inner_text()) >= 48
    gallery.keyboard.press("i")
    expect(gallery.locator("#lightbox-details")).to_contain_text("Seen by")
    gallery.keyboard.press("f")
    expect(gallery.locator("[data-do=keep]")).to_have_attribute("aria-pressed", "true")
    gallery.keyboard.press("z")
    expect(gallery.locator("[data-stage]")).to_have_class("lightbox__stage is-zoomed")
    title = gallery.locator(TITLE).inner_text()
    gallery.keyboard.press("Escape")
    expect(gallery.locator(LARGE)).to_be_hidden()
    assert gallery.url.endswith("/gallery/")
    focused = gallery.evaluate("document.activeElement.querySelector('.picture-card__title').textContent")
    assert focused == title


def test_the_address_of_a_large_picture_opens_its_page_and_back_leads_to_the_gallery(gallery: Page) -> None:
    gallery.locator(f"{CARDS} .picture-card__frame").nth(3).click()
    gallery.wait_for_url("**/pictures/*/")
    gallery.reload()
    expect(gallery.locator("h1")).to_have_text("3")
    gallery.go_back()
    expect(gallery.locator("h1")).to_have_text("Gallery")
    gallery.locator(f"{CARDS} .picture-card__frame").nth(4).click()
    expect(gallery.locator(LARGE)).to_be_visible()
    gallery.go_back()
    expect(gallery.locator(LARGE)).to_be_hidden()
    gallery.go_forward()
    expect(gallery.locator(TITLE)).to_have_text("4")


def test_fingers_swipe_and_zoom(phone: Page) -> None:
    phone.locator(f"{CARDS} .picture-card__frame").nth(1).tap()
    expect(phone.locator(TITLE)).to_have_text("1")
    touch = phone.context.new_cdp_session(phone)

    def drag(*ways: tuple[int, int]) -> None:
        """Fingers that start and end at these places across the stage."""
        for kind, at in (("touchStart", 0), ("touchMove", 1)):
            points = [{"x": way[at], "y": 400, "id": finger} for finger, way in enumerate(ways)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    drag((300, 100))
    expect(phone.locator(TITLE)).to_have_text("2")
    drag((100, 300))
    expect(phone.locator(TITLE)).to_have_text("1")
    drag((150, 80), (220, 300))
    expect(phone.locator("[data-stage]")).to_have_class("lightbox__stage is-zoomed")
    drag((300, 100))  # moves the picture that is zoomed, and does not leaf
    expect(phone.locator(TITLE)).to_have_text("1")


def test_the_keyboard_moves_chooses_and_can_be_asked_to_keep_still(gallery: Page) -> None:
    def focused() -> str:
        return gallery.evaluate("document.activeElement.querySelector('.picture-card__title')?.textContent")

    for key, title in (("j", "0"), ("j", "1"), ("k", "0"), ("ArrowRight", "1")):
        gallery.keyboard.press(key)
        assert focused() == title
    gallery.keyboard.press("ArrowDown")
    gallery.keyboard.press("ArrowUp")
    assert focused() == "1"
    gallery.keyboard.press("x")
    expect(gallery.locator("[data-count]")).to_have_text("1 picture chosen")
    gallery.keyboard.press("?")
    expect(gallery.locator("[data-sheet] .keys").first).to_be_visible()
    gallery.keyboard.press("Escape")
    expect(gallery.locator("[data-sheet]")).to_be_hidden()
    gallery.keyboard.press("/")
    gallery.keyboard.type("ge?x")  # words for the search, no shortcuts
    expect(gallery.locator("header [name=q]")).to_have_value("ge?x")
    gallery.goto("/shortcuts/")
    gallery.get_by_role("button", name="Turn off").click()
    turn_on = gallery.get_by_role("button", name="Turn the shortcuts on")
    expect(turn_on).to_be_visible()
    gallery.keyboard.press("g")
    gallery.keyboard.press("e")
    gallery.keyboard.press("?")
    expect(gallery.locator("[data-sheet]")).to_be_hidden()
    assert gallery.url.endswith("/shortcuts/")
    turn_on.click()
    expect(gallery.get_by_role("button", name="Turn off")).to_be_visible()
    gallery.keyboard.press("g")
    gallery.keyboard.press("e")
    gallery.wait_for_url("**/explore/")


def test_what_comes_in_stands_first_and_further_pages_stay(gallery: Page, site: Site, tmp_path: Path) -> None:
    scroll_to(gallery, "47")
    expect(gallery.locator(CARDS).nth(48)).to_be_attached()
    gallery.locator("input[name=picture]").nth(60).check()
    chosen = gallery.locator("input[name=picture]:checked").input_value()
    before = gallery.locator(CARDS).count()
    with Files(tmp_path).picture("new.png").open("rb") as file:
        client = site.sign_in("viewer")
        send(client, "/upload/", {"visibility": "private"}, files={"files": ("new", file)})
    expect(gallery.locator(f"{CARDS} .picture-card__title").first).to_have_text("new", timeout=30_000)
    assert gallery.locator(CARDS).count() >= before + 1
    expect(gallery.locator("input[name=picture]:checked")).to_have_value(chosen)
    expect(gallery.locator(".page-head__lead")).to_have_text(f"{PICTURES + 1} pictures of yours.")
