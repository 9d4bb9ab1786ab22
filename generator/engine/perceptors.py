"""The notation for several CLIP models that judge one picture together, as Pixray's `clip_models` does.

mini-1 mini-2          two, which count alike
mini-1:2 mini-2:0.5    the first counts four times as much as the second
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST = 4  # in one picture
LOWEST_WEIGHT, HIGHEST_WEIGHT = 0.01, 100.0

_PART = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})(?::(\d+(?:\.\d+)?))?")


class PerceptorError(ValueError):
    """What stands there is no list of CLIP models. The message says why, `word` where."""

    def __init__(self, reason: str, word: str = "") -> None:
        super().__init__(reason)
        self.word = word


@dataclass(frozen=True)
class Weighted:
    """A model's name, and how much it counts beside the others, above 0."""

    name: str
    weight: float = 1.0


def parse_perceptors(text: str) -> tuple[Weighted, ...]:
    """Those that are named, in their order, none for an empty text. Raises PerceptorError."""
    found = tuple(_read(word) for word in re.split(r"[\s,;]+", text.strip()) if word)
    if len(found) > MOST:
        raise PerceptorError(f"there may be at most {MOST}")
    for at, each in enumerate(found):
        if each.name in {other.name for other in found[:at]}:
            raise PerceptorError(f"{each.name} stands there twice", each.name)
    return found


def _read(word: str) -> Weighted:
    part = _PART.fullmatch(word)
    if part is None:
        raise PerceptorError(f"{word!r} is no name of a model, or no name with a weight", word)
    weight = float(part[2] or 1)
    if not LOWEST_WEIGHT <= weight <= HIGHEST_WEIGHT:
        reason = f"the weight of {part[1]} must be from {LOWEST_WEIGHT:g} to {HIGHEST_WEIGHT:g}"
        raise PerceptorError(reason, word)
    return Weighted(part[1], weight)
