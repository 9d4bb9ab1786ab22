"""A moderator clears a queue of mixed cases by the keyboard alone."""

import re
import uuid

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.gallery.drawing import encoded, noise
from tests.processes import Site, send

REASONS = ["violence", "illegal", "sexual", "privacy", "spam", "copyright", "other"]  # the worst first


@pytest.fixture(scope="module")
def person(site: Site) -> dict[str, str]:
    """The cookie of the admin, where pictures, an album and a person have been reported."""
    owner, reporter = site.sign_up("olga"), site.sign_up("rune")
    for number in range(len(REASONS)):
        picture = encoded(noise(seed=900 + number))
        send(owner, "/upload/", {"visibility": "public"}, files={"files": (f"{number}.png", picture)})
    pending = "SELECT 1 FROM gallery_image WHERE status = 'pending'"
    site.wait_until(lambda: not site.rows(pending), seconds=300)
    form = {"title": "Fights", "order": "manual", "visibility": "public"}
    album = send(owner, "/albums/new/", form).url.path.split("/")[2]
    pictures = site.rows(
        "SELECT i.id, u.id FROM gallery_image i JOIN gallery_user u ON u.id = i.owner_id"
        " WHERE u.username = 'olga' ORDER BY i.created_at"
    )
    for (picture, _owner), reason in zip(pictures, REASONS, strict=True):
        send(reporter, f"/report/image/{uuid.UUID(picture)}/", {"reason": reason})
    send(reporter, f"/report/album/{album}/", {"reason": "spam"})
    send(reporter, f"/report/person/{pictures[0][1]}/", {"reason": "other"})
    admin = site.sign_in()
    return {"name": "sessionid", "value": admin.cookies["sessionid"], "url": site.url}


def test_the_queue_is_cleared_by_keyboard_alone(gallery: Page, site: Site) -> None:
    gallery.goto("/moderation/")
    expect(gallery.locator("[data-case]")).to_have_count(9)
    gallery.keyboard.press("j")
    gallery.keyboard.press("j")
    gallery.keyboard.press("k")  # back at the first
    for left in range(9, 0, -1):
        case = gallery.locator("[data-case]:focus")
        expect(case).to_have_count(1)
        expect(case.locator("[data-cover][open]")).to_have_count(0)
        decide_about(gallery, case)
        expect(gallery.locator("[data-case]")).to_have_count(left - 1)
    expect(gallery.locator("main")).to_contain_text("Nothing waits")
    total = dict(site.rows("SELECT action, count(*) FROM gallery_auditentry GROUP BY action"))
    assert total["hide"] == 3
    assert total["dismiss"] == 4
    assert total["warn"] == 2
    assert site.rows("SELECT count(*) FROM gallery_case WHERE state = 'open'") == [(0,)]


def decide_about(page: Page, case: Locator) -> None:
    """Violence is hidden, nudity covered and warned of, a person warned, an album hidden; nothing else is."""
    words = case.inner_text()
    if re.search("Violence|Forbidden", words):
        page.keyboard.press("Space")
        expect(case.locator("[data-cover][open] img")).to_be_visible()
        page.keyboard.press("h")
    elif "Nudity" in words:
        page.keyboard.press("b")
        page.keyboard.press("6")  # the same as w
    elif "Person" in words:
        page.keyboard.press("w")
    elif "Album" in words:
        page.keyboard.press("1")
    else:
        page.keyboard.press("h")
        page.keyboard.press("h")  # not that
        page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
