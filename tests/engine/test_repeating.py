"""Pictures that go on in themselves: what views of them show, and that such runs are as exact as others."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from generator.engine.cutouts import repeated
from generator.engine.loop import generate
from generator.engine.settings import CHOICES
from tests.engine.test_loop import last_image, saved_and_loaded, settings

PATTERNS = [pattern for pattern in CHOICES["repeats"] if pattern != "no"]


def numbered(height: int = 6, width: int = 8) -> Tensor:
    """A picture whose pixels are their numbers, row by row."""
    return torch.arange(height * width).float().view(1, 1, height, width).expand(1, 3, -1, -1)


def pattern(repeats: str, seed: int = 0) -> Tensor:
    """(rows, columns) int64, the numbers of the pixels."""
    return repeated(numbered(), repeats, torch.Generator().manual_seed(seed))[0, 0].long()


def neighbours(numbers: Tensor) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Which pixel lies right of which, and which below which."""
    right = zip(numbers[:, :-1].flatten().tolist(), numbers[:, 1:].flatten().tolist(), strict=True)
    below = zip(numbers[:-1].flatten().tolist(), numbers[1:].flatten().tolist(), strict=True)
    return set(right), set(below)


@pytest.mark.parametrize(
    ("repeats", "right_of_the_end", "below_the_end"),
    [("across", {0}, set()), ("down", set(), {0}), ("both", {0}, {0}), ("shifted", {0}, {4})],
)
def test_opposite_sides_meet_where_the_picture_repeats(repeats, right_of_the_end, below_the_end):
    right, below = set(), set()
    for seed in range(40):
        now = neighbours(pattern(repeats, seed))
        right, below = right | now[0], below | now[1]
    assert {second for first, second in right if first == 7} == right_of_the_end
    assert {second for first, second in below if first == 40} == below_the_end
    assert {(0, 1), (46, 47)} <= right
    assert {(0, 8), (39, 47)} <= below


def test_without_a_pattern_the_picture_is_itself_and_nothing_is_drawn_by_lot():
    rng = torch.Generator().manual_seed(0)
    before = rng.get_state()
    picture = numbered()
    assert repeated(picture, "no", rng) is picture
    assert torch.equal(rng.get_state(), before)


@pytest.mark.parametrize("repeats", PATTERNS)
def test_a_pattern_goes_on_from_a_saved_state_with_the_same_bytes(vqgan, clip, repeats):
    chosen = settings(steps=6, repeats=repeats)
    whole = list(generate(chosen, vqgan, clip))[-1].image().tobytes()
    steps = generate(chosen, vqgan, clip)
    state = saved_and_loaded([next(steps) for _ in range(3)][-1])
    assert last_image(generate(chosen, vqgan, clip, resume=state)) == whole
    assert whole != last_image(generate(settings(steps=6), vqgan, clip))
