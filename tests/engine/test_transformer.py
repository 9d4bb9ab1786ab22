"""The transformer over codes: what each place sees, and how codes are chosen."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch

from generator.engine.transformer import (
    SamplingSettings,
    TokenTransformer,
    TransformerConfig,
    TransformerError,
)
from generator.engine.transformer.sampling import kept, sample

CONFIG = TransformerConfig(codes=32, text_width=8, sides=(2, 4), text_length=5, width=32, layers=2, heads=4)
GREEDY = SamplingSettings(side=4, temperature=0, guidance=1)


@pytest.fixture
def model():
    torch.manual_seed(0)
    made = TokenTransformer(CONFIG)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)  # it starts as the identity, which would hide mistakes
    return made.eval()


def texts(count, *, words=3, seed=1):
    random = torch.Generator().manual_seed(seed)
    return torch.randn(count, words, 8, generator=random), torch.ones(count, words, dtype=torch.bool)


def codes(count, seed=2):
    """Both grids of pictures: 2 × 2 and 4 × 4."""
    return torch.randint(0, 32, (count, 4 + 16), generator=torch.Generator().manual_seed(seed))


def drawn(model, states, mask, settings):
    *_, last = sample(model, states, mask, settings)
    return last


def both_grids(model, states, mask, settings):
    whole = {rows.shape[2]: rows for rows in sample(model, states, mask, settings)}
    return torch.cat([whole[side].flatten(1) for side in (2, 4)], dim=1)


@pytest.mark.parametrize("place", [0, 3, 9, 19])
def test_a_place_sees_the_codes_before_it_and_no_others(model, place):
    states, mask = texts(1)
    one = codes(1)
    other = one.clone()
    other[0, place] = (other[0, place] + 1) % 32
    before, after = model(states, mask, one), model(states, mask, other)
    assert torch.equal(before[:, : place + 1], after[:, : place + 1])
    if place < 19:
        assert not torch.allclose(before[:, place + 1 :], after[:, place + 1 :])


def test_the_text_matters_where_the_mask_says_that_there_is_one(model):
    states, mask = texts(1)
    other, _ = texts(1, seed=9)
    picture = codes(1)
    assert not torch.allclose(model(states, mask, picture), model(other, mask, picture))
    nothing = torch.zeros_like(mask)
    assert torch.equal(model(states, nothing, picture), model(other, nothing, picture))


def test_padding_and_words_that_have_no_place_change_nothing(model):
    states, mask = texts(1)
    picture = codes(1)
    plain = model(states, mask, picture)
    padded = (
        torch.cat([states, torch.randn(1, 4, 8)], dim=1),
        torch.cat([mask, torch.zeros(1, 4, dtype=torch.bool)], dim=1),
    )
    assert torch.equal(plain, model(*padded, picture))
    long, all_true = texts(1, words=9)
    assert torch.equal(model(long, all_true, picture), model(long[:, :5], all_true[:, :5], picture))


def test_drawing_with_kept_keys_chooses_what_a_whole_pass_finds_likeliest(model):
    states, mask = texts(3)
    picture = both_grids(model, states, mask, GREEDY)
    assert torch.equal(picture, model(states, mask, picture).argmax(dim=-1))


def test_guidance_goes_from_without_text_through_with_text(model):
    states, mask = texts(2)
    picture = both_grids(model, states, mask, replace(GREEDY, guidance=2.5))
    with_text, without = model(states, mask, picture), model(states, torch.zeros_like(mask), picture)
    assert torch.equal(picture, (without + 2.5 * (with_text - without)).argmax(dim=-1))
    assert not torch.equal(picture, both_grids(model, states, mask, GREEDY))


def test_rows_come_one_after_another_first_of_the_coarse_grid_and_stay(model):
    seen = list(sample(model, *texts(2), GREEDY))
    coarse, fine = seen[:2], seen[2:]
    assert [rows.shape for rows in coarse] == [(2, number, 2) for number in (1, 2)]
    assert [rows.shape for rows in fine] == [(2, number, 4) for number in (1, 2, 3, 4)]
    for earlier, later in [*itertools.pairwise(coarse), *itertools.pairwise(fine)]:
        assert torch.equal(earlier, later[:, : earlier.shape[1]])


def test_a_seed_gives_the_same_codes_and_another_seed_others(model):
    settings = SamplingSettings(side=4, seed=3, guidance=1)
    first, again = (drawn(model, *texts(2), settings) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, drawn(model, *texts(2), replace(settings, seed=4)))


def test_the_coarse_grid_is_a_picture_too_and_uses_every_second_place(model):
    small = drawn(model, *texts(1), replace(GREEDY, side=2))
    assert torch.equal(small.flatten(1), both_grids(model, *texts(1), GREEDY)[:, :4])
    entries = model.entries(torch.zeros(1, 3, dtype=torch.int64), 0)
    bare = model.codes(torch.zeros(1, dtype=torch.int64))
    where = entries[0, 3] - bare[0] - model.sides.weight[0]
    torch.testing.assert_close(where, model.rows.weight[2] + model.columns.weight[2])


def test_a_fine_code_knows_the_coarse_one_that_it_refines(model):
    one = codes(1)[:, :-1]
    other = one.clone()
    other[0, 2] = (other[0, 2] + 1) % 32  # below and left
    changed = (model.entries(one, 0) - model.entries(other, 0)).abs().sum(dim=-1)[0]
    quarter = [4 + row * 4 + column for row in (2, 3) for column in (0, 1)]
    assert changed.nonzero().flatten().tolist() == [3, *quarter]  # 3 is the place after it


@pytest.mark.parametrize("sides", [(), (0, 4), (4, 2), (4, 4), (4, 6)])
def test_grids_that_no_picture_can_have_are_refused(sides):
    with pytest.raises(TransformerError, match=r"codes? a side"):
        replace(CONFIG, sides=sides)


def test_a_size_that_the_model_has_no_places_for_is_refused(model):
    with pytest.raises(TransformerError, match="2 or 4 codes a side, not 3"):
        drawn(model, *texts(1), replace(GREEDY, side=3))


def shares(*values):
    return torch.tensor([values]).log()


@pytest.mark.parametrize(
    ("top_k", "top_p", "left"),
    [
        (0, 1.0, [0, 1, 2, 3]),
        (2, 1.0, [1, 3]),
        (0, 0.6, [1, 3]),
        (0, 0.45, [1]),
        (0, 0.01, [1]),
        (3, 0.6, [1, 3]),
    ],
)
def test_what_is_chosen_among(top_k, top_p, left):
    scores = kept(shares(0.05, 0.5, 0.15, 0.3), top_k, top_p)
    assert scores.isfinite()[0].nonzero().flatten().tolist() == left


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"temperature": -1}, "temperature must be from 0 to 10"),
        ({"top_p": 0}, "top_p must be above 0"),
        ({"top_k": -3}, "top_k must be from 0"),
        ({"guidance": 51}, "guidance must be from 0 to 50"),
    ],
)
def test_settings_out_of_their_limits_are_refused(setting, message):
    with pytest.raises(TransformerError, match=message):
        SamplingSettings(**setting)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"width": 30}, "no multiple of 4 heads"),
        ({"layers": 0}, "layers must be at least 1"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_shapes_that_cannot_be_built_are_refused(shape, message):
    with pytest.raises(TransformerError, match=message):
        replace(CONFIG, **shape)
