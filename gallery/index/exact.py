"""Vectors in memory, exact, following the table of embeddings by its change counter."""

import threading
import uuid

import numpy as np

from gallery.embedding import as_array
from gallery.index.ranking import Ranking
from gallery.models import Embedding, EmbeddingChange, EmbeddingCounter, ImageQuerySet

FIRST_CAPACITY = 1024  # rows
CHUNK = 10_000  # numbers read from the database at once


class ExactIndex:
    """Every vector of one model as rows of one float32 matrix; nothing is approximated or left out.

    Which pictures may be seen is asked of the database at every search, so that the index never has to be
    told of it. The answer comes as the vectors' own numbers, which are read many times faster than the
    pictures' UUIDs. Safe to use from several threads.
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
        line: float | None = None,
        by_date: bool = False,
    ) -> Ranking:
        allowed = self._keys_of(candidates, by_date=by_date)
        with self._lock:
            self._follow()
            rows = self._rows_of(allowed)
            if not len(rows):
                return Ranking([], [], total=0, likely=None if line is None else 0)
            scores = (self._matrix[: len(self._ids)] @ query)[rows]
            likely = scores >= line if line is not None else None
            order = _by_score(scores, stop) if not by_date else _likely_first(likely, len(rows))
            chosen = order[start:stop]
            image_ids = [self._ids[row] for row in rows[chosen]]
        return Ranking(
            image_ids=image_ids,
            scores=[float(score) for score in scores[chosen]],
            total=len(rows),
            likely=int(likely.sum()) if likely is not None else None,
        )

    def __len__(self) -> int:
        with self._lock:
            self._follow()
            return len(self._ids)

    def differences(self) -> set[uuid.UUID]:
        with self._lock:
            self._follow()
            different, unseen = set(), set(self._rows)
            for item in self._embeddings().iterator(chunk_size=2000):
                unseen.discard(item.image_id)
                if not self._has(item):
                    different.add(item.image_id)
            return different | unseen

    def repair(self) -> None:
        with self._lock:
            self._clear()
            self._follow()

    def prepare(self) -> None:
        """Nothing: the first search loads the table."""

    def _clear(self) -> None:
        self._version = -1  # the last change that is in the matrix; -1: nothing has been loaded
        self._matrix = np.empty((0, 0), np.float32)  # (capacity, D); len(_ids) rows are in use
        self._keys = np.empty(0, np.int64)  # (capacity,) the embeddings' primary keys
        self._ids: list[uuid.UUID] = []
        self._rows: dict[uuid.UUID, int] = {}
        self._by_key: np.ndarray | None = None  # rows in the order of their keys; None: to be sorted

    def _keys_of(self, candidates: ImageQuerySet, *, by_date: bool) -> np.ndarray:
        """(N,) int64, newest vector first, or newest picture first."""
        order = ["-created_at", "-pk"] if by_date else []
        found = candidates.filter(embeddings__model_id=self.model_id).order_by(*order)
        numbers = found.values_list("embeddings__pk", flat=True).iterator(chunk_size=CHUNK)
        keys = np.fromiter(numbers, np.int64)
        return keys if by_date else np.sort(keys)[::-1]

    def _rows_of(self, keys: np.ndarray) -> np.ndarray:
        """(M,) rows of those keys that are here, in the order of `keys`."""
        if not self._ids or not len(keys):
            return np.empty(0, np.intp)
        if self._by_key is None:
            self._by_key = np.argsort(self._keys[: len(self._ids)])
        ordered = self._keys[self._by_key]
        places = np.searchsorted(ordered, keys)
        places[places == len(ordered)] = 0
        return self._by_key[places[ordered[places] == keys]]

    def _follow(self) -> None:
        """Brings the matrix up to the newest committed change."""
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
        self._by_key = None

    def _load(self) -> None:
        """Reads the whole table. Rows newer than the version that the caller has read are applied again
        later, which changes nothing."""
        self._clear()
        for item in self._embeddings().iterator(chunk_size=2000):
            self._put(item)

    def _apply(self, image_ids: set[uuid.UUID]) -> None:
        changed = list(image_ids)
        gone = set(changed)
        for start in range(0, len(changed), 500):  # databases limit the values of one query
            for item in self._embeddings().filter(image_id__in=changed[start : start + 500]):
                self._put(item)
                gone.discard(item.image_id)
        for image_id in gone:
            self._remove(image_id)

    def _put(self, item: Embedding) -> None:
        vector = as_array(item)
        row = self._rows.get(item.image_id)
        if row is None:
            row = len(self._ids)
            if row == len(self._matrix):
                self._grow(vector.shape[0])
            self._ids.append(item.image_id)
            self._rows[item.image_id] = row
        self._matrix[row] = vector
        self._keys[row] = item.pk

    def _grow(self, dim: int) -> None:
        used = len(self._ids)
        capacity = max(FIRST_CAPACITY, 2 * used)
        matrix, keys = np.empty((capacity, dim), np.float32), np.empty(capacity, np.int64)
        if used:
            matrix[:used], keys[:used] = self._matrix, self._keys
        self._matrix, self._keys = matrix, keys

    def _remove(self, image_id: uuid.UUID) -> None:
        """The last row moves into the gap."""
        row = self._rows.pop(image_id, None)
        if row is None:
            return
        last_id = self._ids.pop()
        if last_id != image_id:
            last = len(self._ids)
            self._matrix[row], self._keys[row] = self._matrix[last], self._keys[last]
            self._ids[row] = last_id
            self._rows[last_id] = row

    def _has(self, item: Embedding) -> bool:
        row = self._rows.get(item.image_id)
        return (
            row is not None
            and self._keys[row] == item.pk
            and np.array_equal(self._matrix[row], as_array(item))
        )

    def _embeddings(self):
        return Embedding.objects.filter(model_id=self.model_id).only("image_id", "vector")


def _by_score(scores: np.ndarray, stop: int) -> np.ndarray:
    """(min(stop, N),) places of the highest scores, best first; equal ones stay in their order.

    A partial sort first, because sorting 100,000 scores for one page of 24 costs more than the rest.
    """
    if 4 * stop < len(scores):
        threshold = np.partition(scores, len(scores) - stop)[len(scores) - stop]
        best = np.flatnonzero(scores >= threshold)
    else:
        best = np.arange(len(scores))
    return best[np.argsort(-scores[best], kind="stable")]


def _likely_first(likely: np.ndarray | None, count: int) -> np.ndarray:
    return np.arange(count) if likely is None else np.argsort(~likely, kind="stable")
