"""Which checks there are, and asking them."""

import numpy as np
from django.db import transaction
from PIL import Image as Pillow

from gallery.embedding import as_array
from gallery.models import Image, serving_vectors
from gallery.moderation.checks import blocked
from gallery.moderation.checks.acting import act_on, note_refusal
from gallery.moderation.checks.verdicts import (
    Arrival,
    EarlyCheck,
    LateCheck,
    Prepared,
    Refused,
    Result,
    Verdict,
)

# The cheapest first. A further check is one more name here.
EARLY: list[EarlyCheck] = [blocked.check_file, blocked.check_print]
LATE: list[LateCheck] = []


def check_arrival(arrival: Arrival) -> list[Verdict]:
    """What speaks against a file, for act_on() once it is stored. Raises Refused, which is in the audit log
    then."""
    verdicts = []
    for check in EARLY:
        verdict = check(arrival)
        if verdict is None:
            continue
        if verdict.result == Result.REFUSE:
            refused = Refused(verdict, arrival)
            note_refusal(refused)
            raise refused
        verdicts.append(verdict)
    return verdicts


def has_late_checks() -> bool:
    return any(check.is_active() for check in LATE)


def check_prepared(*, image: Image, picture: Pillow.Image) -> None:
    """Asks the late checks about a picture that has its vector, and lets others see it if it passes. Nothing
    happens to one that they have been asked about before. Safe to repeat."""
    embedding = serving_vectors().filter(image=image).order_by("-pk").first()
    if embedding is None:
        return
    vector = np.array(as_array(embedding))
    prepared = Prepared(image=image, picture=picture, vector=vector, model_id=embedding.model_id)
    verdicts = [found for check in LATE if check.is_active() and (found := check.check(prepared))]
    with transaction.atomic():
        if Image.objects.filter(pk=image.pk, awaits_checks=True).update(awaits_checks=False) and verdicts:
            act_on(image=image, verdicts=verdicts)
