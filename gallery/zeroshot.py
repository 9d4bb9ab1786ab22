"""Which of these words fits which of these pictures, and how probably."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gallery import encoder_client
from gallery.clip.zeroshot import probabilities
from gallery.embedding import as_array
from gallery.models import Embedding, Image


@dataclass(frozen=True)
class Share:
    label: str
    probability: float  # 0 to 1
    is_best: bool

    @property
    def percent(self) -> float:
        return 100 * self.probability


@dataclass(frozen=True)
class Row:
    """One picture's probabilities, which add up to 1, in the order of the labels."""

    image: Image
    shares: list[Share]

    @property
    def ranked(self) -> list[Share]:
        return sorted(self.shares, key=lambda share: -share.probability)


@dataclass(frozen=True)
class Matrix:
    labels: list[str]
    rows: list[Row]
    waiting: list[Image]  # pictures without a vector of this model, left out
    model_id: str
    logit_scale: float


def classify(*, images: Sequence[Image], labels: Sequence[str]) -> Matrix:
    """Softmax over the labels, a row for each picture: Radford et al. 2021, section 3.1.

    Raises encoder_client's exceptions.
    """
    encoded = encoder_client.encode_texts(labels, as_labels=True)  # (M, D)
    stored = {
        item.image_id: as_array(item)
        for item in Embedding.objects.filter(image__in=images, model_id=encoded.model_id)
    }
    embedded = [image for image in images if image.pk in stored]
    rows = []
    if embedded:
        vectors = np.stack([stored[image.pk] for image in embedded])  # (N, D)
        matrix = probabilities(vectors, encoded.vectors, encoded.logit_scale)  # (N, M)
        rows = [_row(image, labels, shares) for image, shares in zip(embedded, matrix, strict=True)]
    return Matrix(
        labels=list(labels),
        rows=rows,
        waiting=[image for image in images if image.pk not in stored],
        model_id=encoded.model_id,
        logit_scale=encoded.logit_scale,
    )


def _row(image: Image, labels: Sequence[str], shares: np.ndarray) -> Row:
    best = int(shares.argmax())
    return Row(
        image=image,
        shares=[
            Share(label=label, probability=float(share), is_best=place == best)
            for place, (label, share) in enumerate(zip(labels, shares, strict=True))
        ],
    )
