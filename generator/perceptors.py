"""CLIP models that a wish can name to judge its picture: the image towers of the shipped pack, each by
itself, those that `manage.py models` installed, and what the studio uses anyway."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from generator.engine.perceptors import MOST, PerceptorError, parse_perceptors
from generator.models import Job

if TYPE_CHECKING:  # torch is for the worker alone
    from gallery.clip.model import ClipConfig
    from generator.engine.goals import Perceptor

logger = logging.getLogger(__name__)

USUAL = "usual"
MEMBERS = ("mini-1", "mini-2", "mini-3")  # towers of the pack, each with a size of its own
RECORD = "model.json"  # in the folder of an installed model


class PerceptorGone(Exception):
    """A CLIP model that was named is not here."""


def names() -> list[str]:
    """All that can be named now."""
    return [USUAL, *MEMBERS, *sorted(_installed())]


def missing(wanted: Iterable[str]) -> list[str]:
    return [name for name in wanted if name not in {USUAL, *MEMBERS} and name not in _installed()]


def check_here(wanted: Iterable[str]) -> None:
    """Raises ValidationError naming the first that is not here, and what is."""
    for name in missing(wanted):
        message = _("There is no CLIP model %(name)s here. There are: %(names)s.")
        raise ValidationError(message % {"name": name[:64], "names": ", ".join(names())}, code="no_perceptor")


def is_wanted(name: str) -> bool:
    """Whether a picture that waits or is being made is judged by this model."""
    chosen = Job.objects.unfinished().exclude(options={}).values_list("options", flat=True)
    return any(name in _named(options) for options in chosen)


def config_of(name: str) -> ClipConfig:
    """What to load for a name. Raises PerceptorGone."""
    from gallery.clip.model import PACK, ClipConfig, parse_name

    pack = settings.WEIGHTS_DIR / "mini" / "clip"
    if name == USUAL:
        return replace(parse_name(settings.CLIP_NAME, pack_dir=pack), quick=True)
    if name in MEMBERS:
        return ClipConfig(PACK, "", pack, quick=True, member=MEMBERS.index(name))
    record = _installed().get(name)
    if record is None:
        raise PerceptorGone(f"there is no CLIP model {name} here")
    return ClipConfig(record["architecture"], str(settings.MODELS_DIR / name), pack, quick=True)


def load(name: str) -> Perceptor:
    """The model of that name, kept for further pictures of this process. Raises PerceptorGone, or what
    load_clip raises."""
    record = _installed().get(name, {})
    return _load(config_of(name), str(record.get("files")))


@lru_cache(MOST)  # so that a worker never holds more than one picture can need
def _load(config: ClipConfig, _checksums: str) -> Perceptor:
    """_checksums: of its files, as another model may come under the same name."""
    from gallery.clip.model import load_clip

    return load_clip(config)


def _installed() -> dict[str, dict[str, Any]]:
    """Records of the CLIP models in MODELS_DIR, by name; a damaged one is as if it were not here."""
    found = {}
    for path in settings.MODELS_DIR.glob(f"[!.]*/{RECORD}"):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["kind"] == "clip" and record["architecture"]:
                found[path.parent.name] = record
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be read: %s", path, error)
    return found


def _named(options: dict[str, Any]) -> set[str]:
    try:
        return {each.name for each in parse_perceptors(str(options.get("perceptors", "")))}
    except PerceptorError:
        return set()
