"""Which pictures what is said of them brings forward in a search, and how far."""

import numpy as np

from gallery import relevance
from gallery.index import Lifted, index_for
from gallery.models import words_of

MOST = 500  # pictures that one search lifts


def lifted_by_words(vector: np.ndarray, model_id: str, scale: relevance.Scale | None) -> Lifted:
    """For a search by words, (D,) of length 1: pictures whose own words stand out for it as far as a likely
    match's pixels, with the cosine that is as far on the scale of pictures.

    Both scales are measured in the distance from their median to their line, which few things that have
    nothing to do with the search reach; so they can be compared, and the further one counts. A sum of both
    would need the words of every picture, and let those fall behind of which nothing is said. Empty as long
    as one of the backgrounds is not measured, or tells nothing.
    """
    words = words_of(model_id)
    other = relevance.scale_for(vector, words)
    if scale is None or other is None or scale.line <= scale.centre or other.line <= other.centre:
        return {}
    least = scale.carried(scale.near, to=other)
    found = index_for(words).above(vector, least=least, most=MOST)
    return {image_id: other.carried(cosine, to=scale) for image_id, cosine in found}
