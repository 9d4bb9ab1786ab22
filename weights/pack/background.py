"""Draws gallery/background/pictures.webp, the pictures against which every search is held, and their credits.

    python -m weights.pack.background

Artwork of many things, each another concept, from the parts of the data set that no training sees.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from weights.pack.dataset import (
    DEFAULT_FOLDER,
    TEST,
    VALIDATION,
    Dataset,
    load_dataset,
    on_ground,
    plain_ground,
)

FOLDER = Path("gallery/background")
COLUMNS, ROWS, TILE = 12, 8, 128  # TILE in pixels
SEED = 5
LICENCES = {"Apache-2.0", "MIT"}
# Signs and faces are much like each other, and many are about no thing at all.
LEFT_OUT = {
    *("face", "flag", "sign", "button", "keycap", "symbol", "hand", "person", "man", "woman", "skin"),
    *("clock", "square", "circle", "arrow"),
}


def choose(data: Dataset) -> list[int]:
    """Positions of COLUMNS × ROWS pictures, no two of one concept or of the same last word."""
    rows = np.concatenate([data.rows(TEST), data.rows(VALIDATION)])
    np.random.default_rng(SEED).shuffle(rows)
    chosen: list[int] = []
    seen: set[str] = set()
    for row in rows:
        pair = data.pairs[row]
        words = pair.label.lower().split()
        if pair.licence not in LICENCES or LEFT_OUT & set(words) or {pair.concept, words[-1]} & seen:
            continue
        seen |= {pair.concept, words[-1]}
        chosen.append(int(row))
        if len(chosen) == COLUMNS * ROWS:
            break
    return chosen


def draw(data: Dataset, chosen: Sequence[int]) -> Image.Image:
    sheet = Image.new("RGB", (COLUMNS * TILE, ROWS * TILE), "white")
    for place, row in enumerate(chosen):
        rgba = np.asarray(data.images[row])
        tile = Image.fromarray(on_ground(rgba, plain_ground(rgba))).resize(
            (TILE, TILE), Image.Resampling.LANCZOS
        )
        sheet.paste(tile, (place % COLUMNS * TILE, place // COLUMNS * TILE))
    return sheet


def credits(data: Dataset, chosen: Sequence[int]) -> list[dict[str, str]]:
    pairs = [data.pairs[row] for row in chosen]
    return [
        {"label": pair.label, "source": pair.source, "author": pair.author, "licence": pair.licence}
        for pair in pairs
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER)
    data = load_dataset(parser.parse_args().data)
    chosen = choose(data)
    draw(data, chosen).save(FOLDER / "pictures.webp", quality=88, method=6)
    listing = json.dumps(credits(data, chosen), indent=1, ensure_ascii=False)
    (FOLDER / "pictures.json").write_text(listing + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
