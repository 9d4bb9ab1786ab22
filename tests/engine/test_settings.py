from __future__ import annotations

import dataclasses
import math

import pytest

from generator.engine.settings import LIMITS, MAX_PROMPT_CHARACTERS, GenerateSettings, SettingsError


def test_the_defaults_need_only_a_prompt():
    assert GenerateSettings(prompt="a red heart").prompt == "a red heart"


def test_settings_cannot_be_changed_once_built():
    with pytest.raises(dataclasses.FrozenInstanceError):
        GenerateSettings(prompt="a red heart").seed = 1


@pytest.mark.parametrize("field", sorted(LIMITS))
def test_a_number_past_either_limit_names_its_field(field):
    low, high = LIMITS[field]
    for value in (low - 1, high + 1):
        with pytest.raises(SettingsError) as error:
            GenerateSettings(**{"prompt": "a red heart", field: value})
        assert error.value.field == field
        assert "from" in error.value.reason


@pytest.mark.parametrize("field", sorted(LIMITS))
@pytest.mark.parametrize("value", [None, "5", True, math.nan, math.inf])
def test_what_is_no_finite_number_names_its_field(field, value):
    with pytest.raises(SettingsError) as error:
        GenerateSettings(**{"prompt": "a red heart", field: value})
    assert error.value.field == field


@pytest.mark.parametrize("field", ["seed", "steps", "width", "height", "cutouts", "coarse_levels", "threads"])
def test_a_fraction_is_refused_where_whole_numbers_are_counted(field):
    with pytest.raises(SettingsError) as error:
        GenerateSettings(**{"prompt": "a red heart", field: 64.5})
    assert error.value.field == field


@pytest.mark.parametrize(
    "prompt", ["", "   ", "a" * (MAX_PROMPT_CHARACTERS + 1), "a\x00heart", "a\nheart", "\ud800", None, 7]
)
def test_a_prompt_that_cannot_be_drawn_names_its_field(prompt):
    with pytest.raises(SettingsError) as error:
        GenerateSettings(prompt=prompt)
    assert error.value.field == "prompt"


@pytest.mark.parametrize("prompt", ["❤️", "ett rött hjärta", "👨‍👩‍👧", "a" * MAX_PROMPT_CHARACTERS])
def test_emoji_other_languages_and_long_prompts_are_welcome(prompt):
    assert GenerateSettings(prompt=prompt).prompt == prompt


@pytest.mark.parametrize("field", ["width", "height"])
def test_a_size_off_the_grid_names_its_field(field):
    with pytest.raises(SettingsError) as error:
        GenerateSettings(**{"prompt": "a red heart", field: 100})
    assert error.value.field == field
    assert "multiple" in error.value.reason


def test_a_switch_must_be_true_or_false():
    with pytest.raises(SettingsError) as error:
        GenerateSettings(prompt="a red heart", quantise=1)
    assert error.value.field == "quantise"


def test_the_smallest_cutout_is_not_above_the_largest():
    with pytest.raises(SettingsError) as error:
        GenerateSettings(prompt="a red heart", cutout_smallest=1.0, cutout_largest=0.5)
    assert error.value.field == "cutout_smallest"


def test_every_numeric_setting_has_limits():
    numeric = {field.name for field in dataclasses.fields(GenerateSettings) if field.type in {"int", "float"}}
    assert numeric == set(LIMITS)


def test_a_picture_that_is_too_large_in_all_is_refused_whatever_its_sides():
    GenerateSettings(prompt="x", width=1024, height=512)
    with pytest.raises(SettingsError, match="times height"):
        GenerateSettings(prompt="x", width=1024, height=544)


def test_strokes_are_fewer_in_a_large_picture_for_the_memory_that_they_take():
    GenerateSettings(prompt="x", drawer="strokes", strokes=256, width=512, height=512)
    GenerateSettings(prompt="x", strokes=256, width=1024, height=512)  # which draws none
    with pytest.raises(SettingsError, match="at most 128") as error:
        GenerateSettings(prompt="x", drawer="lines", strokes=129, width=1024, height=512)
    assert error.value.field == "strokes"
