"""The artwork as codes of the pack's VQGAN, for the transformer: `python -m weights.pack.codes`.

Each picture of the training split is seen in several plain views, as it should be drawn: whole, on white, or
on dark grey where white would hide it; a little moved, mirrored or recoloured in all but the first. Encoding
takes as long as a step of the transformer, so the codes are kept.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from generator.engine.vqgan import Vqgan, VqganSource, load_vqgan
from weights.pack.colours import name_colours
from weights.pack.dataset import DEFAULT_FOLDER, TRAIN, VALIDATION, Dataset, Pair, load_dataset, plain_ground
from weights.pack.features import may_mirror, may_recolour
from weights.pack.views import turn_hues

CODES_FOLDER = Path(".work/codes")
VIEWS = 4
SIDES = (8, 16)  # codes a side
BATCH = 32
# Black silhouettes teach no colours, and titles of clip art seldom say what is to be seen.
LEFT_OUT = frozenset({"game-icons"})


@dataclass(frozen=True)
class Codes:
    """codes[side] (V, N, side, side) uint16; colours (V, N) and recoloured (V, N) as in `Views`."""

    pairs: list[Pair]
    codes: dict[int, np.ndarray]
    colours: list[list[str]]
    recoloured: np.ndarray


def rows_of(data: Dataset, split: str) -> np.ndarray:
    """(N,) the pictures of a split that a transformer learns from."""
    return np.array([row for row in data.rows(split) if data.pairs[row].source not in LEFT_OUT])


def view(data: Dataset, rows: np.ndarray, number: int, size: int) -> tuple[Tensor, list[str], Tensor]:
    """One view of each row: (B, 3, size, size) in [-1, 1], the colour of each or "", which are recoloured."""
    rgba = data.images[rows]
    picture = torch.from_numpy(rgba.copy()).permute(0, 3, 1, 2).float() / 255  # (B, 4, S, S)
    rgb, alpha = picture[:, :3], picture[:, 3:]
    random = torch.Generator().manual_seed(number * 1_000_003 + int(rows[0]))
    count = len(rows)
    pairs = [data.pairs[row] for row in rows]
    turned = torch.tensor([may_recolour(pair) for pair in pairs])
    turned &= torch.rand(count, generator=random) < (0.5 if number else 0)
    if turned.any():
        rgb[turned] = turn_hues(rgb[turned], random)
    colours = name_colours(rgb[:, :, ::4, ::4], alpha[:, :, ::4, ::4])
    moved = torch.cat([rgb * alpha, alpha], dim=1)  # premultiplied, or edges would darken
    if number:
        mirrored = torch.tensor([may_mirror(pair) for pair in pairs])
        mirrored &= torch.rand(count, generator=random) < 0.5
        moved = _move(moved, mirrored, random)
    grounds = torch.from_numpy(np.stack([plain_ground(picture) for picture in rgba])).float() / 255
    pixels = moved[:, :3] + grounds[:, :, None, None] * (1 - moved[:, 3:])
    pixels = F.interpolate(pixels, size=(size, size), mode="bilinear", antialias=True)
    return pixels.clamp(0, 1) * 2 - 1, colours, turned


def _move(picture: Tensor, mirrored: Tensor, random: torch.Generator) -> Tensor:
    """Scaled to 75–105 %, shifted by up to a tenth, mirrored where it may be."""
    count = len(picture)
    scale = torch.rand(count, generator=random) * 0.3 + 0.75
    shift = (torch.rand(count, 2, generator=random) - 0.5) * 0.2
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0] = torch.where(mirrored, -1 / scale, 1 / scale)
    matrix[:, 1, 1] = 1 / scale
    matrix[:, :, 2] = shift
    grid = F.affine_grid(matrix, list(picture.shape), align_corners=False)
    return F.grid_sample(picture, grid, align_corners=False)


@torch.no_grad()
def encode(data: Dataset, vqgan: Vqgan, split: str, folder: Path, *, views: int = VIEWS) -> None:
    """Writes what `load_codes` reads, a file a view and size; those that are there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = rows_of(data, split)
    key = data.key(rows)
    for side in SIDES:
        for number in range(views):
            path = folder / f"{split}-{key}-{side}-{number}.npy"
            if path.exists():
                continue
            started = time.monotonic()
            codes = np.empty((len(rows), side, side), np.uint16)
            colours: list[str] = []
            recoloured: list[bool] = []
            for start in range(0, len(rows), BATCH):
                pixels, named, turned = view(data, rows[start : start + BATCH], number, side * vqgan.factor)
                with torch.autocast("cpu", torch.bfloat16):
                    z = vqgan.encode(pixels.contiguous(memory_format=torch.channels_last))
                codes[start : start + BATCH] = vqgan.quantize.nearest(z.float()).numpy()
                colours += named
                recoloured += turned.tolist()
            said = json.dumps({"colours": colours, "recoloured": recoloured})
            path.with_suffix(".json").write_text(said, encoding="utf-8")
            with path.with_suffix(".part").open("wb") as file:
                np.save(file, codes)
            path.with_suffix(".part").replace(path)
            print(f"  {path.name}: {time.monotonic() - started:.0f} s", flush=True)


def load_codes(data: Dataset, split: str, folder: Path = CODES_FOLDER, *, views: int = VIEWS) -> Codes:
    """What `encode` wrote for the same pictures."""
    rows = rows_of(data, split)
    stem = f"{split}-{data.key(rows)}"
    said = [
        json.loads((folder / f"{stem}-{SIDES[0]}-{number}.json").read_text(encoding="utf-8"))
        for number in range(views)
    ]
    return Codes(
        pairs=[data.pairs[row] for row in rows],
        codes={
            side: np.stack(
                [np.load(folder / f"{stem}-{side}-{n}.npy", allow_pickle=False) for n in range(views)]
            )
            for side in SIDES
        },
        colours=[row["colours"] for row in said],
        recoloured=np.array([row["recoloured"] for row in said]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--output", type=Path, default=CODES_FOLDER)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = load_dataset(options.dataset)
    vqgan = load_vqgan(VqganSource()).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    encode(data, vqgan, VALIDATION, options.output, views=1)
    encode(data, vqgan, TRAIN, options.output)


if __name__ == "__main__":
    main()
