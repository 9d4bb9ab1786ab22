"""Text→image recall on the held-out parts of the data set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from weights.pack.dataset import Pair

RANKS = (1, 5, 10)
STRICT_COSINE = 0.8  # test captions nearer than this to a training caption are synonyms of it

EncodeText = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Recall:
    """One row of the table: recall at RANKS, and the same of a random order."""

    title: str
    queries: int
    candidates: int
    recall: tuple[float, ...]
    chance: tuple[float, ...]
    median_rank: float  # of the first right picture, from 1; half of the candidates by chance, or better


def recall(
    title: str, labels: Sequence[str], wanted: Sequence[str], texts: np.ndarray, images: np.ndarray
) -> Recall:
    """Each wanted label once against all pictures; a picture is right if it carries exactly that label.

    labels: N names of the pictures. wanted: Q different names. texts (Q, D), images (N, D): unit rows.
    """
    right = np.array(wanted)[:, None] == np.array(labels)[None, :]  # (Q, N)
    order = np.argsort(-(texts @ images.T), axis=1, kind="stable")
    first = np.take_along_axis(right, order, axis=1).argmax(axis=1)  # (Q,) places of the first right one
    count, total = right.sum(axis=1), len(labels)
    return Recall(
        title,
        queries=len(wanted),
        candidates=total,
        recall=tuple(float((first < rank).mean()) for rank in RANKS),
        chance=tuple(_chance(count, total, rank) for rank in RANKS),
        median_rank=float(np.median(first)) + 1,
    )


def _chance(right: np.ndarray, total: int, rank: int) -> float:
    """1 − the probability that `rank` random draws all miss, averaged over the queries."""
    miss = np.ones(len(right))
    for drawn in range(rank):
        miss *= np.clip((total - right - drawn) / (total - drawn), 0, 1)
    return float((1 - miss).mean())


def named_among(
    labels: Sequence[str], wanted: Sequence[str], texts: np.ndarray, images: np.ndarray, *, ways: int = 50
) -> float:
    """Zero-shot: how often a picture's own label fits it best among `ways` different ones, drawn at random.

    labels: N names of the pictures. wanted: Q different names. texts (Q, D), images (N, D): unit rows. Each
    picture is asked once; which other labels stand beside its own depends on its place alone.
    """
    row_of = {label: row for row, label in enumerate(wanted)}
    fit = images @ texts.T  # (N, Q)
    right = 0
    for place, label in enumerate(labels):
        own = row_of[label]
        others = np.random.default_rng(place).permutation(np.delete(np.arange(len(wanted)), own))[: ways - 1]
        right += bool(fit[place, own] > fit[place, others].max())
    return right / len(labels)


def training_captions(pairs: Sequence[Pair]) -> list[str]:
    """Every label and keyword that training may have said."""
    said: dict[str, None] = {}
    for pair in pairs:
        if pair.is_learned:
            said |= dict.fromkeys((pair.label, *pair.keywords))
    return list(said)


def far_from_training(wanted: Sequence[str], captions: Sequence[str], encode: EncodeText) -> list[str]:
    """The labels whose nearest training caption has a cosine under STRICT_COSINE.

    encode: the untrained text tower, so that every model is judged on the same labels.
    """
    nearest = (encode(wanted) @ encode(captions).T).max(axis=1)
    return [label for label, cosine in zip(wanted, nearest, strict=True) if cosine < STRICT_COSINE]
