"""The generation loop on tiny random models: it learns, repeats itself exactly, survives interruption."""

from __future__ import annotations

import io
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from generator.engine.loop import ResumeError, Step, generate
from generator.engine.settings import GenerateSettings, SettingsError
from tests.engine.tiny import TinyClip, TinyVqgan


def settings(**changes: Any) -> GenerateSettings:
    chosen = {"prompt": "a red heart", "seed": 3, "steps": 12, "width": 64, "height": 64, "cutouts": 4}
    return GenerateSettings(**(chosen | changes))


def last_image(steps) -> bytes:
    image = b""
    for step in steps:
        image = step.image().tobytes()
    return image


def saved_and_loaded(step: Step) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(step.state(), file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_steps_are_numbered_from_one_to_their_total(vqgan, clip):
    steps = list(generate(settings(), vqgan, clip))
    assert [step.index for step in steps] == list(range(1, 13))
    assert {step.total for step in steps} == {12}


def test_a_picture_is_uint8_of_the_size_asked_for(vqgan, clip):
    (step,) = generate(settings(steps=1, width=96, height=64), vqgan, clip)
    image = step.image()
    assert image.shape == (64, 96, 3)
    assert image.dtype == np.uint8
    assert image.std() > 0


def test_the_loss_falls(vqgan, clip):
    losses = [step.loss for step in generate(settings(steps=60, cutouts=8, ground=0.0), vqgan, clip)]
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])


def test_the_same_seed_gives_the_same_bytes(vqgan, clip):
    first = last_image(generate(settings(), vqgan, clip))
    assert last_image(generate(settings(), vqgan, clip)) == first


def test_another_seed_gives_another_picture(vqgan, clip):
    first = last_image(generate(settings(seed=1), vqgan, clip))
    assert last_image(generate(settings(seed=2), vqgan, clip)) != first


def test_another_prompt_gives_another_picture(vqgan, clip):
    first = last_image(generate(settings(), vqgan, clip))
    assert last_image(generate(settings(prompt="a blue fish"), vqgan, clip)) != first


@pytest.mark.parametrize("interrupted_at", [1, 5, 11])
def test_an_interrupted_run_ends_with_the_same_bytes(vqgan, clip, interrupted_at):
    uninterrupted = list_of_bytes = [step.image().tobytes() for step in generate(settings(), vqgan, clip)]
    run = generate(settings(), vqgan, clip)
    state = saved_and_loaded(next(islice(run, interrupted_at - 1, None)))
    run.close()

    resumed = generate(settings(), TinyVqgan(), TinyClip(), resume=state)

    assert [step.image().tobytes() for step in resumed] == list_of_bytes[interrupted_at:]
    assert uninterrupted[-1] != uninterrupted[0]


def test_a_run_interrupted_twice_ends_with_the_same_bytes(vqgan, clip):
    state = None
    for _ in range(2):
        state = saved_and_loaded(next(islice(generate(settings(), vqgan, clip, resume=state), 3, None)))
    resumed = last_image(generate(settings(), vqgan, clip, resume=state))
    assert resumed == last_image(generate(settings(), vqgan, clip))


def test_a_state_stays_what_it_was_while_the_run_goes_on(vqgan, clip):
    run = generate(settings(), vqgan, clip)
    state = next(run).state()
    before = io.BytesIO()
    torch.save(state, before)
    for _ in run:
        pass
    after = io.BytesIO()
    torch.save(state, after)
    assert after.getvalue() == before.getvalue()


def test_the_state_of_the_last_step_has_nothing_left_to_do(vqgan, clip):
    *_, last = generate(settings(), vqgan, clip)
    assert list(generate(settings(), vqgan, clip, resume=last.state())) == []


@pytest.mark.parametrize("change", [{"prompt": "a blue fish"}, {"seed": 4}, {"steps": 13}, {"width": 96}])
def test_a_state_of_other_settings_is_refused(vqgan, clip, change):
    state = next(generate(settings(), vqgan, clip)).state()
    with pytest.raises(ResumeError, match="other settings or models"):
        next(generate(settings(**change), vqgan, clip, resume=state))


def test_a_state_of_another_decoder_is_refused(vqgan, clip):
    state = next(generate(settings(), vqgan, clip)).state()
    with pytest.raises(ResumeError, match="other settings or models"):
        next(generate(settings(), TinyVqgan(seed=9), clip, resume=state))


def test_a_state_of_another_version_is_refused(vqgan, clip):
    state = next(generate(settings(), vqgan, clip)).state() | {"version": 0}
    with pytest.raises(ResumeError, match="version 0"):
        next(generate(settings(), vqgan, clip, resume=state))


def test_previews_do_not_change_the_result(vqgan, clip):
    looked_at = last_image(generate(settings(), vqgan, clip))
    *_, last = generate(settings(), vqgan, clip)
    assert last.image().tobytes() == looked_at


def test_the_global_random_state_is_neither_used_nor_changed(vqgan, clip):
    torch.manual_seed(1)
    first = last_image(generate(settings(), vqgan, clip))
    torch.manual_seed(2)
    before = torch.get_rng_state()
    assert last_image(generate(settings(), vqgan, clip)) == first
    assert torch.equal(torch.get_rng_state(), before)


def test_the_thread_count_of_the_process_comes_back_after_each_step(vqgan, clip):
    before = torch.get_num_threads()
    for step in generate(settings(threads=before + 1, steps=2), vqgan, clip):
        step.image()
        assert torch.get_num_threads() == before


def test_the_thread_count_of_the_process_does_not_change_the_bytes(vqgan, clip):
    before = torch.get_num_threads()
    first = last_image(generate(settings(threads=2), vqgan, clip))
    torch.set_num_threads(1)
    try:
        assert last_image(generate(settings(threads=2), vqgan, clip)) == first
    finally:
        torch.set_num_threads(before)


def test_a_size_that_the_decoder_cannot_make_names_its_field(vqgan, clip):
    vqgan.factor = 64
    with pytest.raises(SettingsError) as error:
        next(generate(settings(width=96), vqgan, clip))
    assert error.value.field == "width"


@pytest.mark.parametrize(
    "change",
    [
        {"coarse_levels": 3},
        {"averaging": 0.9},
        {"quantise": False},
        {"smoothness": 1.0, "codebook_pull": 1.0},
    ],
)
def test_every_option_resumes_exactly(vqgan, clip, change):
    chosen = settings(**change)
    state = saved_and_loaded(next(islice(generate(chosen, vqgan, clip), 4, None)))
    assert last_image(generate(chosen, vqgan, clip, resume=state)) == last_image(
        generate(chosen, vqgan, clip)
    )


def test_a_negative_text_keeps_the_picture_further_away_from_it(vqgan, clip):
    chosen = {"steps": 60, "cutouts": 8, "ground": 0.0}

    def distance_to_fish(prompt: str) -> float:
        *_, last = generate(settings(prompt=prompt, **chosen), vqgan, clip)
        pixels = torch.from_numpy(last.image()).permute(2, 0, 1)[None] / 255
        seen = clip.encode_pixels(torch.nn.functional.interpolate(pixels, 16, mode="area"))
        return -(seen @ clip.encode_text(["a blue fish"]).T).item()

    assert distance_to_fish("a red heart | a blue fish:-2") > distance_to_fish("a red heart | a blue fish:2")


def test_a_story_begins_as_its_first_scene_alone_and_ends_closer_to_its_last(vqgan, clip):
    first = [step.loss for step in generate(settings(), vqgan, clip)]
    story = [
        step.loss for step in generate(settings(prompt="a red heart ^ a blue fish", steps=24), vqgan, clip)
    ]
    assert story[0] == first[0]
    assert story[12] != pytest.approx(story[11], rel=0.05)  # another goal
    assert np.mean(story[-3:]) < np.mean(story[12:15])


def test_a_story_resumes_in_its_scene(vqgan, clip):
    chosen = settings(prompt="a red heart | lace:0.5:0.2 ^ a blue fish | red:-1")
    for interrupted_at in (5, 8):
        state = saved_and_loaded(next(islice(generate(chosen, vqgan, clip), interrupted_at - 1, None)))
        assert last_image(generate(chosen, vqgan, clip, resume=state)) == last_image(
            generate(chosen, vqgan, clip)
        )
