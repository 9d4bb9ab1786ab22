"""How well a blocked picture is known again, and what is taken for it that is not it.

    nice python -m benchmarks.hash_block --write docs/hash-block.md

200 pictures (the demo gallery's photographs, and drawings of all sets that the model pack is made from) are
changed in 12 ways, and in four more; their prints (gallery/prints.py) are compared as an upload's is with the
block list. 20,000 other drawings of the same sets say how often something else is taken for one of the 200.
The packages with the drawings are fetched into .work/ at the first run (npm, and for one set apt-get).
"""

import argparse
import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.hash_block_changes import FURTHER, TRANSFORMS, Transform
from gallery import prints
from weights.pack.data import ARTWORK, PACKAGES_FOLDER, fetch_all
from weights.pack.dataset import on_ground, plain_ground
from weights.pack.packages import pinned_packages
from weights.pack.render import RenderError, render_bitmap, render_svg
from weights.pack.sources import Artwork, read_all

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "gallery" / "demo"
PHOTOGRAPHS_FROM = ("scikit", "matplotlib")  # the packages with the demo gallery's photographs
THRESHOLDS = (24, 30, 36, 42, 48)
CHOSEN = 36
SEED = 20
LARGE, SMALL = 512, 160  # pixels of the drawings that are changed, and of the others
MASK = 32  # pixels of a drawing's outline
SAME_OUTLINE = 0.93  # share of the outline in common from which two drawings are one in other colours


@dataclass(frozen=True)
class Known:
    """One of the pictures that are blocked. mask: (MASK, MASK) bool, what is drawn; all of a photograph."""

    name: str
    is_photograph: bool
    picture: Image.Image
    mask: NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--known", type=int, default=200, help="pictures that are blocked")
    parser.add_argument("--others", type=int, default=20_000, help="pictures that are not")
    parser.add_argument("--write", type=Path, help="the document to write the tables into")
    asked = parser.parse_args()
    started = time.monotonic()
    artworks = list(read_all(fetch_all(ARTWORK, ROOT / PACKAGES_FOLDER), pinned_packages()))
    np.random.default_rng(SEED).shuffle(artworks)  # type: ignore[arg-type]
    photographs = list(read_photographs())
    rest = iter(artworks)
    known = photographs + list(draw_known(rest, asked.known - len(photographs)))
    blocked, with_print = prints_of_known(known)
    caught = caught_table(known, blocked, with_print, TRANSFORMS)
    further = caught_table(known, blocked, with_print, FURTHER)
    false = false_table(known, blocked, with_print, draw_others(rest, asked.others))
    print(f"{caught}\n\n{further}\n\n{false}")
    print(f"\n{len(known)} pictures, {asked.others} others, {time.monotonic() - started:.0f} s", flush=True)
    if asked.write:
        text = DOCUMENT.format(
            known=len(known), photographs=len(photographs), flat=(~with_print).sum(), others=asked.others,
            caught=caught, further=further, false=false, chosen=CHOSEN,
        )  # fmt: skip
        asked.write.write_text(text, encoding="utf-8")


def read_photographs() -> Iterator[Known]:
    for row in json.loads((DEMO / "pictures.json").read_text(encoding="utf-8")):
        if row["source"].startswith(PHOTOGRAPHS_FROM):
            picture = Image.open(DEMO / row["file"]).convert("RGB")
            yield Known(row["file"], True, picture, np.ones((MASK, MASK), bool))


def draw_known(artworks: Iterator[Artwork], count: int) -> Iterator[Known]:
    while count:
        artwork = next(artworks)
        pixels = rendered(artwork, LARGE)
        if pixels is not None:
            count -= 1
            picture = Image.fromarray(on_ground(pixels, plain_ground(pixels)))
            yield Known(f"{artwork.source}/{artwork.key}", False, picture, mask_of(pixels))


def draw_others(
    artworks: Iterator[Artwork], count: int
) -> Iterator[tuple[str, NDArray[np.uint8] | None, NDArray[np.bool_]]]:
    """Name, prints (2, 32, 32) as of an upload, and outline. The same drawing twice is there once."""
    seen: set[bytes] = set()
    for artwork in artworks:
        pixels = rendered(artwork, SMALL)
        if pixels is None or (digest := hashlib.sha256(pixels.tobytes()).digest()) in seen:
            continue
        seen.add(digest)
        picture = Image.fromarray(on_ground(pixels, plain_ground(pixels)))
        found = prints.prints_of(picture)
        yield f"{artwork.source}/{artwork.key}", found and found.ways, mask_of(pixels)
        if len(seen) == count:
            return


def rendered(artwork: Artwork, size: int) -> NDArray[np.uint8] | None:
    """(size, size, 4)."""
    try:
        if artwork.svg is not None:
            return render_svg(artwork.svg, size)
        return render_bitmap(artwork.bitmap or b"", size)
    except RenderError:
        return None


def mask_of(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    alpha = Image.fromarray(pixels[..., 3]).resize((MASK, MASK), Image.Resampling.BOX)
    return np.asarray(alpha) > 127


def prints_of_known(known: list[Known]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """(K, 2, 32), as they are kept; and (K,) which of them have any."""
    found = [prints.prints_of(each.picture) for each in known]
    rows = [(each and each.kept) or bytes(prints.BYTES) for each in found]
    return prints.from_kept(rows), np.array([bool(each and each.kept) for each in found])


def caught_table(
    known: list[Known],
    blocked: NDArray[np.uint8],
    with_print: NDArray[np.bool_],
    transforms: dict[str, Transform],
) -> str:
    """Per transform and threshold the share of the pictures that are known again."""
    apart = np.full((len(transforms), len(known)), prints.BITS)
    for row, transform in enumerate(transforms.values()):
        for column in np.flatnonzero(with_print):
            changed = prints.prints_of(transform(known[column].picture))
            if changed is not None:
                apart[row, column] = prints.apart(blocked[[column]], changed.ways)[0]
    photographs = np.array([each.is_photograph for each in known])
    lines = ["| changed so | " + " | ".join(f"≤ {bits}" for bits in THRESHOLDS) + " | bits, median |"]
    lines.append("| --- |" + " ---: |" * (len(THRESHOLDS) + 1))
    for row, name in enumerate(transforms):
        middle = np.median(apart[row, with_print])
        lines.append(f"| {name} | " + " | ".join(shares(apart[row])) + f" | {middle:.0f} |")
    groups = {
        f"**all {len(known)}**": np.ones(len(known), bool),
        f"the {with_print.sum()} that have a print": with_print,
        f"the {photographs.sum()} photographs": photographs,
    }
    for name, chosen in groups.items():
        lines.append(f"| {name} | " + " | ".join(shares(apart[:, chosen])) + " | |")
    return "\n".join(lines)


def shares(apart: NDArray[np.int_]) -> list[str]:
    return [f"{100 * (apart <= bits).mean():.1f} %" for bits in THRESHOLDS]


def false_table(
    known: list[Known],
    blocked: NDArray[np.uint8],
    with_print: NDArray[np.bool_],
    others: Iterator[tuple[str, NDArray[np.uint8] | None, NDArray[np.bool_]]],
) -> str:
    """Per threshold, how many of the others are taken for one of the known, and what those are."""
    rows = np.flatnonzero(with_print)
    columns: dict[int, Counter[str]] = {bits: Counter() for bits in THRESHOLDS}
    total = 0
    for name, found, mask in others:
        total += 1
        if found is None:
            continue
        apart = prints.apart(blocked[rows], found)  # (K,)
        nearest = int(apart.argmin())
        like = known[rows[nearest]]
        is_same = not like.is_photograph and same_outline(like.mask, mask)
        if apart[nearest] <= CHOSEN:
            print(f"  {apart[nearest]:3} bits: {name} like {like.name}{', outline' if is_same else ''}")
        for bits in THRESHOLDS:
            if apart[nearest] <= bits:
                columns[bits]["outline" if is_same else "another"] += 1
    lines = [f"| of {total:,} others | " + " | ".join(f"≤ {bits}" for bits in THRESHOLDS) + " |"]
    lines.append("| --- |" + " ---: |" * len(THRESHOLDS))
    counts = {
        "taken for one of the blocked": [columns[bits].total() for bits in THRESHOLDS],
        "of these, with the same outline": [columns[bits]["outline"] for bits in THRESHOLDS],
        "of these, anything else": [columns[bits]["another"] for bits in THRESHOLDS],
    }
    lines += [f"| {name} | " + " | ".join(map(str, values)) + " |" for name, values in counts.items()]
    return "\n".join(lines)


def same_outline(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> bool:
    """In one of the eight ways to turn and mirror it."""
    ways = [np.rot90(each, turn) for each in (other, other[:, ::-1]) for turn in range(4)]
    return max((one & way).sum() / max(1, (one | way).sum()) for way in ways) >= SAME_OUTLINE


DOCUMENT = """# Blocked pictures known again

Made by `nice python -m benchmarks.hash_block --write docs/hash-block.md`: {known} pictures are blocked,
{photographs} photographs of the demo gallery and drawings of all sets that the model pack is made from.
Each is changed and comes in again; the tables say how many are then known by their print
([`gallery/prints.py`](../gallery/prints.py)), at several numbers of bits, of 256, that may differ.
{others:,} other drawings of the same sets come in unchanged: they must not be taken for one.

Of the {known}, {flat} have no print, because there is so little in them, like a line or a plain shape, that
it would be the print of many pictures. They count as missed here; in the app their very file is blocked all
the same.

## Twelve ways to change a picture

{caught}

## Further ones

{further}

## Pictures that are others

{false}

## The number that was chosen

{chosen} bits. Up to there the pictures that are taken for a blocked one without being it nearly all have the
same outline as it: the same drawing in other colours or with another hair, flags of three stripes, clocks,
arrows, playing cards; what is left are drawings that one artist made from another. Beyond it these grow
faster than what is caught. Because such mistakes are left, a picture that only looks like a blocked one is
held until a moderator has looked at it, and not refused, unless the site wants it so. Both are set at
`/moderation/blocks/`, which counts what of the pictures that are there would match.

What the numbers do not hide: a crop of a tenth that takes most of it from one corner moves everything and
is seldom known again; larger marks on a picture with little in it, and stronger changes of brightness that
clip what was drawn, are the next to slip through. Nor does a print see that two pictures show the same
thing: a case also offers what its vector finds alike.
"""

if __name__ == "__main__":
    main()
