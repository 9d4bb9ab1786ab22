from __future__ import annotations

import pytest

from generator.engine.loop import scene_steps
from generator.engine.prompts import (
    MAX_SCENES,
    MAX_TEXTS,
    PromptError,
    TextPrompt,
    Trouble,
    last_scene,
    parse_prompt,
    plain_text,
)
from generator.engine.settings import GenerateSettings, SettingsError


@pytest.mark.parametrize(
    ("prompt", "scenes"),
    [
        ("a red heart", [[("a red heart",)]]),
        ("  a red heart ", [[("a red heart",)]]),
        ("a red heart:2", [[("a red heart", 2.0)]]),
        ("a red heart : 0.5", [[("a red heart", 0.5)]]),
        ("a red heart:0,5", [[("a red heart", 0.5)]]),
        ("a red heart:2:0.4", [[("a red heart", 2.0, 0.4)]]),
        ("heart | lace:0.5 | blue:-1:-1.2", [[("heart",), ("lace", 0.5), ("blue", -1.0, -1.2)]]),
        ("a seed ^ a tree | night:0.3", [[("a seed",)], [("a tree",), ("night", 0.3)]]),
        ("a poster: spring", [[("a poster: spring",)]]),
        ("mother-of-pearl", [[("mother-of-pearl",)]]),
        ('"this | that ^ 10:30"', [[("this | that ^ 10:30",)]]),
        ('"10:30":2 | “a: b”:-1 | c', [[("10:30", 2.0), ("a: b", -1.0), ("c",)]]),
        ('a sign that says "stop|go"', [[('a sign that says "stop',), ('go"',)]]),
        ("❤️:2 ^ ett rött hjärta", [[("❤️", 2.0)], [("ett rött hjärta",)]]),
    ],
)
def test_what_a_prompt_means(prompt, scenes):
    expected = tuple(tuple(TextPrompt(*part) for part in scene) for scene in scenes)
    assert parse_prompt(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "trouble", "position"),
    [
        ("", Trouble.NO_TEXT, 0),
        ("a | | b", Trouble.NO_TEXT, 4),
        ("a ^", Trouble.NO_TEXT, 3),
        ("a | :2", Trouble.NO_TEXT, 4),
        ('""', Trouble.NO_TEXT, 0),
        ("a:", Trouble.NO_WEIGHT, 1),
        ("a | heart:", Trouble.NO_WEIGHT, 9),
        ("a:0", Trouble.WEIGHT, 1),
        ("a:11", Trouble.WEIGHT, 1),
        ("a:1:99", Trouble.STOP, 1),
        ("a:1:-0.5", Trouble.STOP, 1),
        ("b | a:-1:0.5", Trouble.STOP, 5),
        ('a | "b', Trouble.OPEN_QUOTE, 4),
        ('"a" b', Trouble.AFTER_QUOTE, 3),
        ("a:-1", Trouble.ONLY_NEGATIVE, 0),
        ("a ^ b:-1", Trouble.ONLY_NEGATIVE, 3),
        (" | ".join("a" * (MAX_TEXTS + 1)), Trouble.TOO_MANY_TEXTS, 31),
        (" ^ ".join("a" * (MAX_SCENES + 1)), Trouble.TOO_MANY_SCENES, 31),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(prompt, trouble, position):
    with pytest.raises(PromptError) as error:
        parse_prompt(prompt)
    assert (error.value.trouble, error.value.position) == (trouble, position)
    if prompt:
        with pytest.raises(SettingsError, match="at character") as refused:
            GenerateSettings(prompt=prompt)
        assert refused.value.field == "prompt"


def test_a_picture_is_called_by_what_leads_to_it():
    assert plain_text("a red heart:2:0.4 | lace:0.5 | blue:-1") == "a red heart, lace"
    assert plain_text('a seed ^ "a: tree":2') == "a seed → a: tree"


@pytest.mark.parametrize(("steps", "scenes"), [(80, 1), (80, 3), (7, 3), (2, 5), (1, 8)])
def test_the_scenes_share_all_steps_evenly(steps, scenes):
    shares = [scene_steps(scene, steps=steps, scenes=scenes) for scene in range(scenes)]
    assert [step for share in shares for step in share] == list(range(steps))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    for step in range(steps):
        assert step in shares[step * scenes // steps]


@pytest.mark.parametrize(
    ("prompt", "end"),
    [("a red heart | lace:0.5", "a red heart | lace:0.5"), ('a seed ^ "a ^ b":2 | moss', '"a ^ b":2 | moss')],
)
def test_the_end_of_a_story_is_its_last_scene_as_it_was_written(prompt, end):
    assert last_scene(prompt) == end
