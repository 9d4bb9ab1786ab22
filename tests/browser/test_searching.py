"""The search box and its list, and searching by a picture that is pasted or dropped."""

import base64
import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_uploading import Files
from tests.processes import Site, send

GIVEN = re.compile(r"/search/\?q=given%3A[0-9a-f-]{36}$")
TAKE_IN = """([event, bytes]) => {
    const data = new DataTransfer();
    const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
    data.items.add(new File([content], "it.png", {type: "image/png"}));
    document.dispatchEvent(event === "paste" ? new ClipboardEvent("paste", {clipboardData: data})
        : new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    files = Files(tmp_path_factory.mktemp("searched"))
    return [files.picture(name) for name in ("Lighthouse in fog.png", "Light rain.png")]


@pytest.fixture(scope="module")
def person(site: Site, pictures: list[Path]) -> dict[str, str]:
    client = site.sign_up("searcher")
    for picture in pictures:
        send(
            client,
            "/upload/",
            {"visibility": "private"},
            files={"files": (picture.name, picture.read_bytes())},
        )
    site.wait_until(lambda: client.get("/search/?q=light").text.count("data-score") == 2)
    return {"name": "sessionid", "value": client.cookies["sessionid"], "url": site.url}


@pytest.fixture
def search_page(context: BrowserContext, person: dict[str, str]) -> Page:
    context.add_cookies([person])  # type: ignore[list-item]
    page = context.new_page()
    page.goto("/search/")
    return page


@pytest.mark.parametrize("event", ["paste", "drop"])
def test_a_picture_is_searched_by_and_its_address_opens_again(
    search_page: Page, pictures: list[Path], event: str
) -> None:
    search_page.evaluate(TAKE_IN, [event, base64.b64encode(pictures[0].read_bytes()).decode()])
    search_page.wait_for_url(GIVEN)
    for _again in range(2):
        expect(search_page.locator("[data-score]").first).to_have_text("1.000")
        expect(search_page.locator(".picture-card__title").first).to_have_text("Lighthouse in fog")
        search_page.reload()


def test_a_search_for_what_is_being_prepared_finds_it_by_itself(
    site: Site, context: BrowserContext, pictures: list[Path]
) -> None:
    client = site.sign_up("hurried")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"], "url": site.url}])
    page = context.new_page()
    workers = site.workers("default")
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        file = {"files": (pictures[0].name, pictures[0].read_bytes())}
        send(client, "/upload/", {"visibility": "private"}, files=file)
        page.goto("/search/?q=light&owner=mine")
        expect(page.locator("[data-being-prepared]")).to_contain_text("1 picture is being prepared.")
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
    expect(page.locator("[data-score]")).to_have_count(1, timeout=30_000)


def test_the_keyboard_chooses_from_what_the_box_offers(search_page: Page) -> None:
    box, options = search_page.locator("#q-page"), search_page.locator(".suggestions:not([hidden]) li")
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press_sequentially("2*snow - lig")
    expect(options).to_have_text([re.compile("Light rain"), re.compile("Lighthouse in fog")])
    expect(search_page.get_by_text("2 suggestions")).to_be_attached()
    box.press("ArrowDown")
    box.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    box.press("Escape")
    expect(options).to_have_count(0)
    expect(box).to_have_value("2*snow - lig")
    box.press("ArrowDown")
    expect(options).to_have_count(2)
    box.press("ArrowUp")
    box.press("Enter")
    search_page.wait_for_url("**/search/?q=2%2Asnow+-+Lighthouse+in+fog")

    search_page.goto("/explore/")
    search_page.locator("#q-header").press("ArrowDown")
    expect(options).to_have_text([re.compile(r"2\*snow - Lighthouse in fog")])
    options.click()
    search_page.wait_for_url("**/search/?q=2%2Asnow+-+Lighthouse+in+fog")


def test_plus_and_minus_of_a_result_change_the_search(search_page: Page) -> None:
    search_page.goto("/search/?q=light")
    search_page.get_by_role("link", name="Take “Light rain” away from the search").click()
    chip = search_page.get_by_role("link", name=re.compile("Light rain ?: take this out"))
    expect(chip.locator("img")).to_be_visible()
    lighthouse = search_page.get_by_role("link", name="Lighthouse in fog", exact=True)
    lighthouse.locator(".picture-card__title").click()  # the picture itself would be shown large
    search_page.get_by_role("link", name="Add to the search").click()
    expect(search_page.get_by_role("link", name=re.compile("take this out"))).to_have_count(3)
    chip.click()
    expect(search_page).to_have_title(re.compile(r"^light \+ Lighthouse in fog"))
