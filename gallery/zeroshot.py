"""Which of these words fits which of these pictures, and how probably.

“None of these” is measured as search's relevance line is (relevance.py): each label's line is the cosine that
one in 200 pictures reaches which have nothing to do with it. The class gets the line of the picture's best
label as its cosine, in the same softmax. Texts such as “something else” would not do: a model gives them
whatever cosine the words happen to have, which says nothing about these labels or this picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gallery import encoder_client, relevance
from gallery.clip.prompts import SLOT, fill
from gallery.clip.zeroshot import average, probabilities
from gallery.embedding import as_array
from gallery.encoder_client import Encoded, EncoderUnavailable
from gallery.labels import Label
from gallery.models import Embedding, Image

OWN_SENTENCE = ""  # as a template: the sentence that the model itself brings for labels
TEMPLATES = {  # key in addresses → sentence
    "model": OWN_SENTENCE,
    "photo": "a photo of a {}",
    "drawing": "a drawing of a {}",
    "painting": "a painting of a {}",
    "closeup": "a close-up of a {}",
    "small": "a small picture of a {}",
    "label": SLOT,
}
BATCH = 32  # texts in one request
MAX_PICTURES = 240  # in one classification


@dataclass(frozen=True)
class Share:
    label: str
    probability: float  # 0 to 1
    is_best: bool
    is_none: bool = False  # “none of these”

    @property
    def percent(self) -> float:
        return 100 * self.probability


@dataclass(frozen=True)
class Row:
    """One picture's probabilities, which add up to 1, in the order of the labels; “none of these” is last."""

    image: Image
    shares: list[Share]

    @property
    def ranked(self) -> list[Share]:
        return sorted(self.shares, key=lambda share: -share.probability)

    @property
    def best(self) -> Share:
        return next(share for share in self.shares if share.is_best)


@dataclass(frozen=True)
class Matrix:
    labels: list[str]  # the names
    rows: list[Row]
    waiting: list[Image]  # pictures without a vector of this model, left out
    model_id: str
    logit_scale: float
    none_unknown: bool = False  # “none of these” was asked for, and the background is not measured yet

    @property
    def has_none(self) -> bool:
        return bool(self.rows) and len(self.rows[0].shares) > len(self.labels)


def classify(
    *,
    images: Sequence[Image],
    labels: Sequence[Label],
    templates: Sequence[str] = (OWN_SENTENCE,),
    with_none: bool = False,
) -> Matrix:
    """Softmax over the labels, a row for each picture: Radford et al. 2021, section 3.1.

    templates: sentences with SLOT, whose vectors are averaged. Raises encoder_client's exceptions.
    """
    encoded = encode_labels(labels, templates)  # (M, D)
    lines = relevance.lines_for(encoded.vectors, encoded.model_id) if with_none else None  # (M,)
    stored = {
        item.image_id: as_array(item)
        for item in Embedding.objects.filter(image__in=images, model_id=encoded.model_id)
    }
    embedded = [image for image in images if image.pk in stored]
    rows = []
    if embedded:
        vectors = np.stack([stored[image.pk] for image in embedded])  # (N, D)
        matrix = probabilities(vectors, encoded.vectors, encoded.logit_scale, lines)  # (N, M or M + 1)
        rows = [_row(image, labels, shares) for image, shares in zip(embedded, matrix, strict=True)]
    return Matrix(
        labels=[label.name for label in labels],
        rows=rows,
        waiting=[image for image in images if image.pk not in stored],
        model_id=encoded.model_id,
        logit_scale=encoded.logit_scale,
        none_unknown=with_none and lines is None,
    )


def encode_labels(labels: Sequence[Label], templates: Sequence[str]) -> Encoded:
    """One vector a label, the mean over the templates. Raises encoder_client's exceptions."""
    texts = [label.text for label in labels]
    encoded = [
        _encode([fill(template, text) for text in texts] if template else texts, as_labels=not template)
        for template in templates
    ]
    first = encoded[0]
    if any(item.model_id != first.model_id for item in encoded):
        raise EncoderUnavailable("It was given another model between two templates.")
    return Encoded(average(np.stack([item.vectors for item in encoded])), first.model_id, first.logit_scale)


def _encode(texts: Sequence[str], *, as_labels: bool) -> Encoded:
    """In requests of a size that every encoder takes."""
    parts = [
        encoder_client.encode_texts(texts[start : start + BATCH], as_labels=as_labels)
        for start in range(0, len(texts), BATCH)
    ]
    if any(part.model_id != parts[0].model_id for part in parts):
        raise EncoderUnavailable("It was given another model between two requests.")
    vectors = np.concatenate([part.vectors for part in parts])
    return Encoded(vectors, parts[0].model_id, parts[0].logit_scale)


def _row(image: Image, labels: Sequence[Label], shares: np.ndarray) -> Row:
    best = int(shares.argmax())
    names = [label.name for label in labels]
    return Row(
        image=image,
        shares=[
            Share(
                label=names[place] if place < len(names) else "",
                probability=float(share),
                is_best=place == best,
                is_none=place == len(names),
            )
            for place, share in enumerate(shares)
        ],
    )
