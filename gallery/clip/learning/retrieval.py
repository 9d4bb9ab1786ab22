"""How often words find their picture, and whether that became better."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RANKS = (1, 5, 10)
SURE = 1.64  # standard errors that a gain has to have: one in twenty gets there by luck


@dataclass(frozen=True)
class Recall:
    """found: (Q, 3) bool, whether a right picture is among the first 1, 5, 10 of each query."""

    found: np.ndarray
    candidates: int

    @property
    def rates(self) -> tuple[float, ...]:
        return tuple(float(rate) for rate in self.found.mean(axis=0))

    def __str__(self) -> str:
        return ", ".join(f"R@{rank} {rate:.1%}" for rank, rate in zip(RANKS, self.rates, strict=True))


def measure_recall(texts: np.ndarray, images: np.ndarray, captions: Sequence[str]) -> Recall:
    """Each different caption once against all pictures; every picture that carries it is right.

    texts, images: (N, D) unit rows of N pictures and of what is said of them, captions: the same in words.
    """
    places = {caption: place for place, caption in enumerate(captions)}
    wanted = sorted(places.values())
    right = np.array([[captions[one] == other for other in captions] for one in wanted])  # (Q, N)
    order = np.argsort(-(texts[wanted] @ images.T), axis=1, kind="stable")[:, : max(RANKS)]
    hits = np.take_along_axis(right, order, axis=1)
    return Recall(np.stack([hits[:, :rank].any(axis=1) for rank in RANKS], axis=1), len(captions))


@dataclass(frozen=True)
class Gain:
    """mean: of the three recalls together, over the queries; error: its standard error."""

    mean: float
    error: float

    @property
    def is_sure(self) -> bool:
        """More than luck gives: learning from wrong captions gains nothing, or a little by chance."""
        return self.mean > SURE * self.error and self.mean > 0


def gain(before: Recall, after: Recall) -> Gain:
    """Query by query, so that hard and easy ones do not count as luck."""
    each = after.found.mean(axis=1) - before.found.mean(axis=1)
    error = float(each.std(ddof=1) / len(each) ** 0.5) if len(each) > 1 else float("inf")
    return Gain(float(each.mean()), error)
