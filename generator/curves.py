"""How the loss of a job went: a bounded number of points, whatever the number of steps.

Between the first step and the newest, each point is the lowest loss of a span of steps. When there are too
many, two spans become one of twice the length, so that the curve keeps its first, lowest and last value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.functional import cached_property

from generator.models import Job

MOST_POINTS = 120
WIDTH, HEIGHT = 300, 80  # of the drawing, in units of its own
DIGITS = 6  # behind the point, so that a point is some fifteen bytes

Point = tuple[int, float]  # step, from 1 on, and its loss


def with_loss(points: Sequence[Sequence[float]], *, step: int, loss: float) -> list[Point]:
    """The points and that of a newer step. A run that goes on from an earlier one takes its steps anew, so
    what stood there is replaced."""
    kept = [(int(at), value) for at, value in points if at < step]
    kept.append((step, round(loss, DIGITS)))
    span = 1
    while len(kept) > MOST_POINTS:
        span *= 2
        kept = _lowest_of_spans(kept, span)
    return kept


def _lowest_of_spans(points: list[Point], span: int) -> list[Point]:
    first, *others, newest = points
    spans = groupby(others, key=lambda point: (point[0] - 2) // span)
    return [first, *(min(group, key=lambda point: point[1]) for _number, group in spans), newest]


@dataclass(frozen=True)
class Curve:
    """The points of a job, to draw and to tell of."""

    points: tuple[Point, ...]  # at least two, the last of them the newest step
    steps: int  # that the job has in all

    @property
    def first(self) -> float:
        return self.points[0][1]

    @property
    def last(self) -> float:
        return self.points[-1][1]

    @cached_property
    def lowest(self) -> Point:
        return min(self.points, key=lambda point: point[1])

    @property
    def view_box(self) -> str:
        return f"0 0 {WIDTH} {HEIGHT}"

    @property
    def line(self) -> str:
        """For the attribute `points` of an SVG polyline: all steps across, the highest loss at the top."""
        low, high = self.lowest[1], max(value for _step, value in self.points)
        height = (high - low) or 1.0
        return " ".join(
            f"{step / self.steps * WIDTH:.1f},{(high - value) / height * HEIGHT:.1f}"
            for step, value in self.points
        )


def curve_of(job: Job) -> Curve | None:
    """None while there are no two points to draw a line between."""
    points = [(int(step), float(loss)) for step, loss in job.losses]
    return Curve(tuple(points), job.steps) if len(points) > 1 else None
