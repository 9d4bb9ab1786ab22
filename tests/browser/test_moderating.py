"""A moderator clears a queue of fifty mixed cases by the keyboard alone."""

import json
import subprocess
import sys
from collections import Counter

import pytest
from playwright.sync_api import Page, expect

from tests.processes import ROOT, Site

CASES = 50
# What the moderator does about a thing for a reason: the keys before Enter, and what has to come of them.
ABOUT = {
    ("image", "illegal"): (["r", "f"], {"removed", "blocked"}),
    ("image", "violence"): (["Space", "h"], {"hidden"}),
    ("image", "sexual"): (["b"], {"blurred"}),
    ("image", "harassment"): (["1", "w"], {"hidden"}),
    ("image", "privacy"): (["h", "h", "a"], set()),  # not that
    ("image", "copyright"): (["e", "Mine", "Escape", "h"], {"hidden"}),
    ("image", "spam"): ([], {"hidden"}),  # several at once
    ("image", "other"): (["m"], {"safe"}),
    ("album", "violence"): (["h"], {"hidden"}),
    ("album", "spam"): ([], {"hidden"}),  # with the pictures
    ("album", "copyright"): (["w"], set()),
    ("album", "other"): (["n"], set()),
    ("person", "harassment"): (["u", "Space"], {"suspended"}),  # from the first thing that is offered
    ("person", "spam"): (["w"], {"warned"}),
}
TOLD = "SELECT c.id, c.kind, c.key, r.reason FROM gallery_case c JOIN gallery_report r ON r.case_id = c.id"
IMAGES = (
    "SELECT i.id, i.is_hidden, i.is_blurred, i.is_marked_safe, i.removed_at IS NOT NULL, b.sha256 IS NOT NULL"
    " FROM gallery_image i LEFT JOIN gallery_blockedfile b ON b.sha256 = i.sha256"
)
LAID = (
    "SELECT s.person_id FROM gallery_{} s JOIN gallery_decision d ON d.id = s.decision_id"
    " JOIN gallery_case c ON c.id = d.case_id WHERE c.kind = 'person'"
)
OPEN = "SELECT count(*) FROM gallery_case WHERE state = 'open'"


def manage(site: Site, *arguments: str) -> str:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=site.environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def person(site: Site) -> dict[str, str]:
    """The cookie of the admin, who has fifty cases to decide."""
    manage(site, "shell", "--no-imports", "-c", "from tests.browser.mixed_cases import build; build()")
    admin = site.sign_in()
    return {"name": "sessionid", "value": admin.cookies["sessionid"], "url": site.url}


def test_fifty_mixed_cases_are_decided_by_keyboard_alone(gallery: Page, site: Site) -> None:
    assert site.rows(OPEN) == [(CASES,)]
    reports = site.rows(TOLD)
    told = {key.replace("-", ""): (kind, reason) for _case, kind, key, reason in reports}
    cases = {case: key.replace("-", "") for case, _kind, key, _reason in reports}
    go(gallery, "g", "m")
    gallery.keyboard.press("?")
    expect(gallery.get_by_role("dialog")).to_contain_text("take the last decision back")
    gallery.keyboard.press("Escape")
    seen: Counter[tuple[str, str]] = Counter()
    taken_back = ""
    while case := at(gallery):
        kind, reason = about = told[cases[case]]
        seen[about] += 1
        if reason == "spam" and kind != "person":
            decide_several(gallery, [key for key, what in told.items() if what[1] == "spam"], cases)
        elif case == taken_back:
            decide(gallery, ["m"])  # thought better of it
        else:
            before = order(gallery)
            decide(gallery, ABOUT[about][0])
            left = before[before.index(case) + 1 :]
            assert not left or at(gallery) == left[0], "the next one has the focus"
        if about == ("image", "violence") and not taken_back:
            taken_back = case
            take_back(gallery)
            assert case in order(gallery)
    expect(gallery.locator("main")).to_contain_text("Nothing waits")

    undone = cases[taken_back]
    expected = {key: ABOUT[about][1] for key, about in told.items()} | {undone: {"safe"}}
    assert states(site, set(expected)) == expected
    assert site.rows(OPEN) == [(0,)]
    decided = "SELECT actions, undone_at IS NOT NULL, undo_reason, reason FROM gallery_decision"
    decisions = site.rows(decided)
    assert len(decisions) == CASES + 1
    assert [json.loads(row[0]) for row in decisions if row[1]] == [["hide"]]
    assert [row[2] for row in decisions if row[1]] == ["Too fast"]
    assert {row[3] for row in decisions if row[3].startswith("Mine")} == {"Mine"}
    assert seen[("image", "violence")] > 1
    assert "as it was written:" in manage(site, "verify_audit")


def at(page: Page) -> str:
    """The case that has the focus, "" where the queue is empty."""
    return page.evaluate(
        "document.activeElement.matches('[data-case]') ? document.activeElement.id.slice(5) : ''"
    ).replace("-", "")


def order(page: Page) -> list[str]:
    ids = page.evaluate("[...document.querySelectorAll('[data-case]')].map((item) => item.id.slice(5))")
    return [case.replace("-", "") for case in ids]


def go(page: Page, *keys: str) -> None:
    """The last of the keys leads to another page."""
    for key in keys[:-1]:
        press(page, key)
    with page.expect_navigation(wait_until="load"):
        press(page, keys[-1])


def press(page: Page, key: str) -> None:
    if len(key) > 1 and key not in {"Enter", "Escape", "Space"}:
        page.keyboard.insert_text(key)  # over what is chosen in the field
    else:
        page.keyboard.press(key)


def decide(page: Page, keys: list[str]) -> None:
    if "Space" in keys and keys[0] == "Space":
        expect(page.locator("[data-case]:focus [data-cover][open]")).to_have_count(0)
        press(page, "Space")
        expect(page.locator("[data-case]:focus [data-cover][open] img")).to_be_visible()
        keys = keys[1:]
    go(page, *keys, "Enter")


def decide_several(page: Page, spam: list[str], cases: dict[str, str]) -> None:
    """All spam of this page but people, by a look at what would change."""
    chosen = 0
    last = ""
    while (case := at(page)) != last:
        last = case
        named = page.evaluate("document.activeElement.innerText").startswith("Person")
        if cases[case] in spam and not named:
            press(page, "x")
            chosen += 1
        press(page, "j")
    go(page, "v", "h", "Enter")
    expect(page.locator("[data-planned] input:checked")).to_have_count(chosen)
    go(page, "Enter")


def take_back(page: Page) -> None:
    go(page, "z")
    go(page, "Too fast", "Enter")
    go(page, "g", "m")


def states(site: Site, keys: set[str]) -> dict[str, set[str]]:
    """What is so in the database, of each thing that was reported."""
    flags = ("hidden", "blurred", "safe", "removed", "blocked")
    found = {
        row[0]: {flag for flag, is_so in zip(flags, row[1:], strict=True) if is_so}
        for row in site.rows(IMAGES)
    }
    found |= {
        pk: {"hidden"} if hidden else set()
        for pk, hidden in site.rows("SELECT id, is_hidden FROM gallery_album")
    }
    people: dict[str, set[str]] = {str(pk): set() for (pk,) in site.rows("SELECT id FROM gallery_user")}
    for sort, word in (("suspension", "suspended"), ("strike", "warned")):
        for (pk,) in site.rows(LAID.format(sort)):
            people[str(pk)].add(word)
    return {key: value for key, value in (found | people).items() if key in keys}
