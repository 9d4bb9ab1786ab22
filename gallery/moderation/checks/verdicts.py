"""What automatic checks are given and what they answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from django.core.exceptions import ValidationError
from numpy.typing import NDArray
from PIL import Image as Pillow

from gallery.models import Finding, Image, User
from gallery.models.findings import words_of

Result = Finding.Result
STRICTNESS = [Result.BLUR, Result.HOLD, Result.REFUSE]  # the strictest last


@dataclass(frozen=True)
class Verdict:
    """Why a picture does not pass; a check that has nothing against it answers None.

    check: the check's name, at most 40 letters. reason: a message id (gettext_noop) that names `params` as
    %(name)s, so that everybody reads it in their own language. severity: 1 to 3, of its case in the queue.
    code: of the refusal, if it is one on arrival.
    """

    check: str
    result: Result
    reason: str
    params: Mapping[str, str | int | float] = field(default_factory=dict)
    severity: int = 2
    code: str = "blocked"

    @property
    def words(self) -> str:
        return words_of(self.reason, dict(self.params))


@dataclass(frozen=True)
class Arrival:
    """A file before it is stored, in the web process (or, of a generated picture, in the worker).

    ways: (2, 32, 32) uint8, of its prints (see prints.py); None for a picture that has none.
    """

    owner: User
    origin: Image.Origin
    sha256: str
    ways: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Prepared:
    """A stored picture in the queue's worker: its pixels, upright RGB, and its vector of length 1, (D,)."""

    image: Image
    picture: Pillow.Image
    vector: NDArray[np.float32]
    model_id: str


class EarlyCheck(Protocol):
    """Looks at what arrives, in the time of the request: no model, no pixels but their prints."""

    def __call__(self, arrival: Arrival, /) -> Verdict | None: ...


class LateCheck(Protocol):
    """Looks at the pixels and the vector in the queue. While one is active, nobody but its owner and
    moderators sees a new picture until all of them are done with it."""

    def is_active(self) -> bool: ...

    def check(self, prepared: Prepared, /) -> Verdict | None: ...


class Refused(ValidationError):
    """A check let a file not in. Its message is the reason, its code the verdict's."""

    def __init__(self, verdict: Verdict, arrival: Arrival) -> None:
        super().__init__(verdict.words, code=verdict.code)
        self.verdict, self.arrival = verdict, arrival


def strictest(verdicts: list[Verdict]) -> Verdict:
    """Of several that are as strict, the most severe."""
    return max(verdicts, key=lambda verdict: (STRICTNESS.index(verdict.result), verdict.severity))
