"""Runs that end by themselves."""

from __future__ import annotations

from itertools import islice

from generator.engine.loop import generate
from generator.engine.patience import Patience
from tests.engine.test_loop import saved_and_loaded, settings

# A learning rate at which nothing can be learned, so that the loss only jumps from views to views.
STUCK = {"learning_rate": 1e-4, "augmentation": 2.0}


def test_it_ends_after_as_many_steps_without_a_lower_mean_as_it_waits():
    patience = Patience(3)
    for loss in (5.0, 4.0, 3.0, 9.0, 9.0):
        patience.see(loss)
    assert not patience.is_over
    patience.see(9.0)
    assert patience.is_over


def test_a_single_high_loss_amid_falling_ones_is_no_reason_to_end():
    patience = Patience(3)
    for loss in (5.0, 4.0, 3.0, 4.2, 2.0, 1.0, 1.0, 1.0, 1.0):
        patience.see(loss)
        assert not patience.is_over


def test_without_patience_given_a_run_takes_all_its_steps(vqgan, clip):
    steps = list(generate(settings(steps=24, **STUCK), vqgan, clip))
    assert [step.is_last for step in steps] == [False] * 23 + [True]


def test_a_run_ends_when_its_loss_falls_no_further(vqgan, clip):
    steps = list(generate(settings(steps=200, patience=5, **STUCK), vqgan, clip))
    assert 5 < len(steps) < 200
    assert [step.is_last for step in steps] == [False] * (len(steps) - 1) + [True]


def test_an_interrupted_run_ends_at_the_same_step_with_the_same_picture(vqgan, clip):
    chosen = settings(steps=200, patience=5, **STUCK)
    whole = list(generate(chosen, vqgan, clip))
    picture = whole[-1].image().tobytes()
    state = saved_and_loaded(list(islice(generate(chosen, vqgan, clip), 4))[-1])
    resumed = list(generate(chosen, vqgan, clip, resume=state))
    assert resumed[-1].index == whole[-1].index
    assert resumed[-1].image().tobytes() == picture


def test_a_run_that_ended_by_itself_goes_on_without_patience(vqgan, clip):
    *_, last = generate(settings(steps=200, patience=5, **STUCK), vqgan, clip)
    further = settings(steps=last.index + 2, schedule_steps=200, **STUCK)
    steps = list(generate(further, vqgan, clip, resume=saved_and_loaded(last)))
    assert [step.index for step in steps] == [last.index + 1, last.index + 2]


def test_only_the_last_scene_of_a_story_can_end_early(vqgan, clip):
    chosen = settings(prompt="a seed ^ a tree", steps=60, patience=2, **STUCK)
    assert 30 < len(list(generate(chosen, vqgan, clip))) < 60
