"""Ways of drawing behind one small protocol: by a VQGAN, in cells, in waves, in strokes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from generator.engine.drawers.alpha import Alpha
from generator.engine.drawers.cells import LAYOUTS, CellDrawer
from generator.engine.drawers.drawer import CanBecome, Drawer
from generator.engine.drawers.spectrum import SpectrumDrawer
from generator.engine.drawers.strokes import StrokeDrawer
from generator.engine.drawers.vqgan import Decoder, VqganDrawer, WrappedDecoder

if TYPE_CHECKING:
    from generator.engine.settings import GenerateSettings

__all__ = [
    "Alpha",
    "CanBecome",
    "CellDrawer",
    "Decoder",
    "Drawer",
    "SpectrumDrawer",
    "StrokeDrawer",
    "VqganDrawer",
    "WrappedDecoder",
    "open_drawer",
]


def open_drawer(settings: GenerateSettings, vqgan: Decoder, rng: torch.Generator) -> Drawer:
    """The drawer that `settings` ask for, with its start drawn from `rng`.

    Everything lies on the decoder's device. Raises SettingsError for a size that a decoder cannot draw.
    """
    size = {"width": settings.width, "height": settings.height}
    device = vqgan.codebook.device
    levels = settings.coarse_levels
    if settings.drawer == "vqgan":
        return VqganDrawer(vqgan, **size, rng=rng, levels=levels, quantised=settings.quantise)
    if settings.drawer in LAYOUTS:
        layout = settings.outline if settings.drawer == "squares" else settings.drawer
        cells = settings.cells
        return CellDrawer(**size, layout=layout, cells=cells, levels=levels, rng=rng, device=device)
    if settings.drawer == "fft":
        return SpectrumDrawer(**size, rng=rng, device=device)
    coloured = settings.drawer == "strokes"
    return StrokeDrawer(
        **size,
        count=settings.strokes,
        coloured=coloured,
        thickness=settings.stroke_width,
        length=settings.stroke_length,
        rng=rng,
        device=device,
    )
