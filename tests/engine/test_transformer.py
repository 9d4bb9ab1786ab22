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

CONFIG = TransformerConfig(codes=32, text_width=8, grid=4, text_length=5, width=32, layers=2, heads=4)
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


def codes(count, side=4, seed=2):
    return torch.randint(0, 32, (count, side, side), generator=torch.Generator().manual_seed(seed))


def drawn(model, states, mask, settings):
    *_, last = sample(model, states, mask, settings)
    return last


@pytest.mark.parametrize("place", [0, 5, 15])
def test_a_place_sees_the_codes_before_it_and_no_others(model, place):
    states, mask = texts(1)
    one = codes(1)
    other = one.clone()
    other.view(1, -1)[0, place] = (other.view(1, -1)[0, place] + 1) % 32
    before, after = model(states, mask, one), model(states, mask, other)
    assert torch.equal(before[:, : place + 1], after[:, : place + 1])
    if place < 15:
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
    picture = drawn(model, states, mask, GREEDY)
    likeliest = model(states, mask, picture).argmax(dim=-1).view(3, 4, 4)
    assert torch.equal(picture, likeliest)


def test_guidance_goes_from_without_text_through_with_text(model):
    states, mask = texts(2)
    picture = drawn(model, states, mask, replace(GREEDY, guidance=2.5))
    with_text, without = model(states, mask, picture), model(states, torch.zeros_like(mask), picture)
    likeliest = (without + 2.5 * (with_text - without)).argmax(dim=-1).view(2, 4, 4)
    assert torch.equal(picture, likeliest)
    assert not torch.equal(picture, drawn(model, states, mask, GREEDY))


def test_rows_come_one_after_another_and_stay(model):
    seen = list(sample(model, *texts(2), GREEDY))
    assert [rows.shape for rows in seen] == [(2, number, 4) for number in (1, 2, 3, 4)]
    for earlier, later in itertools.pairwise(seen):
        assert torch.equal(earlier, later[:, : earlier.shape[1]])


def test_a_seed_gives_the_same_codes_and_another_seed_others(model):
    settings = SamplingSettings(side=4, seed=3, guidance=1)
    first, again = (drawn(model, *texts(2), settings) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, drawn(model, *texts(2), replace(settings, seed=4)))


def test_a_smaller_picture_uses_every_second_place(model):
    assert drawn(model, *texts(1), replace(GREEDY, side=2)).shape == (1, 2, 2)
    entries = model.entries(torch.zeros(1, 3, dtype=torch.int64), 2, 0)
    bare = model.codes(torch.zeros(1, dtype=torch.int64))
    where = entries[0, 3] - bare[0] - model.sides.weight[1]
    torch.testing.assert_close(where, model.rows.weight[2] + model.columns.weight[2])


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


def test_a_picture_that_does_not_fit_the_grid_is_refused(model):
    with pytest.raises(TransformerError, match="4 codes a side or a divisor of it, not 3"):
        drawn(model, *texts(1), replace(GREEDY, side=3))
