"""How far a similarity stands out, so that a search can say where its likely matches end.

Cosines of different searches do not compare: “a drawing” is somewhat like everything, “a violin” like little.
So each search is held against the same fixed pictures that have nothing to do with it, the background. They
ship with the project (gallery/background), so they tell nothing of anybody's pictures.

    distinctness = (cosine − median of the background's cosines) / spread

The spread is the model's, the same for every search: the typical robust standard deviation of a caption's
cosines with the background. A search's own says less than it seems to. Of a hundred pictures it is only
roughly known, and for things that can be seen it is wider than for those that cannot (0.06 and 0.04 with the
shipped pack), so that dividing by it would hold back the former. Medians, because a few pictures of the
background may after all be what is looked for.

The line is measured too, per model: the distinctness that one in 200 pictures (FALSE_ALARM) reaches for
captions which nothing in the background shows. Where some picture reaches it, what is searched for is here,
and the line is drawn nearer for the others: at the distinctness of one in 50 (NEAR_ALARM). Two thresholds of
which the first opens and the second goes on are Canny's (1986, “A computational approach to edge detection”,
section VIII). `manage.py measure_background` measures anew.

What was tried beside it and was not clearly better on the searches of benchmarks/relevance_searches.py:
photographs among the background, sentences around the words (Radford et al. 2021, section 3.1.4), the mean of
captions taken off the search (Suzuki et al. 2013, “Centering similarity measures to reduce hubs”), and a
picture's own mean and spread over captions. A background's covariance (Robey et al. 1992, “A CFAR adaptive
matched filter detector”) did worse. `python -m benchmarks.relevance` tells how far the line can be trusted.
"""

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from gallery.index.ranking import Line
from gallery.models import Background

FALSE_ALARM = 0.0025  # the share of unrelated pictures that pass as likely matches
NEAR_ALARM = 0.02  # the same, where another picture has passed
WORDS_FALSE_ALARM = 0.002  # the same of pictures by their words
_NORMAL = 1.4826  # median absolute deviation → standard deviation, of a normal distribution
SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True)
class Scale:
    """What this search scores on the background: turns its cosines into distinctness."""

    centre: float
    spread: float
    line: float  # cosine; from here on a picture is a likely match by itself
    near: float  # cosine; from here on, if another one is

    def distinctness(self, cosine: float) -> float:
        return (cosine - self.centre) / self.spread

    def carried(self, cosine: Any, to: "Scale") -> Any:
        """A cosine, or an array of them, on the other scale: as far along from the centre to the line."""
        share = (cosine - self.centre) / (self.line - self.centre)
        return to.centre + share * (to.line - to.centre)

    def drawn(self) -> Line:
        return Line(first=self.line, near=self.near)


@dataclass(frozen=True)
class Measured:
    """A background as it is kept: (N, D) unit rows, the typical spread in cosines, both lines in spreads."""

    vectors: np.ndarray
    spread: float
    line: float
    near: float


def measure(pictures: np.ndarray, captions: np.ndarray) -> Measured:
    """pictures (N, D), captions (M, D): unit rows of one model that have nothing to do with each other."""
    cosines = captions @ pictures.T  # (M, N)
    offsets = cosines - np.median(cosines, axis=1, keepdims=True)  # (M, N)
    spreads = _NORMAL * np.median(np.abs(offsets), axis=1)  # (M,)
    spread = max(float(np.median(spreads)), SMALLEST_SPREAD)
    line, near = np.quantile(offsets / spread, [1 - FALSE_ALARM, 1 - NEAR_ALARM])
    return Measured(pictures, spread, float(line), float(near))


def measure_words(captions: np.ndarray) -> Measured:
    """The same for what is said of pictures: each caption, (M, D) unit rows, among all the others. The nearer
    line is not used: it lies at the same share of the way as that of pictures (see words/lifting.py)."""
    cosines = captions @ captions.T  # (M, M)
    np.fill_diagonal(cosines, np.nan)
    offsets = cosines - np.nanmedian(cosines, axis=1, keepdims=True)  # (M, M)
    spread = max(float(np.median(_NORMAL * np.nanmedian(np.abs(offsets), axis=1))), SMALLEST_SPREAD)
    line = float(np.nanquantile(offsets / spread, 1 - WORDS_FALSE_ALARM))
    return Measured(captions, spread, line, line)


def scale(query: np.ndarray, background: Measured) -> Scale:
    """query: (D,) of length 1."""
    centre, spread = float(np.median(background.vectors @ query)), background.spread
    # As the vectors are: in float32, so that every comparison with them comes out the same.
    line, near = (
        float(np.float32(centre + distinctness * spread))
        for distinctness in (background.line, background.near)
    )
    return Scale(centre, spread, line, near)


def scale_for(query: np.ndarray, model_id: str) -> Scale | None:
    """None as long as the background of this model is not measured."""
    background = measured_for(model_id)
    return scale(query, background) if background else None


def lines_for(queries: np.ndarray, model_id: str) -> np.ndarray | None:
    """(M, D) unit rows → (M,) cosines, each query's line. None as scale_for()."""
    background = measured_for(model_id)
    return np.array([scale(query, background).line for query in queries]) if background else None


def measured_for(model_id: str) -> Measured | None:
    """model_id: a model's, or words_of() one."""
    when = measured_at(model_id)
    return _load(model_id, when) if when else None


def measured_at(model_id: str) -> datetime | None:
    """None as long as the background of this model is not measured."""
    measured = Background.objects.filter(model_id=model_id, line__isnull=False)
    return measured.values_list("measured_at", flat=True).first()


@functools.lru_cache(maxsize=4)  # two models, each with pictures and words
def _load(model_id: str, measured_at: datetime) -> Measured:
    row = Background.objects.get(model_id=model_id)
    vectors = np.frombuffer(bytes(row.vectors or b""), "<f4").reshape(-1, row.dim)
    return Measured(vectors, row.spread or SMALLEST_SPREAD, row.line or 0.0, row.near or 0.0)
