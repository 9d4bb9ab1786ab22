"""What the model sees in a picture: the likeliest words of a fixed list, for the picture's own page.

A page is shown at any rate, so nothing here asks the encoder while one is made: the queue encodes the words
once a model, into a row, and the picture's vector is there anyway. Words are held to be seen only where they
stand out: above search's relevance line (relevance.py), and with a winner that is probable among all of them.
Of the 30 demo pictures the shipped model gets 20 past LEAST, one of them with a wrong winner (a car is a
truck); what is kept back are mostly photographs that it takes for anything.
"""

import functools
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext
from django_q.tasks import async_task

from gallery import relevance
from gallery.clip.zeroshot import probabilities
from gallery.embedding import as_array
from gallery.label_words import VOCABULARY
from gallery.labels import Label
from gallery.models import Embedding, Image, Vocabulary, serving_model
from gallery.zeroshot import OWN_SENTENCE, encode_labels

LEAST = 0.5  # the winner's probability; below, nothing is said
ALSO = 0.05  # of the words after it
MOST_WORDS = 5
ASK_AGAIN = timedelta(minutes=10)
DIGEST = hashlib.sha256("\n".join(VOCABULARY).encode()).hexdigest()

_encoded: set[str] = set()  # models whose vocabulary this process has seen


@dataclass(frozen=True)
class Seen:
    """Words with their probabilities, the likeliest first. None of them: nothing stands out."""

    words: list[tuple[str, float]]
    model_id: str


@dataclass(frozen=True)
class _Words:
    vectors: np.ndarray  # (M, D) unit rows
    lines: np.ndarray  # (M,) cosines
    logit_scale: float


def seen_in(image: Image) -> Seen | None:
    """None as long as the picture, the words or the background are not there by one and the same model."""
    known = Vocabulary.objects.filter(digest=DIGEST, vectors__isnull=False)
    if serving := serving_model():
        known = known.filter(model_id=serving.model_id)
    embeddings = Embedding.objects.filter(image=image, model_id__in=known.values("model_id"))
    embedding = embeddings.order_by("-pk").first()
    if embedding is None:
        return None
    words = _words(embedding.model_id)
    if words is None:
        return None
    vector = as_array(embedding)  # (D,)
    shares = probabilities(vector[None], words.vectors, words.logit_scale, words.lines)[0, :-1]  # (M,)
    stands_out = words.vectors @ vector >= words.lines
    best = np.argsort(-shares)[:MOST_WORDS]
    found = [(VOCABULARY[place], float(shares[place])) for place in best if stands_out[place]]
    if not found or found[0][1] < LEAST:
        return Seen([], embedding.model_id)
    return Seen([(gettext(word), share) for word, share in found if share >= ALSO], embedding.model_id)


def request_vocabulary() -> bool:
    """Asks the queue for the words' vectors by the serving model, if there are none. Safe to repeat."""
    serving = serving_model()
    if serving is None or serving.model_id in _encoded:
        return False
    model_id = serving.model_id
    if Vocabulary.objects.filter(model_id=model_id, digest=DIGEST, vectors__isnull=False).exists():
        _encoded.add(model_id)
        return False
    if not _claim(model_id):
        return False
    async_task("gallery.tasks.encode_vocabulary")
    return True


def encode_vocabulary() -> Vocabulary:
    """Stores the vectors of the words. Raises encoder_client's exceptions."""
    encoded = encode_labels([Label(word, word) for word in VOCABULARY], [OWN_SENTENCE])
    content = {
        "vectors": encoded.vectors.astype("<f4").tobytes(),
        "dim": encoded.vectors.shape[1],
        "logit_scale": encoded.logit_scale,
    }
    vocabulary, _created = Vocabulary.objects.update_or_create(
        model_id=encoded.model_id,
        digest=DIGEST,
        defaults=content,
        create_defaults={**content, "asked_at": timezone.now()},
    )
    return vocabulary


def _words(model_id: str) -> _Words | None:
    background = relevance.measured_at(model_id)
    row = Vocabulary.objects.filter(model_id=model_id, digest=DIGEST).values_list("pk", flat=True).first()
    return _load(row, model_id, background) if row and background else None


@functools.lru_cache(maxsize=2)
def _load(pk: int, model_id: str, measured_at: datetime) -> _Words | None:
    """measured_at: of the background, so that a new one gives new lines."""
    row = Vocabulary.objects.get(pk=pk)
    vectors = np.frombuffer(bytes(row.vectors or b""), "<f4").reshape(-1, row.dim)
    lines = relevance.lines_for(vectors, model_id)
    return None if lines is None else _Words(vectors, lines, row.logit_scale)


def _claim(model_id: str) -> bool:
    """Whether it is this caller's turn to ask: nobody has in the last minutes."""
    now = timezone.now()
    _row, created = Vocabulary.objects.get_or_create(
        model_id=model_id, digest=DIGEST, defaults={"asked_at": now}
    )
    if created:
        return True
    old = Vocabulary.objects.filter(
        model_id=model_id, digest=DIGEST, vectors__isnull=True, asked_at__lt=now - ASK_AGAIN
    )
    return old.update(asked_at=now) == 1
