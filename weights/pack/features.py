"""What the frozen lower image tower sees in each picture, cached on disk: views × pictures.

Training reads these many times; each view is one file, so that a stopped run goes on with the next view.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gallery.clip.preprocess import Preprocess
from weights.pack.dataset import Dataset, Pair, plain_ground
from weights.pack.sources import FLAG_SETS
from weights.pack.towers import IMAGE_SIZE
from weights.pack.views import Views, plain_views, random_views

BATCH = 64
GREY_SHARE = 0.4  # of the views of photographs; old ones have no colour
LYING_ABOUT = (1, 2)  # the random views of objects that may have a surface under them, and show several
CUT = 4  # the tower's first blocks, up to this one, stay as they are and are cached
_NO_MIRROR = re.compile(
    r"left|right|clock|flag|button|letter|number|keycap|thirty|east|west|text|abc", re.IGNORECASE
)
_NO_RECOLOUR = re.compile(r"flag|rainbow|colou?r|skin|tone", re.IGNORECASE)


@dataclass(frozen=True)
class CachedView:
    stem: np.ndarray  # (N, C, h, w) float16, input of block CUT
    colours: list[str]
    recoloured: np.ndarray  # (N,) bool


def lower(trunk: nn.Module, normalised: Tensor) -> Tensor:
    """(B, 3, S, S) → input of block CUT, (B, 80, S/16, S/16)."""
    x = trunk.bn1(trunk.conv_stem(normalised))  # type: ignore[operator]
    return trunk.blocks[:CUT](x)  # type: ignore[index, operator]


def upper(trunk: nn.Module, stem: Tensor) -> Tensor:
    """The rest of the tower: (B, 80, S/16, S/16) → (B, 1280)."""
    x = trunk.blocks[CUT:](stem)  # type: ignore[index, operator]
    x = trunk.bn2(trunk.conv_head(x))  # type: ignore[operator]
    return trunk.forward_head(x)  # type: ignore[operator]


def may_recolour(pair: Pair) -> bool:
    return pair.is_drawing and pair.source not in FLAG_SETS and not _NO_RECOLOUR.search(pair.label)


def may_mirror(pair: Pair) -> bool:
    return not _NO_MIRROR.search(pair.label)


def resized(pixels: Tensor, size: int) -> Tensor:
    """(B, 3, S, S) → (B, 3, size, size), as the app resizes uploads; [0, 1] stays [0, 1]."""
    if pixels.shape[-1] == size:
        return pixels
    return F.interpolate(pixels, size=(size, size), mode="bicubic", antialias=True).clamp(0, 1)


def plain_pixels(data: Dataset, rows: np.ndarray, size: int) -> Tensor:
    """The view that tests use: (B, 3, size, size) in [0, 1], each picture on its plain ground."""
    rgba = data.images[rows]
    return resized(plain_views(rgba, np.stack([plain_ground(picture) for picture in rgba])), size)


def object_pixels(data: Dataset, rows: np.ndarray, size: int, number: int) -> Tensor:
    """(B, 3, size, size) in [0, 1]: objects in random view `number`, GREY_SHARE without colour."""
    surfaces = data.surfaces if number in LYING_ABOUT and len(data.surfaces) else None
    return resized(_random_views(data, rows, number * 1_000_003, surfaces).pixels, size)


def _random_views(data: Dataset, rows: np.ndarray, seed: int, surfaces: np.ndarray | None = None) -> Views:
    pairs = [data.pairs[row] for row in rows]
    random = torch.Generator().manual_seed(seed + int(rows[0]))
    views = random_views(
        data.images[rows],
        recolour=torch.tensor([may_recolour(pair) for pair in pairs]),
        flip=torch.tensor([may_mirror(pair) for pair in pairs]),
        random=random,
        surfaces=surfaces,
    )
    is_object = torch.tensor([not pair.is_drawing for pair in pairs])
    if not is_object.any():
        return views
    grey = is_object & (torch.rand(len(rows), generator=random) < GREY_SHARE)
    views.pixels[grey] = views.pixels[grey].mean(dim=1, keepdim=True)
    return replace(
        views, colours=["" if off else name for off, name in zip(grey, views.colours, strict=True)]
    )


def pixels_of(data: Dataset, rows: np.ndarray, seed: int | None) -> tuple[Tensor, list[str], np.ndarray]:
    """A view as the tower wants it: (B, 3, S, S) in [0, 1], colours (or ""), and which are recoloured.

    seed: of the random view; None is the plain one.
    """
    if seed is None:
        return plain_pixels(data, rows, IMAGE_SIZE), [""] * len(rows), np.zeros(len(rows), dtype=bool)
    views = _random_views(data, rows, seed)
    return resized(views.pixels, IMAGE_SIZE), views.colours, views.recoloured.numpy()


@torch.no_grad()
def cached_view(
    folder: Path, trunk: nn.Module, preprocess: Preprocess, data: Dataset, rows: np.ndarray, seed: int | None
) -> CachedView:
    """The view of these rows that the seed makes; None is the plain view that tests use. Computed once."""
    name = f"{'plain' if seed is None else seed}-{data.key(rows)}-{IMAGE_SIZE}"
    stem_path, meta_path = folder / f"{name}.npy", folder / f"{name}.json"
    if not meta_path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        trunk.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        stems: np.ndarray | None = None
        colours: list[str] = []
        recoloured: list[bool] = []
        for start in range(0, len(rows), BATCH):
            pixels, named, turned = pixels_of(data, rows[start : start + BATCH], seed)
            normalised = preprocess.normalise(pixels)
            stem = lower(trunk, normalised.contiguous(memory_format=torch.channels_last)).half().numpy()
            if stems is None:
                stems = np.lib.format.open_memmap(stem_path, "w+", np.float16, (len(rows), *stem.shape[1:]))
            stems[start : start + BATCH] = stem
            colours += named
            recoloured += turned.tolist()
        meta_path.write_text(json.dumps({"colours": colours, "recoloured": recoloured}), encoding="utf-8")
    meta = json.loads(meta_path.read_text(encoding="utf-8"))
    stem = np.load(stem_path, mmap_mode="r", allow_pickle=False)
    return CachedView(stem, meta["colours"], np.array(meta["recoloured"]))


@torch.no_grad()
def tower_features(trunk: nn.Module, stems: np.ndarray) -> Tensor:
    """(N, 80, h, w) float16 stems → (N, 1280) float32."""
    features = []
    for start in range(0, len(stems), 128):
        stem = torch.from_numpy(np.array(stems[start : start + 128])).float()
        features.append(upper(trunk, stem.contiguous(memory_format=torch.channels_last)))
    return torch.cat(features)
