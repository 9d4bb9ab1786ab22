"""Unit vectors → positions in the plane, near for what is alike. scikit-learn, no Django.

t-SNE (van der Maaten and Hinton 2008; Barnes-Hut, van der Maaten 2014) of the first principal components,
started from the first two: so the large shape follows the data, and the same vectors give the same map.
Its time grows faster than the number of points, so of a large gallery a sample is laid out, and the others
are put beside their nearest neighbours among it: see neighbours.py.
"""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from gallery.map.neighbours import SAMPLE, Layout, place_beside

COMPONENTS = 50  # of the vectors, for t-SNE: the rest is mostly noise, and costs time
PERPLEXITY = 30
# Among few points Barnes-Hut's approximation goes astray under the usual early exaggeration of 12, and stops
# there: these are computed exactly, with the 4 of van der Maaten and Hinton 2008.
FEW = 200
SEED = 0
SPREAD = 1e-4  # standard deviation of the start: Kobak and Berens 2019, "PCA initialisation"
JITTER = 1e-6  # so that equal pictures do not start, and stay, at one point
MOST_REGIONS = 24


def lay_out(vectors: np.ndarray) -> Layout:
    """(N, D) float32 of unit rows, N at least 3. The same vectors in the same order give the same layout."""
    count = len(vectors)
    chosen = np.arange(count)
    if count > SAMPLE:
        chosen = np.sort(np.random.default_rng(SEED).choice(count, SAMPLE, replace=False))
    sample = vectors[chosen]
    positions = _fit_square(_embed(sample))
    sampled = Layout(positions, _regions(positions))
    if count <= SAMPLE:
        return sampled
    layout = place_beside(vectors, sample, sampled)
    layout.positions[chosen], layout.regions[chosen] = sampled.positions, sampled.regions
    return layout


def components(vectors: np.ndarray, number: int) -> np.ndarray:
    """The first principal components, (N, number or fewer)."""
    with np.errstate(invalid="ignore"):  # a share of the variance, where all vectors are the same
        return PCA(min(number, *vectors.shape), svd_solver="full").fit_transform(vectors)


def _embed(vectors: np.ndarray) -> np.ndarray:
    """(N, D) → (N, 2)"""
    reduced = components(vectors, COMPONENTS)
    noise = np.random.default_rng(SEED).normal(size=(len(vectors), 2))
    start = reduced[:, :2] * (SPREAD / max(float(reduced[:, 0].std()), SPREAD)) + JITTER * noise
    is_small = len(vectors) <= FEW
    tsne = TSNE(
        method="exact" if is_small else "barnes_hut",
        early_exaggeration=4.0 if is_small else 12.0,
        init=start.astype(np.float32),
        perplexity=min(PERPLEXITY, (len(vectors) - 1) / 3),
        learning_rate="auto",
        random_state=SEED,
    )
    return tsne.fit_transform(reduced)


def _fit_square(positions: np.ndarray) -> np.ndarray:
    """Moved and scaled, the same in both directions, so that the larger extent is from -1 to 1."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    half = max(float((high - low).max()) / 2, np.finfo(np.float32).tiny)
    return ((positions - (low + high) / 2) / half).astype(np.float32)


def _regions(positions: np.ndarray) -> np.ndarray:
    """Neighbourhoods of the plane, numbered as one reads: in rows from the top, each from the left."""
    number = min(MOST_REGIONS, max(1, round(np.sqrt(len(positions)) / 2)))
    clusters = KMeans(number, n_init=4, random_state=SEED).fit(positions)
    rows = np.floor(clusters.cluster_centers_[:, 1] * 2.5)  # five of them
    reading = np.lexsort((clusters.cluster_centers_[:, 0], rows))
    place = np.empty(number, np.uint8)
    place[reading] = np.arange(1, number + 1)
    return place[clusters.labels_]
