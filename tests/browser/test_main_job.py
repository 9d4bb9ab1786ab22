"""The main job from end to end, as a person does it: the real processes, the shipped models, Chromium."""

import struct
from pathlib import Path

import pytest
from PIL import Image as Pillow
from playwright.sync_api import Page, WebSocket, expect

from tests.browser.chromium import wait_for
from tests.processes import PASSWORD, ROOT, Site

DEMO = ROOT / "gallery" / "demo"
# Five pictures of five kinds; what each of them shows, in the words of somebody who looks for it.
PICTURES = {
    "first.png": ("red-heart.png", "a red heart"),
    "second.jpg": ("chelsea.jpg", "a cat"),
    "third.webp": ("tropical-fish.png", "a fish"),
    "fourth.gif": ("pizza.png", "a slice of pizza"),
    "fifth.tiff": ("lighthouse.png", "a lighthouse"),
}
PROMPT = "a green apple"
FRAME = struct.Struct(">3sBIIf")  # see generator/progress.py


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Files whose names do not give away what is in them."""
    paths = []
    for name, (source, _) in PICTURES.items():
        path = tmp_path / name
        with Pillow.open(DEMO / source) as picture:
            drawing = picture.convert("RGBA")
        paper = Pillow.new("RGBA", drawing.size, "white")
        Pillow.alpha_composite(paper, drawing).convert("RGB").save(path)
        paths.append(path)
    return paths


class Frames:
    """What arrives over a page's sockets: (step, total, picture bytes) of each binary message."""

    def __init__(self, page: Page) -> None:
        self.seen: list[tuple[int, int, bytes]] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._keep)

    def _keep(self, payload: bytes | str) -> None:
        if isinstance(payload, bytes):
            magic, version, step, total, _loss = FRAME.unpack_from(payload)
            assert (magic, version) == (b"CWF", 1)
            self.seen.append((step, total, payload[FRAME.size :]))


def sign_up(page: Page, name: str) -> None:
    page.goto("/accounts/signup/")
    page.fill("[name=username]", name)
    page.fill("[name=email]", f"{name}@example.org")
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.press("[name=password2]", "Enter")
    expect(page.locator("h1")).to_have_text("Gallery")


def upload(page: Page, paths: list[Path]) -> None:
    page.goto("/upload/")
    page.set_input_files("input[type=file]", paths)
    for path in paths:
        item = page.locator(".upload-list__item", has_text=path.name)
        expect(item).to_have_attribute("data-state", "ready", timeout=30_000)


def wait_until_prepared(page: Page) -> None:
    """The gallery follows by itself, without a reload."""
    expect(page.locator("main [data-pending]")).to_have_count(0, timeout=120_000)


def search(page: Page, words: str) -> list[str]:
    """The titles found, best first."""
    page.goto("/gallery/")
    page.fill("header [name=q]", words)
    page.press("header [name=q]", "Enter")
    page.wait_for_url("**/search/**")
    return page.locator("main .picture-card__title").all_inner_texts()


def most_probable(page: Page, title: str, labels: list[str]) -> str:
    page.goto("/gallery/")
    link = page.get_by_role("link", name=title, exact=True)
    link.locator(".picture-card__title").click()  # the picture itself would be shown large
    page.fill("[name=labels]", "\n".join(labels))
    page.get_by_role("button", name="Compare").click()
    bars = page.locator("main .bars__row meter")
    expect(bars).to_have_count(len(labels) + 1)  # and “none of these”
    values = bars.evaluate_all("bars => bars.map(bar => bar.value)")
    assert sum(values) == pytest.approx(1, abs=0.001)
    return page.locator("main .bars__row--best").get_attribute("data-label") or ""


def ask_for(page: Page, prompt: str, *, steps: int, until_step: int = 0) -> None:
    """Puts a picture in the queue, and waits until it has come that far."""
    page.goto("/studio/")
    page.fill("[name=prompt]", prompt)
    page.fill("[name=steps]", str(steps))
    page.fill("[name=seed]", "7")
    page.get_by_role("button", name="Make the picture").click()
    if until_step:
        reached = "step => document.querySelector('progress')?.value >= step"
        wait_for(page, reached, until_step, seconds=120)


def make(page: Page, prompt: str, *, steps: int) -> Frames:
    frames = Frames(page)
    ask_for(page, prompt, steps=steps)
    expect(page.locator("[data-job] [data-state=done]")).to_be_visible(timeout=240_000)
    return frames


def test_a_person_uploads_finds_labels_and_makes_pictures_which_nobody_else_sees(
    site: Site, page: Page, pictures: list[Path]
) -> None:
    sign_up(page, "carol")

    upload(page, pictures)
    page.goto("/gallery/")
    expect(page.locator("main .picture-card")).to_have_count(5)
    wait_until_prepared(page)

    # Without the background, which is measured soon after the start, there is no “none of these”.
    site.wait_until(lambda: site.rows("SELECT 1 FROM gallery_background WHERE line IS NOT NULL"))
    for path, (_, words) in zip(pictures, PICTURES.values(), strict=True):
        assert search(page, words)[0] == path.stem, words

    labels = [words for _, words in PICTURES.values()]
    for path, (_, words) in zip(pictures, PICTURES.values(), strict=True):
        assert most_probable(page, path.stem, labels) == words

    frames = make(page, PROMPT, steps=60)
    steps = [step for step, _, _ in frames.seen]
    assert steps == sorted(set(steps))
    assert {total for _, total, _ in frames.seen} == {60}
    assert len({picture for _, _, picture in frames.seen}) >= 5

    page.get_by_role("link", name="Open in the gallery").click()
    expect(page.locator("h1")).to_have_text(PROMPT)
    generated = page.url
    page.goto("/gallery/")
    expect(page.locator("main .picture-card")).to_have_count(6)
    wait_until_prepared(page)
    assert search(page, PROMPT)[0] == PROMPT

    addresses = page.locator("main .picture-card__link, main .picture-card img").evaluate_all(
        "parts => parts.map(part => part.href ?? part.src)"
    )
    page.context.clear_cookies()
    for address in {generated, *addresses}:
        response = page.request.get(address)
        assert response.status == 404, address
    page.goto("/explore/")
    expect(page.locator("main .picture-card")).to_have_count(0)
    page.goto(f"/search/?q={PROMPT}")
    expect(page.locator("main .picture-card")).to_have_count(0)


def test_a_reload_in_the_middle_shows_the_current_frame_and_goes_on(site: Site, page: Page) -> None:
    sign_up(page, "dave")
    ask_for(page, "a blue fish", steps=60, until_step=5)
    reached = page.eval_on_selector("progress", "bar => bar.value")

    frames = Frames(page)
    page.reload()
    expect(page.locator("[data-part=frame] canvas, [data-part=frame] img")).to_be_visible()
    expect(page.locator("[data-job] [data-state=done]")).to_be_visible(timeout=240_000)
    assert frames.seen[0][0] >= reached
    assert frames.seen[-1][0] == 60


def test_a_cancelled_picture_stops_and_leaves_nothing(site: Site, page: Page) -> None:
    sign_up(page, "erin")
    ask_for(page, "a yellow sun", steps=2000, until_step=2)
    job = page.url.split("/")[-2].replace("-", "")
    page.get_by_role("button", name="Cancel").click()

    expect(page.locator("[data-state=cancelled]").first).to_be_visible()
    page.goto("/gallery/")
    expect(page.locator("main .picture-card")).to_have_count(0)
    folder = site.folder / "media" / "checkpoints"
    site.wait_until(lambda: not list(folder.glob(f"{job}.*")), seconds=30)


def test_the_queue_is_arranged_and_paused_while_the_form_keeps_its_words(site: Site, page: Page) -> None:
    sign_up(page, "fay")
    prompts = ["a red heart", "a green apple", "a yellow cat face", "a blue fish"]
    for prompt in prompts:
        ask_for(page, prompt, steps=2000)
    page.goto("/studio/")
    page.fill("[name=prompt]", "not sent yet")
    expect(page.locator("[data-jobs] [data-state=running] > div > a")).to_have_text([prompts[0]])
    waiting = page.locator("[data-job]")
    page.set_viewport_size({"width": 1280, "height": 1400})  # scrolling ends a drag that the driver makes
    waiting.nth(2).drag_to(waiting.nth(0))
    names = waiting.locator("a")
    expect(names).to_have_text([prompts[3], prompts[1], prompts[2]])
    waiting.nth(0).get_by_role("button", name="down").press("Enter")
    expect(names).to_have_text([prompts[1], prompts[3], prompts[2]])
    expect(waiting.nth(1).get_by_role("button", name="down")).to_be_focused()

    page.get_by_role("button", name=f"Pause “{prompts[0]}”").click()
    expect(page.locator("[data-announcement]")).to_have_text("It is paused. Nothing that was done is lost.")
    page.get_by_role("button", name="Pause all").click()
    expect(page.locator("[data-jobs] [data-state=paused]")).to_have_count(4)
    for prompt in prompts:
        page.get_by_role("button", name=f"Cancel “{prompt}”").click()
    expect(page.locator("[data-jobs] [data-state=cancelled]")).to_have_count(4)
    expect(page.locator("[name=prompt]")).to_have_value("not sent yet")
