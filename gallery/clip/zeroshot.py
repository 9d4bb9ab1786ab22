"""Zero-shot classification: which of these words fits this picture? NumPy only: the web imports it."""

import numpy as np


def probabilities(
    image_vectors: np.ndarray,
    text_vectors: np.ndarray,
    logit_scale: float,
    lines: np.ndarray | None = None,
) -> np.ndarray:
    """Softmax over the texts of the scaled cosine similarities: Radford et al. 2021, section 3.1.2.

    image_vectors: (N, D) unit rows. text_vectors: (M, D) unit rows. logit_scale: the model's learned factor.
    Returns (N, M) float64; every row sums to 1.

    lines: (M,) cosines. With them the result is (N, M + 1): the last column is for “none of these”, whose
    cosine is taken to be the line of the picture's best label. So that label and none are equally probable
    where it sits right on its line.
    """
    cosines = image_vectors.astype(np.float64) @ text_vectors.astype(np.float64).T  # (N, M)
    if lines is not None:
        none = lines.astype(np.float64)[cosines.argmax(axis=1)]  # (N,)
        cosines = np.concatenate([cosines, none[:, None]], axis=1)  # (N, M + 1)
    logits = logit_scale * cosines
    logits -= logits.max(axis=1, keepdims=True)  # the same softmax, without overflow
    odds = np.exp(logits)
    return odds / odds.sum(axis=1, keepdims=True)


def average(vectors: np.ndarray) -> np.ndarray:
    """(T, M, D) unit rows of M labels in T sentences → (M, D) unit rows: Radford et al. 2021, section 3.1.4.

    Of labels whose sentences cancel each other out nothing is left, and the row stays zero.
    """
    mean = vectors.astype(np.float64).mean(axis=0)  # (M, D)
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    return (mean / np.where(length > 1e-6, length, 1.0)).astype(np.float32)
