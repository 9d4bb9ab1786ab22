"""What holds for every way of drawing; what only one does stands in a file of its own."""

from __future__ import annotations

import io
from itertools import islice

import pytest
import torch

from generator.engine.drawers import Drawer, open_drawer
from generator.engine.loop import generate
from generator.engine.settings import DRAWERS, GenerateSettings, SettingsError
from tests.engine.tiny import TinyVqgan

EVERY_DRAWER = pytest.mark.parametrize("name", DRAWERS)
WIDE = {"width": 96, "height": 64, "cells": 9, "strokes": 5, "threads": 1}


def settings(name: str, **changes) -> GenerateSettings:
    return GenerateSettings(**({"prompt": "a red heart", "drawer": name} | WIDE | changes))


def opened(name: str, seed: int = 0, **changes) -> Drawer:
    return open_drawer(settings(name, **changes), TinyVqgan(), torch.Generator().manual_seed(seed))


@EVERY_DRAWER
@pytest.mark.parametrize(("width", "height"), [(96, 64), (64, 160), (64, 64)])
def test_a_picture_is_in_range_and_of_its_size(name, width, height):
    picture = opened(name, width=width, height=height).render()
    assert picture.shape == (1, 3, height, width)
    assert picture.dtype == torch.float32
    assert 0 <= picture.min() < picture.max() <= 1


@EVERY_DRAWER
def test_the_start_depends_on_the_seed_alone(name):
    assert torch.equal(opened(name, seed=1).render(), opened(name, seed=1).render())
    assert not torch.equal(opened(name, seed=1).render(), opened(name, seed=2).render())


@EVERY_DRAWER
def test_parameters_are_leaves_and_every_one_moves_the_picture(name):
    drawer = opened(name)
    assert all(parameter.is_leaf and parameter.requires_grad for parameter in drawer.parameters())
    gradients = torch.autograd.grad(drawer.render().square().mean(), drawer.parameters())
    assert all(gradient.abs().sum() > 0 for gradient in gradients)
    assert all(gradient.isfinite().all() for gradient in gradients)


@EVERY_DRAWER
def test_a_picture_of_the_current_parameters_is_the_current_picture(name):
    drawer = opened(name)
    copies = [parameter.detach().clone() for parameter in drawer.parameters()]
    assert torch.equal(drawer.picture(copies), drawer.render())


@EVERY_DRAWER
def test_what_went_astray_is_brought_back_once_and_for_all(name):
    drawer = opened(name)
    with torch.no_grad():
        for parameter in drawer.parameters():
            parameter += 100 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3))
    drawer.constrain()
    once = drawer.render()
    drawer.constrain()
    assert once.isfinite().all()
    assert torch.allclose(drawer.render(), once, atol=1e-3)


@EVERY_DRAWER
def test_an_interrupted_run_ends_with_the_same_bytes(clip, name):
    chosen = settings(name, steps=5, width=64, cutouts=2)
    whole = [step.image().tobytes() for step in generate(chosen, TinyVqgan(), clip)]
    file = io.BytesIO()
    torch.save(next(islice(generate(chosen, TinyVqgan(), clip), 2, None)).state(), file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    resumed = [step.image().tobytes() for step in generate(chosen, TinyVqgan(), clip, resume=state)]
    assert resumed == whole[3:]
    assert whole[-1] != whole[0]


def test_another_way_of_drawing_is_refused():
    with pytest.raises(SettingsError) as error:
        settings("watercolour")
    assert error.value.field == "drawer"


def test_only_a_vqgan_has_a_codebook_to_be_pulled_to():
    assert settings("vqgan", codebook_pull=1.0).codebook_pull == 1
    with pytest.raises(SettingsError) as error:
        settings("strokes", codebook_pull=1.0)
    assert error.value.field == "codebook_pull"
