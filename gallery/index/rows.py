"""Vectors as the rows of one matrix, found by the ids of their pictures."""

import numpy as np

FIRST_CAPACITY = 1024  # rows


class Rows:
    """Vectors (N, D) float32, and with each its picture's id and its own number in the database.

    A vector takes 4 D bytes, and what it is found by 40 more. While the arrays grow, by half, the old and the
    new ones are both there.
    """

    def __init__(self) -> None:
        self._count = 0
        self._vectors = np.empty((0, 0), np.float32)  # (capacity, D)
        self._numbers = np.empty(0, np.int64)  # (capacity,)
        self._ids = np.empty((2, 0), np.uint64)  # (2, capacity) first and second halves
        self._is_sorted = False  # whether what follows is about these rows
        self._order = np.empty(0, np.intp)  # (N,) rows by the first halves of their ids
        self._firsts = np.empty(0, np.uint64)  # (N,) these halves
        self._alike = 0  # rows at most that have the same one; of random ids that is one

    def __len__(self) -> int:
        return self._count

    @property
    def vectors(self) -> np.ndarray:
        return self._vectors[: self._count]

    @property
    def numbers(self) -> np.ndarray:
        return self._numbers[: self._count]

    @property
    def ids(self) -> np.ndarray:
        """(N, 2) uint64."""
        return self._ids[:, : self._count].T

    def find(self, ids: np.ndarray) -> np.ndarray:
        """(M, 2) → (M,) the row of each, or -1.

        Looked up in order, because a million lookups here and there take six times as long.
        """
        self._sort()
        firsts, seconds = np.ascontiguousarray(ids[:, 0]), ids[:, 1]
        rows = np.full(len(ids), -1, np.intp)
        by_first = np.argsort(firsts)
        places = np.empty(len(ids), np.intp)
        places[by_first] = np.searchsorted(self._firsts, firsts[by_first])
        for step in range(self._alike):
            there = self._order[np.minimum(places + step, self._count - 1)]
            same = (self._ids[0, there] == firsts) & (self._ids[1, there] == seconds)
            rows[same] = there[same]
        return rows

    def add(self, ids: np.ndarray, numbers: np.ndarray, vectors: np.ndarray) -> None:
        """(M, 2), (M,), (M, D) of pictures that are not here yet."""
        if not len(ids):
            return
        count = self._count + len(ids)
        if count > len(self._numbers):
            self.reserve(max(FIRST_CAPACITY, count, self._count * 3 // 2), vectors.shape[1])
        self._ids[:, self._count : count] = ids.T
        self._numbers[self._count : count] = numbers
        self._vectors[self._count : count] = vectors
        self._count = count
        self._is_sorted = False

    def change(self, rows: np.ndarray, numbers: np.ndarray, vectors: np.ndarray) -> None:
        if len(rows):  # else there may be no column yet
            self._numbers[rows] = numbers
            self._vectors[rows] = vectors

    def remove(self, rows: np.ndarray) -> None:
        """The last row moves into each gap; from the end on, so that it is never one of those to go."""
        for row in np.sort(rows)[::-1]:
            self._count -= 1
            self._ids[:, row] = self._ids[:, self._count]
            self._numbers[row] = self._numbers[self._count]
            self._vectors[row] = self._vectors[self._count]
        self._is_sorted = self._is_sorted and not len(rows)

    def reserve(self, capacity: int, dim: int) -> None:
        """Makes room, so that adding does not have to."""
        count = self._count
        vectors = np.empty((capacity, dim), np.float32)
        numbers, ids = np.empty(capacity, np.int64), np.empty((2, capacity), np.uint64)
        if count:
            vectors[:count], numbers[:count], ids[:, :count] = self.vectors, self.numbers, self.ids.T
        self._vectors, self._numbers, self._ids = vectors, numbers, ids

    def _sort(self) -> None:
        if self._is_sorted:
            return
        firsts = self._ids[0, : self._count]
        self._order = np.argsort(firsts)
        self._firsts = firsts[self._order]
        self._alike = min(1, self._count)
        while (self._firsts[self._alike :] == self._firsts[: -self._alike]).any():
            self._alike += 1
        self._is_sorted = True
