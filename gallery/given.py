"""Pictures that somebody searches by and that are not stored: only the vector stays, for a while."""

import logging
from datetime import timedelta
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files.base import File
from django.utils import timezone

from gallery import pixels
from gallery.embedding import SHORT_SIDE, encode_picture
from gallery.models import QueryPicture, User
from gallery.rates import Rate
from gallery.validation import validate_picture

logger = logging.getLogger(__name__)

RATE = Rate("query-pictures")
KEPT_FOR_VISITORS = timedelta(days=1)  # nobody is there to ask them to keep fewer


def remember_vector(*, file: File, asker: User | None) -> QueryPicture:
    """Checks a file as an upload is checked, and keeps its vector and nothing else of it.

    Raises ValidationError (its codes are in validation.py) and encoder_client's exceptions.
    """
    validate_picture(file)
    encoded = encode_picture(
        pixels.clean_pixels(
            cast(BinaryIO, file), max_pixels=settings.UPLOAD_MAX_PIXELS, at_least=2 * SHORT_SIDE
        )
    )
    vector = encoded.vectors[0]
    kept_for = timedelta(days=settings.QUERY_PICTURE_DAYS) if asker else KEPT_FOR_VISITORS
    return QueryPicture.objects.create(
        asker=asker,
        model_id=encoded.model_id,
        dim=vector.shape[0],
        vector=vector.astype("<f4").tobytes(),
        expires_at=timezone.now() + kept_for,
    )


def forget_expired() -> int:
    """Removes the vectors whose time is over. Returns how many."""
    forgotten, _models = QueryPicture.objects.over().delete()
    if forgotten:
        logger.info("%d pictures that were searched by are forgotten", forgotten)
    return forgotten
