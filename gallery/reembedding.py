"""When the model has been exchanged, every picture gets a vector of the new one, a few at a time."""

from django.db.models import Exists, OuterRef
from django.utils import timezone

from gallery import encoder_client
from gallery.models import Embedding, Image
from gallery.preparation import LOST_AFTER, REQUEUE_BATCH, enqueue

_complete: set[str] = set()  # models that this process has found with every picture's vector


def requeue_outdated() -> int:
    """Sends finished pictures without a vector of the encoder's present model back to the queue.

    Vectors of the earlier model stay until they are asked for no more. Returns how many were enqueued: never
    more than keeps the queue short, so that new uploads do not wait behind a whole library. Safe to repeat.
    """
    model_id = _present_model()
    if model_id is None or model_id in _complete:
        return 0
    room = REQUEUE_BATCH - Image.objects.filter(status=Image.Status.PENDING).count()
    if room <= 0:
        return 0
    vector = Embedding.objects.filter(image=OuterRef("pk"), model_id=model_id)
    outdated = Image.objects.filter(~Exists(vector), status=Image.Status.READY)
    ids = list(outdated.values_list("pk", flat=True)[:room])
    if not ids:
        _complete.add(model_id)
    for image_id in ids:
        changed = Image.objects.filter(pk=image_id, status=Image.Status.READY).update(
            status=Image.Status.PENDING, attempts=0, retry_at=timezone.now() + LOST_AFTER
        )
        if changed:
            enqueue(image_id, 0)
    return len(ids)


def _present_model() -> str | None:
    try:
        return encoder_client.health().get("model_id")
    except (encoder_client.EncoderUnavailable, encoder_client.EncoderFailed):
        return None
