"""What a transformer works with besides itself: a VQGAN's codes, and the pack's text tower."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from clipweb.registry import store
from gallery.training.folder import RunError

if TYPE_CHECKING:
    from gallery.clip.model import ClipModel
    from generator.engine.vqgan import Vqgan

SHIPPED = "mini-vqgan"
MINI = "mini"  # the transformer that was trained with it


@dataclass(frozen=True)
class Parts:
    vqgan: Vqgan
    clip: ClipModel
    text_width: int  # numbers in a state of its text tower


def chosen_vqgan() -> str:
    """The one that the studio draws with, if it is one of the registry's."""
    return store.used().vqgan or SHIPPED


def shipped_folder() -> Path:
    """Where MINI is."""
    return settings.WEIGHTS_DIR / "mini" / "transformer"


@cache
def load_parts(vqgan: str) -> Parts:
    """Raises RunError for a VQGAN that is not here, and the loaders' own errors for damaged files."""
    from gallery.clip.model import QUICK_PACK, load_clip, parse_name
    from generator.engine.vqgan import VqganError, VqganSource, load_vqgan

    if vqgan != SHIPPED:
        model = store.find(vqgan)
        if model is None or model.kind != "vqgan":
            raise RunError(f"{vqgan} is no VQGAN that is here: `manage.py models list` has the names.")
    folder = settings.MODELS_DIR / vqgan
    source = VqganSource(folder / "model.safetensors", folder / "config.yaml")
    try:
        loaded = load_vqgan(VqganSource() if vqgan == SHIPPED else source)
    except VqganError as error:
        raise RunError(str(error)) from error
    clip = load_clip(parse_name(QUICK_PACK, pack_dir=settings.WEIGHTS_DIR / "mini" / "clip"))
    states, _mask = clip.text_states(["a"])
    return Parts(loaded, clip, states.shape[-1])
