"""Zero-shot classification: which of these words fits this picture? NumPy only: the web imports it."""

import numpy as np


def probabilities(image_vectors: np.ndarray, text_vectors: np.ndarray, logit_scale: float) -> np.ndarray:
    """Softmax over the texts of the scaled cosine similarities: Radford et al. 2021, section 3.1.2.

    image_vectors: (N, D) unit rows. text_vectors: (M, D) unit rows. logit_scale: the model's learned factor.
    Returns (N, M) float64; every row sums to 1.
    """
    logits = logit_scale * (image_vectors.astype(np.float64) @ text_vectors.astype(np.float64).T)  # (N, M)
    logits -= logits.max(axis=1, keepdims=True)  # the same softmax, without overflow
    odds = np.exp(logits)
    return odds / odds.sum(axis=1, keepdims=True)
