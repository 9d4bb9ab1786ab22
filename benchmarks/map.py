"""What a map costs, and what it keeps: time and memory of a layout, and whether neighbours stay neighbours.

    python -m benchmarks.map                # 1,000, 10,000 and 50,000 vectors
    python -m benchmarks.map 1000 5000

The vectors are unit rows of 384 numbers around 200 themes in 20 groups, from a seed. The layout runs as in
the app: in a process of its own, on one core. Trustworthiness (Venna and Kaski 2001): 1 when everybody's 10
nearest on the map are near among the vectors too, about 0.5 for a map by chance; measured for 1,000 of the
pictures against all others.
"""

import resource
import sys
import time

import numpy as np

from gallery.map.computing import TooLarge, TooSlow, compute
from gallery.map.layout import components

SIZES = (1_000, 10_000, 50_000)
DIM = 384
GROUPS, THEMES = 20, 200
NEIGHBOURS = 10
JUDGED = 1_000  # pictures whose neighbours are looked at
BLOCK = 100


def made_vectors(count: int) -> np.ndarray:
    """(count, DIM) float32 of unit rows."""
    rng = np.random.default_rng(0)
    groups = rng.normal(size=(GROUPS, DIM))
    themes = groups[rng.integers(0, GROUPS, THEMES)] + 0.7 * rng.normal(size=(THEMES, DIM))
    rows = themes[rng.integers(0, THEMES, count)] + 0.9 * rng.normal(size=(count, DIM))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def trustworthiness(vectors: np.ndarray, positions: np.ndarray) -> float:
    """Venna and Kaski 2001, equation 1, over a sample of the rows."""
    count = len(vectors)
    judged = np.random.default_rng(1).permutation(count)[:JUDGED]
    penalty = 0
    for start in range(0, len(judged), BLOCK):
        rows = judged[start : start + BLOCK]
        true = -(vectors[rows] @ vectors.T)  # (B, N), the nearest has the smallest
        true[np.arange(len(rows)), rows] = -np.inf
        ranks = true.argsort(axis=1).argsort(axis=1)  # (B, N), 0 is the picture itself
        shown = ((positions[rows][:, None] - positions[None]) ** 2).sum(axis=2)  # (B, N)
        shown[np.arange(len(rows)), rows] = np.inf
        nearest = shown.argpartition(NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        penalty += np.maximum(np.take_along_axis(ranks, nearest, axis=1) - NEIGHBOURS, 0).sum()
    worst = len(judged) * NEIGHBOURS * (2 * count - 3 * NEIGHBOURS - 1) / 2
    return 1 - penalty / worst


def core_seconds() -> float:
    """Of processes that have ended: what the layout takes where nothing else runs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or SIZES
    print("  vectors   seconds   of the core   memory, MiB   trustworthiness at 10: map   PCA alone")
    for count in sizes:
        vectors = made_vectors(count)
        start, used = time.perf_counter(), core_seconds()
        try:
            layout = compute(vectors, beat=lambda: None)
        except (TooSlow, TooLarge) as error:
            print(f"{count:9,}   {type(error).__name__}")
            continue
        seconds = time.perf_counter() - start
        # Of the largest process that has ended: sizes come in rising order.
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        ours = trustworthiness(vectors, layout.positions)
        plain = trustworthiness(vectors, components(vectors, 2))
        busy = core_seconds() - used
        print(f"{count:9,} {seconds:9.1f} {busy:13.1f} {memory:13.0f} {ours:28.3f} {plain:11.3f}", flush=True)


if __name__ == "__main__":
    main()
