"""The language of prompts: texts with weights and stops, several at once, and stories that change over time.

    a red heart                          one text
    a red heart | lace:0.5 | blue:-1     several; a negative weight leads away from its text
    a red heart:2:0.4                    weight 2, and no further once the distance has fallen to 0.4
    a seed ^ a sapling ^ a tree          a story: its scenes share the steps evenly
    an owl | picture:1b4e28ba-…:0.5      a picture of the gallery in the place of a text, by its id
    an owl | noise:7:0.2                 a random direction in the place of a text, by its seed

The notation is Pixray's and nerdyrodent/VQGAN-CLIP's, that of pictures the search box's. What stands in
quotation marks is text, signs and all.
"""

from __future__ import annotations

import math
import re
import uuid
from dataclasses import dataclass, replace
from enum import StrEnum

MAX_SCENES = 8
MAX_TEXTS = 8  # in a scene
MAX_WEIGHT = 10.0
MAX_STOP = math.pi**2 / 2  # the spherical distance of opposite vectors

MAX_NOISE_SEED = 2**32 - 1

_NUMBER = r"[+-]?\d+(?:[.,]\d+)?"
_WEIGHT_AND_STOP = re.compile(rf"\s*:\s*({_NUMBER})\s*(?::\s*({_NUMBER})\s*)?$")
_NOT_TEXT = re.compile(r"(picture|noise):(\S[^\s:]*)(.*)", re.IGNORECASE | re.DOTALL)
_QUOTES = {'"': '"', "“": "”", "”": "”", "„": "“"}


class Kind(StrEnum):
    """What a part of a scene asks for."""

    TEXT = "text"
    PICTURE = "picture"
    NOISE = "noise"


class Trouble(StrEnum):
    """Why a prompt cannot be read."""

    NO_TEXT = "words are missing here"
    NO_WEIGHT = "a number is missing after the colon"
    WEIGHT = f"a weight is from -{MAX_WEIGHT:g} to {MAX_WEIGHT:g} and not 0"
    STOP = f"a stop is a distance from -{MAX_STOP:.1f} to {MAX_STOP:.1f}, with the sign of its weight"
    PICTURE = "after picture: the id of a picture has to follow"
    NOISE = f"after noise: a seed has to follow, a whole number up to {MAX_NOISE_SEED}"
    AFTER_ID = "after the id or the seed only a weight may follow"
    OPEN_QUOTE = "the quotation mark is never closed"
    AFTER_QUOTE = "after the quotation mark only a weight may follow"
    ONLY_NEGATIVE = "a scene needs a text with a positive weight"
    TOO_MANY_TEXTS = f"a scene has at most {MAX_TEXTS} texts"
    TOO_MANY_SCENES = f"a story has at most {MAX_SCENES} scenes"


class PromptError(ValueError):
    """`trouble` says why the prompt cannot be read, `position` at which character, counted from 0."""

    def __init__(self, trouble: Trouble, position: int) -> None:
        super().__init__(f"{trouble} (at character {position + 1})")
        self.trouble = trouble
        self.position = position


@dataclass(frozen=True)
class TextPrompt:
    """A text, or the id of a picture or the seed of a noise, how much it counts, and the distance at which it
    no longer pulls.

    With a negative weight the distance counts negatively too, so such a stop is negative: -1.2 stops pushing
    at a distance of 1.2. See `losses.prompt_distance`.
    """

    text: str
    weight: float = 1.0
    stop: float = -math.inf
    kind: Kind = Kind.TEXT


Scene = tuple[TextPrompt, ...]


def parse_prompt(prompt: str) -> tuple[Scene, ...]:
    """The scenes of a prompt, in their order; plain words are one scene of one text. Raises PromptError."""
    scenes = _split(prompt, 0, "^")
    if len(scenes) > MAX_SCENES:
        raise PromptError(Trouble.TOO_MANY_SCENES, scenes[MAX_SCENES][1])
    return tuple(_read_scene(scene, at) for scene, at in scenes)


def pictures_in(prompt: str) -> set[str]:
    """The ids of the pictures that a prompt asks for. Raises PromptError."""
    return {part.text for scene in parse_prompt(prompt) for part in scene if part.kind == Kind.PICTURE}


def texts_in(prompt: str) -> list[list[str]]:
    """By scene, the texts that lead to the picture, bare. Raises PromptError."""
    return [
        [part.text for part in scene if part.weight > 0 and part.kind == Kind.TEXT]
        for scene in parse_prompt(prompt)
    ]


def last_scene(prompt: str) -> str:
    """A story's end, in the notation of prompts; any other prompt is that itself. Raises PromptError."""
    parse_prompt(prompt)
    return _split(prompt, 0, "^")[-1][0].strip()


def plain_text(prompt: str) -> str:
    """What a person would call the picture: its texts. Raises PromptError.

    Empty where only pictures and noises lead to it.
    """
    return " → ".join(filter(None, map(", ".join, texts_in(prompt))))


def _split(text: str, offset: int, sign: str) -> list[tuple[str, int]]:
    """The parts between the signs that stand outside quotation marks, and where each begins."""
    parts, begin, closing = [], 0, ""
    for at, character in enumerate(text):
        if closing:
            closing = "" if character == closing else closing
        elif character in _QUOTES and not text[begin:at].strip():
            closing = _QUOTES[character]
        elif character == sign:
            parts.append((text[begin:at], offset + begin))
            begin = at + 1
    return [*parts, (text[begin:], offset + begin)]


def _read_scene(scene: str, offset: int) -> Scene:
    parts = _split(scene, offset, "|")
    if len(parts) > MAX_TEXTS:
        raise PromptError(Trouble.TOO_MANY_TEXTS, parts[MAX_TEXTS][1])
    texts = tuple(_read_text(part, at) for part, at in parts)
    if all(text.weight < 0 for text in texts):
        raise PromptError(Trouble.ONLY_NEGATIVE, offset)
    return texts


def _read_text(part: str, offset: int) -> TextPrompt:
    offset += len(part) - len(part.lstrip())
    part = part.strip()
    if part[:1] in _QUOTES and part:
        end = part.find(_QUOTES[part[0]], 1)
        if end < 0:
            raise PromptError(Trouble.OPEN_QUOTE, offset)
        text, rest = part[1:end].strip(), part[end + 1 :]
        found = _WEIGHT_AND_STOP.fullmatch(rest)
        if rest.strip() and not found:
            raise PromptError(Trouble.AFTER_QUOTE, offset + end + 1)
    elif special := _NOT_TEXT.fullmatch(part):
        return _read_special(special, offset)
    else:
        found = _WEIGHT_AND_STOP.search(part)
        text = (part[: found.start()] if found else part).strip()
    if not text or text == ":":
        raise PromptError(Trouble.NO_TEXT, offset)
    if not found and text.endswith(":"):
        raise PromptError(Trouble.NO_WEIGHT, offset + len(part) - 1)
    return _weighted(text, found, offset)


def _read_special(special: re.Match[str], offset: int) -> TextPrompt:
    kind, name, rest = Kind(special[1].lower()), special[2], special[3]
    found = _WEIGHT_AND_STOP.fullmatch(rest)
    if rest.strip() and not found:
        raise PromptError(Trouble.AFTER_ID, offset + special.start(3))
    if kind == Kind.NOISE:
        if not name.isdecimal() or int(name) > MAX_NOISE_SEED:
            raise PromptError(Trouble.NOISE, offset + special.start(2))
        name = str(int(name))
    else:
        try:
            name = str(uuid.UUID(name))
        except ValueError:
            raise PromptError(Trouble.PICTURE, offset + special.start(2)) from None
    return replace(_weighted(name, found, offset), kind=kind)


def _weighted(text: str, found: re.Match[str] | None, offset: int) -> TextPrompt:
    if found is None:
        return TextPrompt(text)
    weight = float(found[1].replace(",", "."))
    at = offset + len(text)
    if not 0 < abs(weight) <= MAX_WEIGHT:
        raise PromptError(Trouble.WEIGHT, at)
    if found[2] is None:
        return TextPrompt(text, weight)
    stop = float(found[2].replace(",", "."))
    if abs(stop) > MAX_STOP or stop * weight < 0:
        raise PromptError(Trouble.STOP, at)
    return TextPrompt(text, weight, stop)
