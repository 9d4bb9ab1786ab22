"""What enlarges finished pictures on this site, and how large they may become."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.formats import localize
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:  # torch is loaded by the worker that runs a job, and by nobody who only imports this module
    from generator.engine.upscaler import Upscaler

BYTES_PER_PIXEL = 4  # of a PNG with alpha that cannot be made smaller


def load() -> Upscaler | None:
    """The network of the settings, loaded once a process; None where there is none. Raises UpscalerError."""
    return _loaded(Path(settings.UPSCALER_CHECKPOINT)) if settings.UPSCALER_CHECKPOINT else None


@cache
def _loaded(path: Path) -> Upscaler:
    from generator.engine.upscaler import load_upscaler

    return load_upscaler(path)


def _explanation() -> str:
    """What the form says: how honest the word "enlarge" is here."""
    if settings.UPSCALER_CHECKPOINT:
        name = Path(settings.UPSCALER_CHECKPOINT).stem
        words = gettext(
            "The finished picture is made larger by the model %(name)s, which draws finer edges and may take "
            "minutes."
        )
        return words % {"name": name}
    return gettext(
        "The finished picture is stored larger. This is plain enlargement, which adds no detail: no model "
        "for it is set up here."
    )


explanation = lazy(_explanation, str)


def check_size(*, width: int, height: int, times: int) -> None:
    """Raises ValidationError (code `too_large`) for a picture that could not be stored."""
    most = min(settings.UPLOAD_MAX_PIXELS, settings.UPLOAD_MAX_BYTES // BYTES_PER_PIXEL)
    pixels = width * height * times**2
    if times > 1 and pixels > most:
        raise ValidationError(
            _(
                "Enlarged, it would have %(pixels)s megapixels; at most %(most)s can be kept here. Choose a "
                "smaller size or enlargement."
            ),
            code="too_large",
            params={"pixels": _megapixels(pixels), "most": _megapixels(most)},
        )


def _megapixels(pixels: int) -> str:
    return str(localize(round(pixels / 1_000_000, 1)))
