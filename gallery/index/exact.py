"""Vectors in memory, exact, following the table of embeddings by its change counter."""

import threading
import uuid
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from django.db.models import QuerySet

from gallery.index.ids import Digits, from_digits, from_uuids, ids_of, to_uuids
from gallery.index.ranking import NONE, SHOWN_SHARE, Lifted, Line, Ranking
from gallery.index.rows import Rows
from gallery.models import Embedding, EmbeddingChange, EmbeddingCounter, ImageQuerySet

CHUNK = 2000  # vectors read from the database at once
FEW = 8  # one of so many rows and fewer are compared by themselves


class Stored(NamedTuple):
    """Vectors as the table has them."""

    ids: np.ndarray  # (M, 2) uint64
    numbers: np.ndarray  # (M,) int64, the embeddings' primary keys
    vectors: np.ndarray  # (M, D) float32


class ExactIndex:
    """Every vector of one model as rows of one float32 matrix; nothing is approximated or left out.

    Which pictures may be seen is asked of the database at every search, so that the index never has to be
    told of it. Safe to use from several threads.
    """

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id
        self._lock = threading.Lock()
        self._clear()

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
        allowed = ids_of(candidates, by_date=by_date)
        with self._lock:
            self._follow()
            rows = self._rows.find(allowed)
            rows = rows[rows >= 0]
            if not len(rows):
                return Ranking([], [], total=0, likely=None if line is None else 0)
            scores = self._scores(query, rows)
            counted = self._lift(scores, rows, lifted) if lifted else scores
            lowest = line.below(float(counted.max())) if line is not None else None
            likely = counted >= lowest if lowest is not None else None
            if by_date:
                order = _likely_first(likely, len(rows))
            else:
                order = _by_score(counted, self._rows.numbers[rows], stop)
            chosen = order[start:stop]
            image_ids = to_uuids(self._rows.ids[rows[chosen]])
        return Ranking(
            image_ids=image_ids,
            scores=[float(score) for score in scores[chosen]],
            total=len(rows),
            likely=int(likely.sum()) if likely is not None else None,
            line=lowest,
            counted=[float(score) for score in counted[chosen]],
        )

    def above(self, query: np.ndarray, *, least: float, most: int) -> list[tuple[uuid.UUID, float]]:
        with self._lock:
            self._follow()
            if not len(self._rows):
                return []
            scores = self._rows.vectors @ query
            rows = np.flatnonzero(scores >= least)
            best = rows[_by_score(scores[rows], self._rows.numbers[rows], most)[:most]]
            return list(zip(to_uuids(self._rows.ids[best]), scores[best].tolist(), strict=True))

    def __len__(self) -> int:
        with self._lock:
            self._follow()
            return len(self._rows)

    def differences(self) -> set[uuid.UUID]:
        with self._lock:
            self._follow()
            is_unseen = np.ones(len(self._rows), bool)
            different: set[uuid.UUID] = set()
            for stored in _read(self._embeddings()):
                rows = self._rows.find(stored.ids)
                is_unseen[rows[rows >= 0]] = False
                different.update(to_uuids(stored.ids[~self._has(stored, rows)]))
            return different.union(to_uuids(self._rows.ids[is_unseen]))

    def repair(self) -> None:
        with self._lock:
            self._clear()
            self._follow()

    def prepare(self) -> None:
        """Nothing: the first search loads the table."""

    def _clear(self) -> None:
        self._version = -1  # the last change that is in the rows; -1: nothing has been loaded
        self._rows = Rows()

    def _scores(self, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(M,) cosines with these rows. Picking rows costs more than comparing with some too many."""
        if FEW * len(rows) < len(self._rows):
            return self._rows.vectors[rows] @ query
        return (self._rows.vectors @ query)[rows]

    def _lift(self, scores: np.ndarray, rows: np.ndarray, lifted: Lifted) -> np.ndarray:
        """(M,) the scores of these rows, or what lifts their pictures."""
        least = np.full(len(self._rows), -np.inf, np.float32)
        found = self._rows.find(from_uuids(list(lifted)))
        least[found[found >= 0]] = np.fromiter(lifted.values(), np.float32)[found >= 0]
        return np.maximum(scores, least[rows] + SHOWN_SHARE * scores)

    def _follow(self) -> None:
        """Brings the rows up to the newest committed change."""
        version = EmbeddingCounter.objects.filter(pk=1).values_list("version", flat=True).first() or 0
        if version == self._version:
            return
        changes = dict(
            EmbeddingChange.objects.filter(version__gt=self._version, version__lte=version).values_list(
                "version", "image_id"
            )
        )
        if self._version < 0 or version - self._version != len(changes):
            self._load()  # the first time; or the log does not reach back to where this index stands
        else:
            self._apply(set(changes.values()))
        self._version = version

    def _load(self) -> None:
        """Reads the whole table. Rows newer than the version that the caller has read are applied again
        later, which changes nothing."""
        self._clear()
        count = self._embeddings().count()
        for stored in _read(self._embeddings()):
            if not len(self._rows):
                self._rows.reserve(count + count // 8, stored.vectors.shape[1])
            self._rows.add(*stored)

    def _apply(self, image_ids: set[uuid.UUID]) -> None:
        changed = list(image_ids)
        for start in range(0, len(changed), 500):  # databases limit the values of one query
            chunk = changed[start : start + 500]
            before = self._rows.find(from_uuids(chunk))
            gone = set(before[before >= 0].tolist())
            added: list[Stored] = []
            for stored in _read(self._embeddings().filter(image_id__in=chunk)):
                rows = self._rows.find(stored.ids)
                is_here = rows >= 0
                self._rows.change(rows[is_here], stored.numbers[is_here], stored.vectors[is_here])
                gone -= set(rows.tolist())
                added.append(Stored(*(part[~is_here] for part in stored)))
            self._rows.remove(np.array(sorted(gone), np.intp))
            for new in added:
                self._rows.add(*new)

    def _has(self, stored: Stored, rows: np.ndarray) -> np.ndarray:
        """(M,) bool: whether the row that was found for each, or -1, is what the table has."""
        here = np.flatnonzero(rows >= 0)
        vectors, numbers = self._rows.vectors[rows[here]], self._rows.numbers[rows[here]]
        has = np.zeros(len(rows), bool)
        has[here] = (vectors == stored.vectors[here]).all(axis=1) & (numbers == stored.numbers[here])
        return has

    def _embeddings(self) -> "QuerySet[Embedding]":
        return Embedding.objects.filter(model_id=self.model_id)


def _read(embeddings: "QuerySet[Embedding]") -> Iterator[Stored]:
    """A chunk at a time. Raises ValueError at a vector of another size than the others."""
    found = embeddings.annotate(digits=Digits("image_id")).values_list("digits", "pk", "vector")
    every = found.iterator(chunk_size=CHUNK)
    while rows := list(islice(every, CHUNK)):
        digits, numbers, vectors = zip(*rows, strict=True)
        sizes = set(map(len, vectors))
        if len(sizes) > 1:
            raise ValueError(f"Vectors of one model have {sorted(sizes)} bytes: see manage.py check_index.")
        yield Stored(
            from_digits("".join(digits)),
            np.array(numbers, np.int64),
            np.frombuffer(b"".join(vectors), "<f4").reshape(len(rows), -1),
        )


def _by_score(scores: np.ndarray, numbers: np.ndarray, stop: int) -> np.ndarray:
    """(min(stop, N) or more,) places of the highest scores, best first; of equal ones the newest vector.

    A partial sort first, because sorting 100,000 scores for one page of 24 costs more than the rest.
    """
    if 4 * stop < len(scores):
        threshold = np.partition(scores, len(scores) - stop)[len(scores) - stop]
        best = np.flatnonzero(scores >= threshold)
    else:
        best = np.arange(len(scores))
    return best[np.lexsort((-numbers[best], -scores[best]))]


def _likely_first(likely: np.ndarray | None, count: int) -> np.ndarray:
    return np.arange(count) if likely is None else np.argsort(~likely, kind="stable")
