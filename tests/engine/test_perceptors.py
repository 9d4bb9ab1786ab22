"""Several CLIP models that judge one picture: what each counts; the usual one alone changes nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
import torch

from generator.engine.goals import read_scene
from generator.engine.judges import chosen_perceptors, distance, open_judge
from generator.engine.loop import ResumeError, generate
from generator.engine.perceptors import MOST, PerceptorError, Weighted, parse_perceptors
from generator.engine.prompts import parse_prompt
from generator.engine.settings import GenerateSettings, SettingsError
from tests.engine.tiny import TinyClip, TinyVqgan

SETTINGS = GenerateSettings(prompt="a red heart | lace:0.5", steps=8, width=64, height=64, seed=3, threads=1)


class LargerClip(TinyClip):
    """Sees 24 pixels a side, in vectors of another length."""

    model_id, image_size = "larger", 24

    def __init__(self) -> None:
        super().__init__(seed=5)
        self.pool = torch.nn.AdaptiveAvgPool2d(16)

    def encode_text(self, texts):
        return torch.nn.functional.normalize(torch.cat([super().encode_text(texts)] * 2, dim=1), dim=1)

    def encode_pixels(self, pixels):
        assert pixels.shape[2:] == (24, 24)
        seen = super().encode_pixels(self.pool(pixels))
        return torch.nn.functional.normalize(torch.cat([seen, seen.flip(1)], dim=1), dim=1)


def made(settings: GenerateSettings, **given) -> list[bytes]:
    return [step.image().tobytes() for step in generate(settings, TinyVqgan(), TinyClip(), **given)]


def both() -> dict:
    return {"perceptors": {"small": TinyClip(), "large": LargerClip()}}


def test_names_and_weights_are_read_in_their_order():
    assert parse_perceptors("") == ()
    assert parse_perceptors(" mini-1, mini-2:0.5;ViT-B-32.openai:2 ") == (
        Weighted("mini-1"),
        Weighted("mini-2", 0.5),
        Weighted("ViT-B-32.openai", 2),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mini-1 mini-1:2", "twice"),
        ("mini-1:0", "from 0.01 to 100"),
        ("mini-1:-1", "no name"),
        ("mini-1:", "no name"),
        ("../secret", "no name"),
        (" ".join(f"m{number}" for number in range(MOST + 1)), "at most"),
    ],
)
def test_what_is_no_list_of_models_is_refused_with_its_reason(text, reason):
    with pytest.raises(PerceptorError, match=reason):
        parse_perceptors(text)
    with pytest.raises(SettingsError, match=reason) as error:
        replace(SETTINGS, perceptors=text)
    assert error.value.field == "perceptors"


def test_one_that_is_named_makes_the_bytes_that_it_makes_unnamed_whatever_its_weight():
    usual = made(SETTINGS)
    for text in ("small", "small:7"):
        assert made(replace(SETTINGS, perceptors=text), perceptors={"small": TinyClip()}) == usual


def test_two_judge_together_each_in_views_of_its_own_size():
    usual = made(SETTINGS)
    together = made(replace(SETTINGS, perceptors="small large"), **both())
    assert together[-1] != usual[-1]
    assert made(replace(SETTINGS, perceptors="small large"), **both()) == together
    assert made(replace(SETTINGS, perceptors="small:9 large"), **both())[-1] != together[-1]


def test_weights_are_shares_of_one_so_that_looks_keep_theirs():
    chosen = replace(SETTINGS, perceptors="small:3 large")
    judging = chosen_perceptors(chosen, TinyClip(), both()["perceptors"])
    assert [share for _perceptor, share in judging] == [0.75, 0.25]
    picture = torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(1))
    judges = [open_judge(chosen, each, share, {}, picture.device) for each, share in judging]
    alone = [open_judge(chosen, each, 1.0, {}, picture.device) for each, _share in judging]
    rng = torch.Generator().manual_seed(2)
    parts = [judge.distance(picture, judge.goals[0], rng) for judge in alone]
    total = distance(judges, picture, 0, torch.Generator().manual_seed(2))
    assert total.item() == pytest.approx(0.75 * parts[0].item() + 0.25 * parts[1].item())


def test_a_spot_is_judged_by_all_of_them():
    chosen = replace(SETTINGS, perceptors="small large", inside="a blue fish")
    judging = chosen_perceptors(chosen, TinyClip(), both()["perceptors"])
    judges = [open_judge(chosen, each, share, {}, torch.device("cpu")) for each, share in judging]
    (goal,) = [spot.goal for spot in judges[1].spots]
    (scene,) = parse_prompt("a blue fish")
    assert torch.equal(goal.texts, read_scene(scene, LargerClip(), {}).texts)
    assert made(chosen, **both())[-1] != made(replace(chosen, inside=""), **both())[-1]


@pytest.mark.parametrize("options", [{}, {"precision": "bf16"}, {"prompt": "a ^ b", "outside": "snow"}])
def test_a_run_of_several_goes_on_in_the_same_bytes(options):
    chosen = replace(SETTINGS, perceptors="small large:0.5", **options)
    whole = made(chosen, **both())
    state = next(islice(generate(chosen, TinyVqgan(), TinyClip(), **both()), 4, None)).state()
    assert made(chosen, resume=state, **both()) == whole[5:]


def test_a_state_of_other_models_or_weights_is_refused():
    chosen = replace(SETTINGS, perceptors="small large")
    state = next(generate(chosen, TinyVqgan(), TinyClip(), **both())).state()
    other = LargerClip()
    other.model_id = "another"
    for settings, given in [
        (chosen, {"perceptors": {"small": TinyClip(), "large": other}}),
        (replace(SETTINGS, perceptors="small large:2"), both()),
        (SETTINGS, {}),
    ]:
        with pytest.raises(ResumeError, match="other settings or models"):
            made(settings, resume=state, **given)


def test_a_state_from_before_there_were_several_is_still_good():
    state = next(generate(SETTINGS, TinyVqgan(), TinyClip())).state()
    del state["run"]["settings"]["perceptors"]
    assert made(SETTINGS, resume=state) == made(SETTINGS)[1:]


def test_one_that_was_not_given_is_named():
    with pytest.raises(SettingsError, match="large is missing"):
        made(replace(SETTINGS, perceptors="small large"), perceptors={"small": TinyClip()})
