"""Vectors of the frozen text tower for many captions, kept on disk by what was asked."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gallery.clip.model import pack_tokenizer
from weights.pack.towers import CONTEXT

BATCH = 256


@torch.no_grad()
def pooled_texts(
    network: nn.Module, folder: Path, texts: Sequence[str], cache: Path | None = None
) -> np.ndarray:
    """(N, 384) float32 means over tokens, before the projection and not normalised.

    network: the pack; folder: its tokenizer. cache: a folder that keeps the answer to this very list.
    """
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    path = cache / f"texts-{digest}.npy" if cache is not None else None
    if path is not None and path.exists():
        return np.load(path, allow_pickle=False)
    tokenize = pack_tokenizer(folder, CONTEXT)
    # Texts of one length share a batch, so that almost nothing is padded.
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    width = int(network.text.config.hidden_size)  # type: ignore
    vectors = np.empty((len(texts), width), np.float32)
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        vectors[rows] = _pool(network.text, tokenize([texts[row] for row in rows])).numpy()  # type: ignore
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, vectors)
    return vectors


def _pool(text: nn.Module, tokens: Tensor) -> Tensor:
    """(B, L) token ids → (B, 384): the tower without its projection."""
    mask = (tokens != text.config.pad_token_id).long()  # type: ignore[union-attr]
    return text.pooler(text.transformer(input_ids=tokens, attention_mask=mask), mask)  # type: ignore[operator]


def whitening(vectors: Tensor, strength: float) -> Tensor:
    """(N, D) rows → the symmetric (D, D) matrix that evens out their variance over directions.

    The vectors of a sentence model share a few strong directions (topic, length), in which the neighbours of
    everything lie. strength: the power, from 0 for the identity to 1 for equal variances.
    """
    variance, directions = torch.linalg.eigh(vectors.T @ vectors / len(vectors))
    gain = variance.clamp_min(0.02 * variance.mean()).pow(
        -strength / 2
    )  # the weakest are noise: no more gain
    return directions * gain @ directions.T
