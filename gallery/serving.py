"""Which model searches use, and how another one takes over: prepared beside it, then in one update.

The encoder's first model is the wanted one. When it is another than the serving one, every picture gets its
vector (reembedding.py) while searches go on with the serving one. Nobody ever compares vectors of two models:
a search asks once which one serves, and stays with it.
"""

import logging
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django_q.tasks import async_task

from gallery import encoder_client
from gallery.embedding import reload_indexes
from gallery.models import (
    Background,
    Embedding,
    EncodingModel,
    Image,
    ImageQuerySet,
    Map,
    PendingVector,
    Serving,
    words_of,
)
from gallery.words.following import note_all_words

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=24)  # vectors of a model that serves no more, for the way back
CHUNK = 500  # rows deleted at once


def known_names() -> list[str]:
    """Of every model that the encoder may be asked for. Empty before the database was first migrated."""
    try:
        return sorted(set(EncodingModel.objects.values_list("name", flat=True)))
    except DatabaseError:
        return []


def follow_encoder() -> None:
    """Takes notice of the encoder's models: begins a change when its first one is new, and gives up on a
    serving one that it cannot load any more. Safe to repeat; does nothing while it is away."""
    serving = Serving.objects.select_related("current", "next").first()
    try:
        if serving:
            encoder_client.health(serving.current.name)  # which loads it
        reports = encoder_client.health().get("models") or []
    except (encoder_client.EncoderUnavailable, encoder_client.EncoderFailed):
        return
    first = reports[0] if reports else {}
    if first.get("status") != "ok":
        return
    if serving is None:
        _adopt(_known(first))
        return
    if first["model_id"] != serving.wanted_id:
        model = _known(first)
        if Serving.objects.filter(wanted_id=serving.wanted_id).update(wanted_id=model.model_id):
            begin(model=model)
    if is_gone(serving.current, reports):
        _replace(serving.current, by=_known(first))


def is_gone(model: EncodingModel, reports: list[dict[str, Any]]) -> bool:
    """Whether the encoder will not load it again: its weights were exchanged, damaged or taken away."""
    for report in reports:
        if report["name"] == model.name:
            exchanged = report["status"] == "ok" and report["model_id"] != model.model_id
            return exchanged or report["status"] == "unusable"
    return True


def begin(*, model: EncodingModel) -> bool:
    """From now on pictures get vectors of this model, which will serve when they have them; the one that
    serves already ends what was under way. Whether that is news."""
    with transaction.atomic():
        serving = Serving.objects.select_for_update().get()
        if model.pk in {serving.next_id, serving.current_id} and serving.next_id in {model.pk, None}:
            return False
        if serving.next_id:
            _leave(serving.next_id)
        is_back = model.pk == serving.current_id
        EncodingModel.objects.filter(pk=model.pk).update(unused_since=None)
        Serving.objects.update(
            next=None if is_back else model, next_since=None if is_back else timezone.now()
        )
        note_all_words()
    logger.info("%s is being prepared", model)
    return True


def cancel(*, model: EncodingModel) -> bool:
    """Gives up preparing this model. Its vectors are kept for a while, so that beginning again is quick.
    False if it was not being prepared (any more)."""
    with transaction.atomic():
        cancelled = Serving.objects.filter(next=model).update(next=None, next_since=None)
        if cancelled:
            _leave(model.pk)
    return bool(cancelled)


def take_over(*, model: EncodingModel) -> bool:
    """Makes the next model the serving one, if it still is the next and nothing lacks its vector.

    One conditional update, behind the lock that storing vectors takes as well: whoever searches sees the
    model before or the model after, each with every picture.
    """
    with transaction.atomic():
        serving = Serving.objects.select_for_update().filter(next=model).first()
        if serving is None or not is_complete(model, instead_of=serving.current):
            return False
        _serve(model, instead_of=serving.current_id, filling=False)
    logger.info("%s has taken over", model)
    async_task("gallery.tasks.prepare_index", model.model_id, q_options={"timeout": 400})
    return True


def is_complete(model: EncodingModel, *, instead_of: EncodingModel) -> bool:
    """Every picture that is found by one model will be by the other, except those set aside, and the line
    between likely matches and the rest can be drawn."""
    if lacking(model).exists() or being_prepared(model, instead_of=instead_of).exists():
        return False
    return Background.objects.filter(model_id=model.model_id, line__isnull=False).exists()


def lacking(model: EncodingModel) -> ImageQuerySet:
    """Finished pictures without a vector of this model that are not set aside."""
    finished = Image.objects.filter(~_has_vector(model), status=Image.Status.READY)
    set_aside = PendingVector.objects.filter(image=OuterRef("pk"), model=model, retry_at=None)
    return finished.filter(~Exists(set_aside))


def being_prepared(model: EncodingModel, *, instead_of: EncodingModel) -> ImageQuerySet:
    """Pictures that are prepared once more, and are found meanwhile; their preparation makes both vectors."""
    pending = Image.objects.filter(status=Image.Status.PENDING)
    return pending.filter(_has_vector(instead_of), ~_has_vector(model))


def discard_unused() -> int:
    """Deletes the vectors of models that have not been used for a day. Returns how many."""
    deleted = 0
    for model in EncodingModel.objects.filter(unused_since__lt=timezone.now() - KEPT_FOR):
        vectors = Embedding.objects.filter(model_id__in=[model.model_id, words_of(model.model_id)])
        while keys := list(vectors.values_list("pk", flat=True)[:CHUNK]):
            deleted += Embedding.objects.filter(pk__in=keys).delete()[0]
        PendingVector.objects.filter(model=model).delete()
        EncodingModel.objects.filter(pk=model.pk).update(unused_since=None)
        reload_indexes()
        logger.info("The vectors of %s were deleted", model)
    return deleted


def _has_vector(model: EncodingModel) -> Exists:
    return Exists(Embedding.objects.filter(image=OuterRef("pk"), model_id=model.model_id))


def _known(report: dict[str, Any]) -> EncodingModel:
    """The row of a model that the encoder reports."""
    model, _created = EncodingModel.objects.update_or_create(
        model_id=report["model_id"], defaults={"name": report["name"]}
    )
    return model


def _adopt(model: EncodingModel) -> None:
    """The first model there is serves at once; pictures from before this row may lack its vector."""
    Serving.objects.get_or_create(
        pk=1,
        defaults={
            "current": model,
            "wanted_id": model.model_id,
            "since": timezone.now(),
            "is_filling": Image.objects.exists(),
        },
    )


def _replace(gone: EncodingModel, *, by: EncodingModel) -> None:
    """Without the model's weights no words can be searched for, so the other one serves at once, and finds
    the pictures as they get their vectors."""
    with transaction.atomic():
        Serving.objects.select_for_update().get()
        if _serve(by, instead_of=gone.pk, filling=True):
            logger.warning("%s cannot be loaded any more: %s serves at once", gone, by)


def _serve(model: EncodingModel, *, instead_of: int, filling: bool) -> bool:
    changed = Serving.objects.filter(~Q(current=model), current=instead_of).update(
        current=model, since=timezone.now(), next=None, next_since=None, is_filling=filling
    )
    if changed:
        EncodingModel.objects.filter(pk=model.pk).update(unused_since=None)
        _leave(instead_of)
        note_all_words()
        Map.objects.update(newest_seen=0)  # each looks again, and is laid out by the new model
    return bool(changed)


def _leave(model_pk: int) -> None:
    EncodingModel.objects.filter(pk=model_pk).update(unused_since=timezone.now())
