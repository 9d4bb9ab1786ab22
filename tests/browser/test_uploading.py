"""The upload page and its script, and pages that follow their pictures."""

import base64
import os
import re
import signal
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import BrowserContext, Locator, Page, Request, expect

from tests.browser.chromium import wait_for
from tests.processes import PASSWORD, Site

SLOW = 60_000  # milliseconds: for a machine that has other things to do as well


@pytest.fixture(scope="module")
def member(site: Site) -> str:
    site.sign_up("frida").close()
    return "frida"


@pytest.fixture
def upload_page(page: Page, member: str) -> Page:
    sign_in(page, member)
    return page


def sign_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/?next=/upload/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/upload/")


class Files:
    """Writes pictures of noise, each another one over the whole run."""

    made = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def picture(self, name: str, side: int = 64) -> Path:
        Files.made += 1
        values = np.random.default_rng(Files.made).integers(0, 256, (side, side, 3), dtype=np.uint8)
        Pillow.fromarray(values).save(self.folder / name)
        return self.folder / name

    def text(self, name: str) -> Path:
        (self.folder / name).write_text("I am a letter.")
        return self.folder / name


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def item(page: Page, name: str) -> Locator:
    return page.locator(".upload-list__item", has_text=name)


def expect_stored(page: Page, name: str) -> None:
    stored = re.compile("^(embedding|ready)$")
    expect(item(page, name)).to_have_attribute("data-state", stored, timeout=SLOW)


def test_each_file_has_its_own_answer(upload_page: Page, files: Files) -> None:
    good = files.picture("good.png")
    upload_page.set_input_files("input[name=files]", [good])
    expect_stored(upload_page, "good.png")
    twin = good.with_name("twin.png")
    twin.write_bytes(good.read_bytes())
    others = [twin, files.text("letter.png"), files.picture("next.jpg")]
    upload_page.set_input_files("input[name=files]", others)

    expect(item(upload_page, "next.jpg")).to_have_attribute("data-state", "ready", timeout=2 * SLOW)
    expect(item(upload_page, "twin.png")).to_have_attribute("data-state", "duplicate")
    expect(item(upload_page, "twin.png")).to_contain_text("You have this picture already.")
    expect(item(upload_page, "letter.png")).to_have_attribute("data-state", "refused")
    expect(item(upload_page, "letter.png")).to_contain_text("This is not a picture.")
    summary = upload_page.locator("[data-upload-summary]")
    expect(summary).to_have_text("2 of 4 uploaded, 2 ready, 1 already there, 1 refused.")
    same = item(upload_page, "good.png").get_by_role("link").get_attribute("href")
    assert item(upload_page, "twin.png").get_by_role("link").get_attribute("href") == same


def test_a_file_above_the_limit_is_refused_before_it_is_sent(upload_page: Page, files: Files) -> None:
    huge = files.text("huge.png")
    with huge.open("ab") as file:
        file.truncate(31 * 1024 * 1024)
    sent: list[Request] = []
    upload_page.on("request", lambda request: sent.append(request))
    upload_page.set_input_files("input[name=files]", huge)
    expect(item(upload_page, "huge.png")).to_contain_text("too large")
    assert [request for request in sent if request.method == "POST"] == []


def test_dropped_files_are_sent(upload_page: Page, files: Files) -> None:
    content = list(files.picture("dropped.png").read_bytes())
    dropped = upload_page.evaluate_handle(
        """bytes => {
            const dropped = new DataTransfer();
            dropped.items.add(new File([new Uint8Array(bytes)], "dropped.png", {type: "image/png"}));
            return dropped;
        }""",
        content,
    )
    upload_page.dispatch_event("[data-dropzone]", "dragover", {"dataTransfer": dropped})
    expect(upload_page.locator("[data-dropzone].is-over")).to_have_count(1)
    upload_page.dispatch_event("[data-dropzone]", "drop", {"dataTransfer": dropped})
    expect_stored(upload_page, "dropped.png")


def test_a_pasted_picture_is_sent(upload_page: Page, files: Files) -> None:
    upload_page.evaluate(
        """bytes => {
            const pasted = new DataTransfer();
            pasted.items.add(new File([new Uint8Array(bytes)], "pasted.png", {type: "image/png"}));
            document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: pasted}));
        }""",
        list(files.picture("pasted.png").read_bytes()),
    )
    expect_stored(upload_page, "pasted.png")


def test_a_folder_is_sent_without_what_the_system_keeps_in_it(upload_page: Page, files: Files) -> None:
    (files.folder / "inner").mkdir()
    files.picture("inner/deep.png"), files.picture("flat.png")
    files.text(".hidden"), files.text("inner/Thumbs.db")
    upload_page.set_input_files("[data-folder]", files.folder)
    expect_stored(upload_page, "deep.png")
    expect_stored(upload_page, "flat.png")
    expect(upload_page.locator(".upload-list__item")).to_have_count(2)


def test_what_waits_can_be_cancelled_one_or_all(
    context: BrowserContext, upload_page: Page, files: Files, site: Site
) -> None:
    context.set_offline(True)
    chosen = [files.picture(f"cancelled-{number}.png") for number in range(5)]
    upload_page.set_input_files("input[name=files]", chosen)
    item(upload_page, "cancelled-0.png").get_by_role("button", name="Cancel").click()
    expect(upload_page.locator(".upload-list__item")).to_have_count(4)
    upload_page.get_by_role("button", name="Cancel all").click()
    expect(upload_page.locator(".upload-list__item")).to_have_count(0)
    context.set_offline(False)
    upload_page.reload()
    expect(upload_page.locator(".upload-list__item")).to_have_count(0)
    assert site.rows("SELECT name FROM gallery_upload") == []


def offsets_sent(page: Page) -> list[int]:
    """Where the pieces that the page sends begin, as they go out; what comes with the creation is not one."""
    offsets: list[int] = []
    page.on(
        "request",
        lambda request: request.method == "PATCH" and offsets.append(int(request.headers["upload-offset"])),
    )
    return offsets


@pytest.mark.parametrize("trouble", ["cut", "refresh"])
def test_a_large_file_goes_on_where_it_was(
    context: BrowserContext, upload_page: Page, files: Files, site: Site, trouble: str
) -> None:
    connection = context.new_cdp_session(upload_page)
    slow = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": 500_000}
    connection.send("Network.emulateNetworkConditions", {"offline": False, **slow})
    offsets = offsets_sent(upload_page)
    upload_page.set_input_files("input[name=files]", files.picture("long.png", 1200))  # 4 MB: 9 seconds
    wait_for(upload_page, "document.querySelector('.upload-list progress').value > 20")
    if trouble == "refresh":
        upload_page.reload()
    else:
        os.kill(site.pid("web"), signal.SIGTERM)  # it ends after three seconds, and is started again
        expect(item(upload_page, "long.png")).to_contain_text("goes on by itself", timeout=SLOW)
    expect_stored(upload_page, "long.png")
    assert offsets[0] == 0
    assert 500_000 < offsets[-1] < 4_300_000


def test_a_file_begun_elsewhere_goes_on_when_it_is_chosen_here(page: Page, site: Site, files: Files) -> None:
    chosen = files.picture("begun.png", 100)
    os.utime(chosen, (1_700_000_000, 1_700_000_000))
    content = chosen.read_bytes()
    values = {"key": "elsewhere", "name": "begun.png", "modified": "1700000000000"}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())
    with closing(site.sign_up("gunnar")) as client:
        client.get("/upload/")
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(content)),
            "Upload-Metadata": metadata,
            "Content-Type": "application/offset+octet-stream",
            "X-CSRFToken": client.cookies["csrftoken"],
        }
        assert client.post("/uploads/", content=content[:9000], headers=headers).status_code == 201
    sign_in(page, "gunnar")
    expect(item(page, "begun.png")).to_contain_text("Choose this file again, and it goes on where it was.")
    offsets = offsets_sent(page)
    page.set_input_files("input[name=files]", chosen)
    expect_stored(page, "begun.png")
    assert offsets == [9000]
    expect(page.locator(".upload-list__item")).to_have_count(1)


COUNT_REQUESTS = """() => {
  window.most = window.running = 0;
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (...rest) {
    this.addEventListener("load", () => { window.running -= 1; });  // before the page's own listener
    return open.apply(this, rest);
  };
  XMLHttpRequest.prototype.send = function (...rest) {
    window.running += 1;
    window.most = Math.max(window.most, window.running);
    return send.apply(this, rest);
  };
}"""


def test_many_files_are_sent_three_at_a_time(upload_page: Page, files: Files) -> None:
    upload_page.evaluate(COUNT_REQUESTS)
    chosen = [files.picture(f"many-{number}.png", 400) for number in range(10)]
    upload_page.set_input_files("input[name=files]", chosen)
    stored = ".upload-list__item:is([data-state=embedding], [data-state=ready])"
    expect(upload_page.locator(stored)).to_have_count(10, timeout=SLOW)
    assert upload_page.evaluate("[window.most, window.running]") == [3, 0]


def test_a_broken_connection_goes_on_by_itself(
    context: BrowserContext, upload_page: Page, files: Files
) -> None:
    chosen = files.picture("late.png")
    context.set_offline(True)
    upload_page.set_input_files("input[name=files]", chosen)
    expect(item(upload_page, "late.png")).to_contain_text("The connection broke; this goes on by itself")
    context.set_offline(False)
    expect_stored(upload_page, "late.png")


def test_somebody_signed_out_meanwhile_is_asked_to_sign_in(
    context: BrowserContext, upload_page: Page, files: Files
) -> None:
    csrf = [cookie for cookie in context.cookies() if cookie["name"] == "csrftoken"]
    context.clear_cookies()
    context.add_cookies(csrf)  # type: ignore[arg-type]
    upload_page.set_input_files("input[name=files]", files.picture("signed-out.png"))
    upload_page.wait_for_url("**/accounts/login/?next=/upload/")


def test_a_picture_page_follows_its_picture_until_it_is_ready(upload_page: Page, files: Files) -> None:
    upload_page.set_input_files("input[name=files]", files.picture("soon.png"))
    expect_stored(upload_page, "soon.png")
    item(upload_page, "soon.png").get_by_role("link").click()
    expect(upload_page.locator("#view img")).to_be_visible(timeout=2 * SLOW)
    expect(upload_page.get_by_role("button", name="Compare")).to_be_visible(timeout=2 * SLOW)


def test_the_form_works_without_scripts(browser, site: Site, member: str, files: Files) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/login/?next=/upload/")
    page.fill("[name=login]", member)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.set_input_files("input[name=files]", [files.picture("plain.png"), files.text("plain-letter.png")])
    page.locator("main form button").click()
    expect(item(page, "plain.png")).to_contain_text("Uploaded")
    expect(item(page, "plain-letter.png")).to_contain_text("This is not a picture.")
    context.close()
