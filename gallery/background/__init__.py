"""Measures a model's background: pictures and captions of this folder, through the encoder into one row."""

import io
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
from django.utils import timezone
from django_q.tasks import async_task
from PIL import Image as Pillow

from gallery import encoder_client, relevance
from gallery.models import Background, EncodingModel, Serving, serving_model, words_of

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
SHEET = FOLDER / "pictures.webp"
CAPTIONS = FOLDER / "captions.txt"
TILE = 128  # pixels, of each picture on the sheet
TOGETHER = 4  # pictures on their way to the encoder at once, so that it can batch them
BATCH = 32  # captions in one request
ASK_AGAIN = timedelta(minutes=2)

_measured: set[str] = set()  # models whose background this process has seen


class ModelChanged(Exception):
    """The encoder was given another model in the middle of the measurement. Worth another try."""


def request_measurement() -> bool:
    """Asks the queue for what is missing of the serving and the next model's backgrounds. Safe to repeat."""
    serving = Serving.objects.select_related("current", "next").first()
    models = [model for model in (serving.current, serving.next) if model] if serving else []
    asked = [model for model in models if model.model_id not in _measured and _is_wanted(model)]
    for model in asked:
        async_task("gallery.tasks.measure_background", model.pk, q_options={"timeout": 400})
    return bool(asked)


def _is_wanted(model: EncodingModel) -> bool:
    if _is_measured(model):
        _measured.add(model.model_id)
        return False
    return encoder_client.has(model) and _claim(model.model_id)


def _is_measured(model: EncodingModel) -> bool:
    names = [model.model_id, words_of(model.model_id)]
    return Background.objects.filter(model_id__in=names, line__isnull=False).count() == len(names)


def measure_missing(*, model: EncodingModel) -> None:
    """Measures the background unless it is there: it may have been asked for twice. While the encoder is away
    nothing is measured, and upkeep asks again."""
    if _is_measured(model):
        return
    try:
        measure_background(model=model)
    except encoder_client.EncoderUnavailable as error:
        logger.warning("The background of %s waits for the encoder: %s", model, error)
        asked = Background.objects.filter(model_id=model.model_id, line__isnull=True)
        asked.update(asked_at=timezone.now() - ASK_AGAIN)


def measure_background(
    *, model: EncodingModel | None = None, pictures: Iterable[bytes] | None = None
) -> Background:
    """Encodes pictures and captions and stores what relevance.py needs of them.

    model: the serving one if not given. pictures: files that have nothing to do with what people will look
    for; those of this folder if not given.
    Raises encoder_client's exceptions and ModelChanged.
    """
    model = model or serving_model()
    captions = CAPTIONS.read_text(encoding="utf-8").splitlines()
    texts = [
        encoder_client.encode_texts(captions[start : start + BATCH], model=model)
        for start in range(0, len(captions), BATCH)
    ]
    with ThreadPoolExecutor(TOGETHER) as pool:
        files = shipped_pictures() if pictures is None else pictures
        encoded = list(pool.map(partial(encoder_client.encode_image, model=model), files))
    model_id = texts[0].model_id
    if any(item.model_id != model_id for item in (*texts, *encoded)):
        raise ModelChanged
    vectors = np.concatenate([item.vectors for item in encoded])
    said = np.concatenate([item.vectors for item in texts])
    _store(words_of(model_id), relevance.measure_words(said))
    return _store(model_id, relevance.measure(vectors, said))


def _store(model_id: str, measured: relevance.Measured) -> Background:
    now = timezone.now()
    result = {
        "vectors": measured.vectors.astype("<f4").tobytes(),
        "dim": measured.vectors.shape[1],
        "spread": measured.spread,
        "line": measured.line,
        "near": measured.near,
        "measured_at": now,
    }
    background, _created = Background.objects.update_or_create(
        model_id=model_id, defaults=result, create_defaults={**result, "asked_at": now}
    )
    return background


def shipped_pictures() -> Iterator[bytes]:
    """The tiles of the sheet, each as a PNG file."""
    with Pillow.open(SHEET) as sheet:
        picture = sheet.convert("RGB")
    for top in range(0, picture.height, TILE):
        for left in range(0, picture.width, TILE):
            content = io.BytesIO()
            picture.crop((left, top, left + TILE, top + TILE)).save(content, "PNG")
            yield content.getvalue()


def _claim(model_id: str) -> bool:
    """Whether it is this caller's turn to ask: nobody has in the last minutes."""
    now = timezone.now()
    _row, created = Background.objects.get_or_create(model_id=model_id, defaults={"asked_at": now})
    if created:
        return True
    old = Background.objects.filter(model_id=model_id, line__isnull=True, asked_at__lt=now - ASK_AGAIN)
    return old.update(asked_at=now) == 1
