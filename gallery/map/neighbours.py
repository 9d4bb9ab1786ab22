"""Placing pictures on a map that is there: each beside those that it resembles most.

The median of the positions of the nearest neighbours, as Kobak and Berens 2019 place new points on a t-SNE
map ("The art of using t-SNE for single-cell transcriptomics", Nature Communications 10:5416, Methods,
"Positioning new points"): one neighbour that lies elsewhere does not pull the point away.
"""

from dataclasses import dataclass

import numpy as np

SAMPLE = 5000  # points of a large gallery that are laid out; the others are placed beside these
NEIGHBOURS = 10
BLOCK = 512  # rows compared with all references at once


@dataclass(frozen=True)
class Layout:
    positions: np.ndarray  # (N, 2) float32, from -1 to 1
    regions: np.ndarray  # (N,) uint8, from 1 in reading order


def place_beside(vectors: np.ndarray, references: np.ndarray, layout: Layout) -> Layout:
    """Where pictures go that came later.

    vectors: (N, D), references: (M, D), both float32 of unit rows; layout: of the references.
    """
    positions = np.empty((len(vectors), 2), np.float32)
    regions = np.empty(len(vectors), np.uint8)
    count = min(NEIGHBOURS, len(references))
    for start in range(0, len(vectors), BLOCK):
        cosines = vectors[start : start + BLOCK] @ references.T  # (B, M)
        nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]  # (B, count)
        best = cosines.argmax(axis=1)  # (B,)
        positions[start : start + BLOCK] = np.median(layout.positions[nearest], axis=1)
        regions[start : start + BLOCK] = layout.regions[best]
    return Layout(positions, regions)
