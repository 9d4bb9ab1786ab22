"""`make screenshots`: every page of a running site into docs/screenshots, and an index of them.

    python -m tests.browser.screenshots [name …]

Each page on a desktop, on a phone, in the dark theme, and in Swedish.
"""

import io
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM, wait_for
from tests.browser.scene import Scene, build_scene
from tests.browser.stops import STOPS, Stop, context_for
from tests.processes import ROOT, Site

FOLDER = ROOT / "docs" / "screenshots"
TALLEST = 1400  # pixels; what is longer is cut
KEPT_WIDTH = 960  # pixels; wider pages are made smaller, so that all of them stay small
QUALITY = 50  # WebP, of 100


@dataclass(frozen=True)
class Variant:
    name: str
    width: int
    height: int
    dark: bool = False
    locale: str = "en-GB"


VARIANTS = [
    Variant("desktop", 1280, 800),
    Variant("phone", 390, 800),
    Variant("dark", 1280, 800, dark=True),
    Variant("swedish", 1280, 800, locale="sv-SE"),
]


def visit(browser: Browser, scene: Scene, stop: Stop, locale: str) -> None:
    """Opens a page once in a language, and takes it in each theme and size."""
    variants = [variant for variant in VARIANTS if variant.locale == locale]
    size = {"width": variants[0].width, "height": variants[0].height}
    with closing(context_for(browser, scene, stop.person, viewport=size, locale=locale)) as context:
        page = context.new_page()
        page.goto(stop.path(scene))
        if stop.arrive:
            stop.arrive(page)
        for variant in variants:
            page.emulate_media(color_scheme="dark" if variant.dark else "light")
            fit_window(page, variant)
            shot(stop, variant).write_bytes(as_webp(page.screenshot()))


def fit_window(page: Page, variant: Variant) -> None:
    """Makes the window as high as the page, so that what sticks to its lower edge is at the page's end."""
    page.set_viewport_size({"width": variant.width, "height": variant.height})
    height = page.evaluate("() => document.documentElement.scrollHeight")
    page.set_viewport_size({"width": variant.width, "height": min(max(height, variant.height), TALLEST)})
    # Pictures further down are loaded when they come into view, and so are further pages of a grid.
    wait_for(
        page,
        "() => { for (const image of document.images) image.loading = 'eager';"
        " return [...document.images].every(image => image.complete); }",
    )


def as_webp(png: bytes) -> bytes:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.thumbnail((KEPT_WIDTH, TALLEST), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, method=6)
    return buffer.getvalue()


def write_index() -> None:
    lines = [
        "# Every page",
        "",
        "Made by `make screenshots` from a running site with the demo gallery.",
        "",
        "| page | " + " | ".join(variant.name for variant in VARIANTS) + " |",
        "| --- |" + " --- |" * len(VARIANTS),
    ]
    for stop in STOPS:
        names = [shot(stop, variant).name for variant in VARIANTS]
        cells = [f'<a href="{name}"><img src="{name}" width="160" alt="{name}"></a>' for name in names]
        lines.append(f"| {stop.name} | " + " | ".join(cells) + " |")
    (FOLDER / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(names: list[str]) -> None:
    if not CHROMIUM:
        sys.exit("Chromium is not installed (apt install chromium).")
    if unknown := set(names) - {stop.name for stop in STOPS}:
        sys.exit(f"No such pages: {', '.join(sorted(unknown))}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    stops = [stop for stop in STOPS if not names or stop.name in names]
    print("screenshots: starting a site with the demo gallery", flush=True)
    with Site.start() as site, sync_playwright() as playwright:
        scene = build_scene(site)
        with closing(playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)) as browser:
            for number, stop in enumerate(stops, 1):
                print(f"screenshots: {number}/{len(stops)} {stop.name}", flush=True)
                for locale in sorted({variant.locale for variant in VARIANTS}):
                    visit(browser, scene, stop, locale)
    write_index()
    total = sum(path.stat().st_size for path in FOLDER.glob("*.webp"))
    print(f"screenshots: {len(list(FOLDER.glob('*.webp')))} in docs/screenshots, {total / 1e6:.1f} MB")


def shot(stop: Stop, variant: Variant) -> Path:
    return FOLDER / f"{stop.name}-{variant.name}.webp"


if __name__ == "__main__":
    main(sys.argv[1:])
