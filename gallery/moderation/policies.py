"""Writing policies, and what they would catch among the pictures that everybody may see. How prompts are held
against them stands in prompts.py."""

import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from gallery import encoder_client, relevance
from gallery.models import (
    AuditEntry,
    Image,
    Policy,
    User,
    serving_model,
    serving_vectors,
    words_of,
)
from gallery.models.audit import State
from gallery.moderation import audit
from gallery.moderation.states import GONE, state_of_policy

MOST_COMPARED = 5000  # pictures, the newest first: a fraction of a second
CHANGED = gettext_noop("The policy was changed meanwhile.")  # of a sweep (sweeps.py)
SHOWN = 48  # pictures, those with the highest scores
STEPS = (-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0)  # around the threshold


class NotMeasured(Exception):
    """What the model makes of unrelated pictures and captions is not known yet."""


@dataclass(frozen=True)
class Scored:
    image: Image
    score: float
    is_caught: bool


@dataclass(frozen=True)
class Preview:
    """counts: thresholds, and how many of those looked at reach them. shown: the highest scores first."""

    looked_at: int
    total: int
    counts: list[tuple[float, int]]
    shown: list[Scored]


def active_for(model_id: str) -> list[Policy]:
    return list(Policy.objects.filter(is_active=True, model_id=model_id))


def is_current(policy: Policy) -> bool:
    """Whether it can be compared with vectors of the model that serves; one of words alone always is."""
    model = serving_model()
    return model is None or not policy.texts or model.model_id == policy.model_id


def save_policy(*, by: User, fields: dict[str, Any], policy: Policy | None = None) -> Policy:
    """Writes a new one, or the fields (those of PolicyForm) of one that is there.

    Raises encoder_client's exceptions, NotMeasured, or Policy.DoesNotExist if it was deleted meanwhile.
    """
    texts = str(fields["texts"]).splitlines()
    meaning = _meaning(texts)
    if fields.get("prompt_threshold") is not None:
        meaning |= _meaning_of_prompts(texts, meaning["model_id"])
    with transaction.atomic():
        if policy is None:
            written, before = Policy(), GONE
        else:
            written = Policy.objects.select_for_update().get(pk=policy.pk)
            before = state_of_policy(written)
        for name, value in {**fields, **meaning}.items():
            setattr(written, name, value)
        written.save()
        after = state_of_policy(written)
        if after != before:
            written.sweeps.all().stop(CHANGED)
            _log(written.pk, before, after, by)
    return written


@transaction.atomic
def delete_policy(*, policy_id: uuid.UUID, by: User) -> None:
    """What it has found stays. Raises Policy.DoesNotExist."""
    policy = Policy.objects.select_for_update().get(pk=policy_id)
    before = state_of_policy(policy)
    policy.delete()
    _log(policy_id, before, GONE, by)


def preview(policy: Policy) -> Preview:
    """What it would catch among the public pictures. Those that their owners keep to themselves are nobody's
    to look through."""
    public = serving_vectors().filter(image__in=Image.objects.public(), model_id=policy.model_id)
    rows = list(public.order_by("-image__created_at").values_list("image_id", "vector")[:MOST_COMPARED])
    scores = np.zeros(0, np.float32)
    if rows:
        scores = policy.scores(np.stack([np.frombuffer(bytes(vector), "<f4") for _id, vector in rows]))
    highest = [int(row) for row in np.argsort(-scores, kind="stable")[:SHOWN]]
    images = Image.objects.public().select_related("owner").in_bulk([rows[row][0] for row in highest])
    shown = [
        Scored(images[rows[row][0]], float(scores[row]), bool(scores[row] >= policy.threshold))
        for row in highest
        if rows[row][0] in images
    ]
    counts = [(policy.threshold + step, int((scores >= policy.threshold + step).sum())) for step in STEPS]
    return Preview(len(rows), public.count(), counts, shown)


def _meaning(texts: list[str]) -> dict[str, Any]:
    """The columns that the model has a say in, of pictures."""
    if not texts:
        return {"model_id": "", "vector": b""}
    encoded = encoder_client.encode_texts(texts, model=serving_model(), as_labels=True)
    vector = _mean(encoded.vectors)
    scale = relevance.scale_for(vector, encoded.model_id)
    if scale is None:
        raise NotMeasured
    return {
        "model_id": encoded.model_id,
        "vector": vector.tobytes(),
        "centre": scale.centre,
        "spread": scale.spread,
    }


def _meaning_of_prompts(texts: list[str], model_id: str) -> dict[str, Any]:
    """The same of prompts. No sentence goes around the texts, as none does around captions."""
    encoded = encoder_client.encode_texts(texts, model=serving_model())
    vector = _mean(encoded.vectors)
    scale = relevance.scale_for(vector, words_of(model_id))
    if scale is None or encoded.model_id != model_id:
        raise NotMeasured
    return {
        "prompt_vector": vector.tobytes(),
        "prompt_centre": scale.centre,
        "prompt_spread": scale.spread,
    }


def _mean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, D) → (D,) of length 1."""
    mean = vectors.mean(axis=0)
    return (mean / np.linalg.norm(mean)).astype("<f4")


def _log(key: uuid.UUID, before: State, after: State, by: User) -> None:
    names = [name for name in after if before.get(name) != after[name]]
    audit.record(
        actor=by,
        action=AuditEntry.Action.SET,
        kind=AuditEntry.Kind.SETTING,
        key=key,
        before={name: before[name] for name in names if name in before},
        after={name: after[name] for name in names},
    )
