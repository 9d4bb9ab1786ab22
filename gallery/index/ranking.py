"""What every index of vectors does."""

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import numpy as np

from gallery.models import ImageQuerySet

Lifted = Mapping[uuid.UUID, float]  # pictures that count with this score, if their cosine is not above it
SHOWN_SHARE = 0.01  # of a lifted one's cosine: of two lifted alike, the one that shows it better is first
NONE: Lifted = MappingProxyType({})


@dataclass(frozen=True)
class Line:
    """Where likely matches end, in cosines: there are none unless one picture reaches `first`; then all that
    reach `near` are."""

    first: float
    near: float

    def below(self, best: float) -> float:
        """The lowest likely cosine when `best` is the highest of all."""
        return self.near if best >= self.first else math.inf


@dataclass(frozen=True)
class Ranking:
    """One stretch of an ordering of pictures."""

    image_ids: list[uuid.UUID]
    scores: list[float]  # cosine similarity, -1 to 1
    total: int  # pictures in the whole ordering
    likely: int | None  # of these, how many are not below the line; None: not counted
    line: float | None = None  # the lowest likely cosine, where a line was asked for
    counted: list[float] = field(default_factory=list)  # what they are ordered by: scores, or what lifts them


class VectorIndex(Protocol):
    """Orders pictures by cosine similarity. Kept by each process in memory, or by the database."""

    def rank(
        self,
        query: np.ndarray,
        candidates: ImageQuerySet,
        *,
        start: int,
        stop: int,
        line: Line | None = None,
        by_date: bool = False,
        lifted: Lifted = NONE,
    ) -> Ranking:
        """The stretch [start, stop) of all candidates that have a vector, ordered by their similarity to
        `query`, (D,) of length 1; of equal ones the newest vector first. `candidates` holds each picture
        once. `by_date`: what is not below the line before the rest, and on either side newest first.
        `lifted`: pictures, candidates or not; those that are count with max(cosine, lifted + SHOWN_SHARE ·
        cosine)."""
        ...

    def above(self, query: np.ndarray, *, least: float, most: int) -> list[tuple[uuid.UUID, float]]:
        """The pictures with a cosine of `least` or more, whoever may see them: `most` of them, best first."""
        ...

    def differences(self) -> set[uuid.UUID]:
        """Pictures whose vector here is not the table's: empty, or something is wrong."""
        ...

    def repair(self) -> None:
        """Makes the index anew from the table."""
        ...

    def prepare(self) -> None:
        """Builds what makes searches among very many quick, if there is such a thing and it is missing."""
        ...

    def __len__(self) -> int: ...
