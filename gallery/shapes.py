"""The proportions that a grid of rows knows: one class of static/css/rows.css each.

A strict content security policy allows no style of a single picture's own. So its proportions are rounded to
the nearest step, which cuts off 2.5 % of it at most, and no row needs a script.
"""

from bisect import bisect_left
from itertools import pairwise

STEP = 1.05
# Width per height in percent, 34 to 293.
SHAPES = tuple(round(100 * STEP**number) for number in range(-22, 23))
_BORDERS = tuple((low * high) ** 0.5 for low, high in pairwise(SHAPES))  # what is as near to both neighbours


def shape_of(width: int, height: int) -> int:
    """The nearest of SHAPES; what is longer than the longest of them is cut to it."""
    return SHAPES[bisect_left(_BORDERS, 100 * width / height)]
