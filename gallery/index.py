"""Vectors in memory, exact, following the table of embeddings by its change counter."""

import threading
import uuid
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gallery.embedding import as_array
from gallery.models import Embedding, EmbeddingChange, EmbeddingCounter, ImageQuerySet

FIRST_CAPACITY = 1024  # rows


@dataclass(frozen=True)
class Ranking:
    """One stretch of an ordering of pictures, best first."""

    image_ids: list[uuid.UUID]
    scores: list[float]  # cosine similarity, -1 to 1
    total: int  # pictures in the whole ordering


class VectorIndex(Protocol):
    """Orders pictures by cosine similarity. Kept by each process in memory, or by the database."""

    def rank(self, query: np.ndarray, candidates: ImageQuerySet, *, start: int, stop: int) -> Ranking:
        """The stretch [start, stop) of all candidates that have a vector, ordered by their similarity to
        `query`, (D,) of length 1. Equal scores keep the candidates' own order."""
        ...


class ExactIndex:
    """Every vector of one model as rows of one float32 matrix; nothing is approximated or left out.

    Which pictures may be seen is asked of the database at every search, so that the index never has to be
    told of it. Safe to use from several threads.
    """

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id
        self._lock = threading.Lock()
        self._version = -1  # the last change that is in the matrix; -1: nothing has been loaded
        self._matrix = np.empty((0, 0), np.float32)  # (capacity, D); len(_ids) rows are in use
        self._ids: list[uuid.UUID] = []
        self._rows: dict[uuid.UUID, int] = {}

    def rank(self, query: np.ndarray, candidates: ImageQuerySet, *, start: int, stop: int) -> Ranking:
        allowed = list(candidates.values_list("pk", flat=True))
        with self._lock:
            self._follow()
            ids = [image_id for image_id in allowed if image_id in self._rows]
            if not ids:
                return Ranking([], [], 0)
            rows = np.fromiter((self._rows[image_id] for image_id in ids), np.intp, len(ids))
            scores = (self._matrix[: len(self._ids)] @ query)[rows]
        order = np.argsort(-scores, kind="stable")[start:stop]
        return Ranking(
            image_ids=[ids[place] for place in order],
            scores=[float(scores[place]) for place in order],
            total=len(ids),
        )

    def __len__(self) -> int:
        with self._lock:
            self._follow()
            return len(self._ids)

    def differences(self) -> set[uuid.UUID]:
        """Pictures whose vector here is not the table's: empty, or something is wrong."""
        with self._lock:
            self._follow()
            stored = {item.image_id: as_array(item) for item in self._embeddings()}
            return {
                image_id
                for image_id in stored.keys() | self._rows.keys()
                if image_id not in stored
                or image_id not in self._rows
                or not np.array_equal(stored[image_id], self._matrix[self._rows[image_id]])
            }

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

    def _load(self) -> None:
        """Reads the whole table. Rows newer than the version that the caller has read are applied again
        later, which changes nothing."""
        self._ids, self._rows = [], {}
        self._matrix = np.empty((0, 0), np.float32)
        for item in self._embeddings().iterator(chunk_size=2000):
            self._put(item.image_id, as_array(item))

    def _apply(self, image_ids: set[uuid.UUID]) -> None:
        changed = list(image_ids)
        gone = set(changed)
        for start in range(0, len(changed), 500):  # databases limit the values of one query
            for item in self._embeddings().filter(image_id__in=changed[start : start + 500]):
                self._put(item.image_id, as_array(item))
                gone.discard(item.image_id)
        for image_id in gone:
            self._remove(image_id)

    def _put(self, image_id: uuid.UUID, vector: np.ndarray) -> None:
        row = self._rows.get(image_id)
        if row is None:
            row = len(self._ids)
            if row == len(self._matrix):
                grown = np.empty((max(FIRST_CAPACITY, 2 * row), vector.shape[0]), np.float32)
                if row:
                    grown[:row] = self._matrix
                self._matrix = grown
            self._ids.append(image_id)
            self._rows[image_id] = row
        self._matrix[row] = vector

    def _remove(self, image_id: uuid.UUID) -> None:
        """The last row moves into the gap."""
        row = self._rows.pop(image_id, None)
        if row is None:
            return
        last_id = self._ids.pop()
        if last_id != image_id:
            self._matrix[row] = self._matrix[len(self._ids)]
            self._ids[row] = last_id
            self._rows[last_id] = row

    def _embeddings(self):
        return Embedding.objects.filter(model_id=self.model_id).only("image_id", "vector")


_indexes: dict[str, ExactIndex] = {}
_indexes_lock = threading.Lock()


def index_for(model_id: str) -> VectorIndex:
    """This process's index of a model's vectors. The one of the model before is let go."""
    with _indexes_lock:
        if model_id not in _indexes:
            if len(_indexes) >= 2:
                _indexes.clear()
            _indexes[model_id] = ExactIndex(model_id)
        return _indexes[model_id]


def forget_indexes() -> None:
    """For a database that was exchanged under a running process, as tests do."""
    with _indexes_lock:
        _indexes.clear()
