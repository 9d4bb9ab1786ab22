"""The shape of one transformer; torch is not needed to check it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path


class TransformerError(Exception):
    """A setting is out of its limits, or a file does not fit; the message says which and what to do."""


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Everything that decides the shapes of the weights."""

    codes: int  # K, vectors in the codebook; also the vocabulary of what is predicted
    text_width: int  # numbers in each state of the text tower that conditions it
    # Rows and columns of a picture in codes, coarse to fine: each is drawn after the one before it.
    sides: tuple[int, ...] = (8, 16)
    text_length: int = 24  # states of the text that are looked at, the first ones
    width: int = 384
    layers: int = 6
    heads: int = 6
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("codes", "text_width", "text_length", "width", "layers", "heads"):
            if getattr(self, name) < 1:
                raise TransformerError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not self.sides or self.sides[0] < 1:
            raise TransformerError(f"a picture needs at least one code a side, not {self.sides}")
        for coarse, fine in pairwise(self.sides):
            if fine <= coarse or fine % coarse:
                raise TransformerError(f"{fine} codes a side are no multiple of the {coarse} before them")
        if self.width % self.heads:
            raise TransformerError(f"width {self.width} is no multiple of {self.heads} heads")
        if not 0 <= self.dropout < 1:
            raise TransformerError(f"dropout must be in [0, 1), not {self.dropout}")

    @property
    def grid(self) -> int:
        """Codes a side of the largest picture."""
        return self.sides[-1]

    def sides_to(self, side: int) -> tuple[int, ...]:
        """The grids that a picture of side × side codes takes. Raises TransformerError if there is none."""
        if side not in self.sides:
            known = " or ".join(str(each) for each in self.sides)
            raise TransformerError(f"a picture has {known} codes a side, not {side}")
        return self.sides[: self.sides.index(side) + 1]

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n", encoding="utf-8")


def read_config(path: Path) -> TransformerConfig:
    """Raises TransformerError for a file that is missing, is no JSON or has other keys."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return TransformerConfig(**values | {"sides": tuple(values["sides"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TransformerError(f"{path} does not describe a transformer ({error})") from error
