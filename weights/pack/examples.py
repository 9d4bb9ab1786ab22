"""What training reads: cached views of the pictures, a caption for each, how often each is drawn."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weights.pack.captions import draw_caption
from weights.pack.dataset import TRAIN, Dataset, Pair
from weights.pack.features import CachedView, cached_view
from weights.pack.textbank import pooled_texts
from weights.pack.towers import image_preprocess

# Silhouettes without colour, near-copies and many pictures of one kind are drawn less often.
SOURCE_WEIGHTS = {"game-icons": 0.6, "meteocons": 0.5, "stellarium": 0.1, "pages": 0.6, "ufoai": 0.5}
CAPTIONS = 3  # drawn for each picture in each view
WORD_CAPTIONS = 12  # of single words, which need no new view
OBJECT_VIEWS = 3  # random views of photographs, of which there are few


@dataclass(frozen=True)
class Examples:
    """Cached views, with captions drawn for each picture in each view."""

    views: list[CachedView]
    captions: Tensor  # (views, CAPTIONS, N) int64 rows of texts
    texts: Tensor  # (T, 384) float32 unit rows of the text tower
    labels: Tensor  # (L,) int64: the rows of texts that are plain labels
    sources: list[str]  # of the N pictures

    def weights(self, of_source: dict[str, float]) -> Tensor:
        """(N,) how often each picture is drawn."""
        return torch.tensor([of_source.get(source, 1.0) for source in self.sources])


def prepare(network: nn.Module, data: Dataset, *, views: int, seed: int, work: Path, pack: Path) -> Examples:
    """Computes, or reads back from `work`, what the locked parts see in the pictures and captions."""
    rows = training_rows(data)
    pairs = [data.pairs[row] for row in rows]
    preprocess = image_preprocess()
    seen, said = [], []
    for number in range(views + 1):
        started = time.monotonic()
        view_seed = number * 1_000_003 if number else None
        trunk: nn.Module = network.visual.trunk  # type: ignore
        view = cached_view(work / "stems", trunk, preprocess, data, rows, view_seed)
        random = np.random.default_rng(seed * 1000 + number)
        for _ in range(CAPTIONS):
            said.append(
                [
                    draw_caption(pair, colour, bool(turned), random)
                    for pair, colour, turned in zip(pairs, view.colours, view.recoloured, strict=True)
                ]
            )
        seen.append(view)
        print(f"  view {number}: {time.monotonic() - started:.0f} s", flush=True)
    started = time.monotonic()
    labels = {pair.label for pair in pairs}
    texts = sorted(labels.union(*said))
    row_of = {text: row for row, text in enumerate(texts)}
    pooled = pooled_texts(network, pack, texts, work)
    print(f"  {len(texts):,} captions: {time.monotonic() - started:.0f} s", flush=True)
    return Examples(
        views=seen,
        captions=torch.tensor([[row_of[text] for text in texts] for texts in said]).view(
            len(seen), CAPTIONS, len(pairs)
        ),
        texts=F.normalize(torch.from_numpy(pooled), dim=-1),
        labels=torch.tensor([row_of[label] for label in sorted(labels)]),
        sources=[pair.source for pair in pairs],
    )


def training_rows(data: Dataset) -> np.ndarray:
    """(N,) the drawings that are learned from, and after them the objects."""
    return np.concatenate([data.rows(TRAIN), data.learned_objects()])


def seen_views(data: Dataset) -> list[np.ndarray]:
    """The training pictures in their plain view, then the objects among them in each random view."""
    return [training_rows(data), *([data.learned_objects()] * OBJECT_VIEWS)]


def word_examples(network: nn.Module, data: Dataset, *, seed: int, work: Path, pack: Path) -> Examples:
    """Of `seen_views`: captions that are the label or, one time in five, a keyword."""
    pairs = [data.pairs[row] for rows in seen_views(data) for row in rows]
    random = np.random.default_rng(seed)
    texts = sorted({text for pair in pairs for text in (pair.label, *pair.keywords)})
    row_of = {text: row for row, text in enumerate(texts)}
    captions = torch.tensor(
        [[row_of[_word(pair, random)] for pair in pairs] for _ in range(WORD_CAPTIONS)], dtype=torch.int64
    )
    pooled = pooled_texts(network, pack, texts, work)
    return Examples(
        views=[],
        captions=captions[None],
        texts=F.normalize(torch.from_numpy(pooled), dim=-1),
        labels=torch.tensor([row_of[label] for label in sorted({pair.label for pair in pairs})]),
        sources=[pair.source for pair in pairs],
    )


def _word(pair: Pair, random: np.random.Generator) -> str:
    spoken = pair.keywords if pair.keywords and random.random() < 0.2 else (pair.label,)
    return spoken[int(random.integers(len(spoken)))]
