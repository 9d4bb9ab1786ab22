"""When a run zooms: it depends on the step alone, so a run that goes on needs no memory of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rhythm:
    """every: steps from zoom to zoom, 0 where there is none; start: the first step, counted from 0, that a
    zoom may come before."""

    every: int = 0
    start: int = 0

    def __bool__(self) -> bool:
        return self.every > 0

    def is_due(self, done: int) -> bool:
        """Whether the picture is zoomed before the next step, after `done` steps; never the start itself."""
        return done > 0 and done >= self.start and self.has_beat(done)

    def has_beat(self, done: int) -> bool:
        """The same, also where the zooming has not begun yet."""
        return bool(self) and (done - self.start) % self.every == 0

    def steps_since(self, done: int) -> int:
        """How many of the `done` steps, at least 1, were taken since the last zoom; all before one."""
        if not self or done <= self.start:
            return done
        return (done - 1 - self.start) % self.every + 1

    def before(self, done: int) -> int:
        """How many of the steps came before the first zoom; all where there is none."""
        return min(done, self._first) if self else done

    def has_begun(self, done: int) -> bool:
        """Whether one of these steps was taken on a zoomed picture."""
        return bool(self) and done > self._first

    @property
    def _first(self) -> int:
        """The steps that there are before the first zoom."""
        return self.start or self.every
