"""When a run ends by itself: once its loss has stopped falling."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

DECAY = 0.9  # of the running mean of losses: each step's views differ, so that single losses jump


@dataclass
class Patience:
    """Waits `steps` steps for the mean loss to fall below the lowest one so far; 0 is for ever."""

    steps: int
    seen: int = 0
    mean: float = 0.0
    lowest: float = math.inf
    waited: int = 0

    def see(self, loss: float) -> None:
        self.seen += 1
        self.mean += (loss - self.mean) * max(1 - DECAY, 1 / self.seen)
        self.waited = 0 if self.mean < self.lowest else self.waited + 1
        self.lowest = min(self.lowest, self.mean)

    @property
    def is_over(self) -> bool:
        return 0 < self.steps <= self.waited

    def state(self) -> dict[str, float]:
        """All but `steps`, for `Patience(steps, **state)` to go on from."""
        return {name: value for name, value in asdict(self).items() if name != "steps"}
