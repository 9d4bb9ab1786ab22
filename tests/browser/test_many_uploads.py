"""Three hundred files at once, thirty of them bad, through two broken connections and a refresh."""

import base64
import hashlib
import io
import os
import re
import signal
from collections.abc import Callable

import numpy as np
from PIL import Image as Pillow
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chromium import wait_for
from tests.browser.test_uploading import sign_in
from tests.gallery.hostile import png_of
from tests.processes import Site

GOOD, BAD_OF_EACH = 270, 3
LARGE = 6  # of the good ones: large enough that a cut finds one halfway
BYTES_PER_SECOND = 2_000_000  # of the browser's connection
MEGABYTE = 1024 * 1024
SLOW = 300_000  # milliseconds: for a machine that has other things to do as well


def picture(seed: int, side: int = 24, kind: str = "PNG") -> bytes:
    values = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    content = io.BytesIO()
    Pillow.fromarray(values).save(content, kind)
    return content.getvalue()


def flipped(content: bytes) -> bytes:
    """One bit of the pixels is another one, which the checksum tells."""
    return content[:60] + bytes([content[60] ^ 1]) + content[61:]


NOT_A_PICTURE, DAMAGED = "This is not a picture.", "The picture is damaged or was cut off on its way."
# name → (content by seed, the reason that its row has to give)
BAD: dict[str, tuple[Callable[[int], bytes], str]] = {
    "empty.png": (lambda seed: b"", "The file is empty."),
    "huge.png": (lambda seed: picture(seed), "The file is too large; at most 30.0\xa0MB are allowed."),
    "letter.png": (lambda seed: b"Dear picture, %d" % seed, NOT_A_PICTURE),
    "page.jpg": (lambda seed: b"<!doctype html><p>%d</p>" % seed, NOT_A_PICTURE),
    "drawing.png": (lambda seed: b'<svg xmlns="http://www.w3.org/2000/svg"/>', NOT_A_PICTURE),
    "paper.jpg": (lambda seed: b"%%PDF-1.7 %d" % seed, "Pictures of the type PDF are not accepted"),
    "bitmap.png": (lambda seed: picture(seed, kind="PPM"), "Pictures of the type PPM are not accepted"),
    "cut.png": (lambda seed: picture(seed)[:-300], DAMAGED),
    "flipped.png": (lambda seed: flipped(picture(seed)), DAMAGED),
    "bomb.png": (lambda seed: png_of(30_000, 30_000), "The picture has too many pixels"),
}
DROP = """([files, megabyte]) => {
  const dropped = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const padding = name.includes("huge") ? [new ArrayBuffer(31 * megabyte)] : [];
    dropped.items.add(new File([bytes, ...padding], name, {lastModified: 1700000000000}));
  }
  return dropped;
}"""
KEPT = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("clipweb-uploads");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const counting = opening.result.transaction("contents").objectStore("contents").count();
    counting.onsuccess = () => { opening.result.close(); resolve(counting.result); };
  };
})"""


def good_files() -> list[tuple[str, bytes]]:
    sides = [500 if seed % (GOOD // LARGE) == 20 else 24 for seed in range(GOOD)]
    return [(f"good-{seed:03}.png", picture(seed, side)) for seed, side in enumerate(sides)]


def bad_files() -> list[tuple[str, bytes]]:
    return [
        (f"bad-{number}-{name}", make(1000 * place + number))
        for place, (name, (make, _)) in enumerate(BAD.items())
        for number in range(BAD_OF_EACH)
    ]


def mixed(good: list, bad: list) -> list:
    """Every tenth one is bad."""
    step = len(good) // len(bad)
    return [file for place in range(len(bad)) for file in (*good[step * place :][:step], bad[place])]


def drop(page: Page, files: list[tuple[str, bytes]]) -> None:
    sent = [[name, base64.b64encode(content).decode()] for name, content in files]
    transfer = page.evaluate_handle(DROP, [sent, MEGABYTE])
    page.dispatch_event("[data-dropzone]", "drop", {"dataTransfer": transfer})


def wait_for_ends(page: Page, number: int) -> None:
    """Until so many rows are neither waiting nor on their way."""
    wait_for(
        page,
        """number => document.querySelectorAll(".upload-list__item:not([data-state=waiting],"
        + "[data-state=sending], [data-state=checking])").length >= number""",
        number,
        seconds=SLOW / 1000,
    )


def connection_of(context: BrowserContext, page: Page) -> Callable[..., None]:
    """Sets the page's connection: a slow one, or none."""
    session = context.new_cdp_session(page)

    def connect(*, offline: bool = False) -> None:
        conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": BYTES_PER_SECOND}
        session.send("Network.emulateNetworkConditions", {"offline": offline, **conditions})

    return connect


def files_under(folder) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_all_good_files_arrive_once_and_each_bad_one_says_why(
    context: BrowserContext, page: Page, site: Site
) -> None:
    site.sign_up("lots").close()
    sign_in(page, "lots")
    gallery = context.new_page()
    gallery.goto("/gallery/")
    expect(gallery.get_by_text("Nothing here yet")).to_be_visible()
    connect = connection_of(context, page)
    connect()

    good, bad = good_files(), bad_files()
    drop(page, mixed(good, bad))
    wait_for_ends(page, 40)
    web = site.pid("web")
    os.kill(web, signal.SIGKILL)
    site.wait_until(lambda: site.is_ready("web") and site.pid("web") != web)
    wait_for_ends(page, 110)
    connect(offline=True)
    expect(page.locator(".upload-list").get_by_text("The connection broke").first).to_be_visible()
    connect()
    wait_for_ends(page, 180)
    page.reload()

    summary = page.locator("[data-upload-summary]")  # first, for when it fails it says how they ended instead
    expect(summary).to_have_text(f"{GOOD} of 300 uploaded, {GOOD} ready, {len(bad)} refused.", timeout=SLOW)
    expect(page.locator("[data-state=ready]")).to_have_count(GOOD)
    expect(page.locator("[data-state=refused]")).to_have_count(len(bad))
    for name, (_, reason) in BAD.items():
        rows = page.locator("[data-state=refused]", has_text=re.compile(rf"bad-\d-{re.escape(name)}"))
        expect(rows).to_have_count(BAD_OF_EACH)
        expect(rows.filter(has_text=reason)).to_have_count(BAD_OF_EACH)
    expect(gallery.get_by_text(f"{GOOD} pictures of yours.")).to_be_visible()  # without a reload
    expect(gallery.locator(".picture-card img").first).to_be_visible()

    ((person,),) = site.rows("SELECT id FROM gallery_user WHERE username = 'lots'")
    digests = [hashlib.sha256(content).hexdigest() for _, content in good]
    stored = site.rows("SELECT sha256 FROM gallery_image WHERE owner_id = ?", person)
    assert sorted(digest for (digest,) in stored) == sorted(digests)
    originals = files_under(site.folder / "media" / "originals" / str(person))
    assert sorted(name.partition("-")[0] for name in originals) == sorted(digests)
    assert site.rows("SELECT name FROM gallery_upload") == []
    for path in (site.folder / "uploads").glob("*.part"):  # ended just when the web was killed
        os.utime(path, (0, 0))
    site.wait_until(lambda: files_under(site.folder / "uploads") == [])  # upkeep removes what is old
    assert page.evaluate(KEPT) == 0
