"""Makes the data set: `python -m weights.pack.data` fetches, verifies, renders, names and splits."""

import argparse
import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from weights.pack.dataset import DEFAULT_FOLDER, HELD_OUT_ARTIST, Pair, split_of
from weights.pack.packages import DEBIAN, PackageError, fetch, pinned_packages
from weights.pack.render import SIZE, RenderError, render_bitmap, render_photograph, render_svg
from weights.pack.sources import (
    EMOJI_SETS,
    FLAG_SETS,
    ICON_SETS,
    OBJECT_PACKAGES,
    OBJECT_SETS,
    Artwork,
    read_all,
)
from weights.pack.sources import HELD_OUT_ARTIST as HELD_OUT_SOURCE

PACKAGES_FOLDER = Path(".work/packages")
TOWERS = ("minilm", "efficientnet")
MEMBERS = ("efficientnet-lite1", "efficientnet-lite2")  # image towers beside the trained one, in their order
ARTWORK = (
    *EMOJI_SETS, "fluent-emoji-3d", *FLAG_SETS, *ICON_SETS, "openclipart", "pysiogame", "emojibase",
    *OBJECT_PACKAGES,
)  # fmt: skip


def fetch_all(keys: Sequence[str], folder: Path) -> dict[str, Path]:
    """Archive paths by package key. Raises PackageError, but for Debian's packages, which are only where
    apt-get is."""
    packages = pinned_packages()
    archives = {}
    for key in keys:
        package = packages[key]
        try:
            archives[key] = fetch(package, folder)
        except PackageError as error:
            if package.registry != DEBIAN:
                raise
            print(f"  going on without {package.name}: {error}")
    return archives


def _render(artwork: Artwork) -> np.ndarray | None:
    render = render_photograph if artwork.source in OBJECT_SETS else render_bitmap
    try:
        return render_svg(artwork.svg) if artwork.svg is not None else render(artwork.bitmap or b"")
    except RenderError:
        return None


def _rendered(artworks: list[Artwork], processes: int) -> Iterator[tuple[Artwork, np.ndarray | None]]:
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from zip(artworks, pool.imap(_render, artworks, chunksize=32), strict=True)


def make_dataset(folder: Path, packages_folder: Path, *, processes: int) -> Counter[str]:
    """Writes `images.npy` and, last, `pairs.jsonl`. Returns the number of pairs per source."""
    packages = pinned_packages()
    artworks = list(read_all(fetch_all(ARTWORK, packages_folder), packages))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pairs.jsonl").unlink(missing_ok=True)
    unfinished = folder / "images.part.npy"
    images = np.lib.format.open_memmap(unfinished, "w+", np.uint8, (len(artworks), SIZE, SIZE, 4))
    pairs: list[Pair] = []
    seen: set[bytes] = set()
    for artwork, image in _rendered(artworks, processes):
        # The same drawing twice is one picture; two sources may hold it, the first in order stays.
        if image is None or (content := image.tobytes()) in seen:
            continue
        seen.add(content)
        images[len(pairs)] = image
        pairs.append(_pair(artwork, artwork.licence or packages[artwork.source].licence))
    _shrink(images, len(pairs), folder / "images.npy")
    unfinished.unlink()
    lines = [json.dumps(asdict(pair), ensure_ascii=False) for pair in pairs]
    (folder / "pairs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Counter(pair.source for pair in pairs)


def _pair(artwork: Artwork, licence: str) -> Pair:
    held_out = artwork.source == HELD_OUT_SOURCE
    return Pair(
        source=artwork.source,
        key=artwork.key,
        label=artwork.label,
        keywords=artwork.keywords,
        swedish=artwork.swedish,
        concept=artwork.concept,
        split=HELD_OUT_ARTIST if held_out else split_of(artwork.concept),
        author=artwork.author,
        licence=licence,
    )


def _shrink(images: np.ndarray, count: int, path: Path) -> None:
    final = np.lib.format.open_memmap(path, "w+", np.uint8, (count, *images.shape[1:]))
    for start in range(0, count, 1024):
        final[start : start + 1024] = images[start : min(start + 1024, count)]
    final.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--packages", type=Path, default=PACKAGES_FOLDER)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    started = time.monotonic()
    counts = make_dataset(options.folder, options.packages, processes=options.processes)
    for source, count in counts.items():
        print(f"  {source:20} {count:6,}")
    print(f"{counts.total():,} pairs in {options.folder} ({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    main()
