"""The shape of one transformer; torch is not needed to check it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path


class TransformerError(Exception):
    """A setting is out of its limits, or a file does not fit; the message says which and what to do."""


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Everything that decides the shapes of the weights."""

    codes: int  # K, vectors in the codebook; also the vocabulary of what is predicted
    text_width: int  # numbers in each state of the text tower that conditions it
    grid: int = 16  # rows and columns of the largest picture, in codes
    text_length: int = 24  # states of the text that are looked at, the first ones
    width: int = 384
    layers: int = 6
    heads: int = 6
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("codes", "text_width", "grid", "text_length", "width", "layers", "heads"):
            if getattr(self, name) < 1:
                raise TransformerError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.width % self.heads:
            raise TransformerError(f"width {self.width} is no multiple of {self.heads} heads")
        if not 0 <= self.dropout < 1:
            raise TransformerError(f"dropout must be in [0, 1), not {self.dropout}")

    def check_side(self, side: int) -> None:
        """Raises TransformerError for a picture of side × side codes that has no places here.

        A smaller grid takes every second, third, … place of the largest, so that a shape's middle stays the
        middle; hence the divisor.
        """
        if side < 1 or self.grid % side:
            raise TransformerError(f"a picture has {self.grid} codes a side or a divisor of it, not {side}")

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n", encoding="utf-8")


def read_config(path: Path) -> TransformerConfig:
    """Raises TransformerError for a file that is missing, is no JSON or has other keys."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return TransformerConfig(**values)
    except (OSError, ValueError, TypeError) as error:
        raise TransformerError(f"{path} does not describe a transformer ({error})") from error
