"""When a run shows what it has so far."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.engine.loop import Step


class PreviewPace:
    """When to show a preview: of the first and last step, of a few between, of more as long as that is cheap.

    Never more than MOST_A_SECOND, except that even a run of quick steps shows FEWEST_A_RUN.
    """

    MOST_A_SECOND = 6
    LARGEST_SHARE = 0.2  # of the time; a preview costs one more pass through the decoder
    FEWEST_A_RUN = 8

    def __init__(self) -> None:
        self._next_at = -math.inf  # time.monotonic()
        self._first = True

    def is_due(self, step: Step) -> bool:
        every = math.ceil(step.total / self.FEWEST_A_RUN)
        regular = self._first or step.is_last or step.index % every == 0
        return regular or time.monotonic() >= self._next_at

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Around making and sending a preview."""
        begun = time.monotonic()
        yield
        self._first = False
        cost = time.monotonic() - begun
        self._next_at = begun + max(1 / self.MOST_A_SECOND, cost / self.LARGEST_SHARE)
