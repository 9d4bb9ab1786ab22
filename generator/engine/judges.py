"""Who judges a picture: a CLIP model with its own views, vectors and share, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from generator.engine.cutouts import Cutouts
from generator.engine.goals import Goal, Perceptor, SpotGoal, read_scene, read_spots
from generator.engine.losses import prompt_distance
from generator.engine.perceptors import parse_perceptors
from generator.engine.pictures import Pictures
from generator.engine.prompts import parse_prompt
from generator.engine.settings import GenerateSettings, SettingsError

Perceptors = Mapping[str, Perceptor]  # by the name that the settings have for each
NO_PERCEPTORS: Perceptors = MappingProxyType({})


@dataclass(frozen=True)
class Judge:
    """One perceptor in a run. share: how much it counts, of 1 for all; goals: one a scene."""

    perceptor: Perceptor
    share: float
    cutouts: Cutouts
    goals: Sequence[Goal]
    spots: Sequence[SpotGoal]

    def distance(self, picture: Tensor, goal: Goal, rng: torch.Generator) -> Tensor:
        """How far random views of a picture (1, 3, H, W) are from a goal, times the share: a scalar."""
        views = self.cutouts.draw(picture, rng)  # (N, 3, S, S)
        views = views.contiguous(memory_format=torch.channels_last)  # the layout CPU convolutions are fast in
        seen = self.perceptor.encode_pixels(views)
        distance = prompt_distance(seen, goal.texts, goal.weights, goal.stops)
        return distance if self.share == 1 else self.share * distance


def chosen_perceptors(
    settings: GenerateSettings, usual: Perceptor, given: Perceptors
) -> list[tuple[Perceptor, float]]:
    """Those that judge, each with its share of 1. Raises SettingsError for one that was not given."""
    wanted = parse_perceptors(settings.perceptors)
    if not wanted:
        return [(usual, 1.0)]
    for name in sorted({each.name for each in wanted} - given.keys()):
        raise SettingsError("perceptors", f"{name} is missing")
    total = sum(each.weight for each in wanted)
    return [(given[each.name], each.weight / total) for each in wanted]


def open_judge(
    settings: GenerateSettings, perceptor: Perceptor, share: float, pictures: Pictures, device: torch.device
) -> Judge:
    """What one perceptor is to find, in views of its own size. device: of the picture."""
    cutouts = Cutouts(
        count=settings.cutouts,
        size=perceptor.image_size,
        smallest=settings.cutout_smallest,
        largest=settings.cutout_largest,
        power=settings.cutout_power,
        augmentation=settings.augmentation,
        repeats=settings.repeats,
    )
    goals = [read_scene(scene, perceptor, pictures) for scene in parse_prompt(settings.prompt)]
    return Judge(perceptor, share, cutouts, goals, read_spots(settings, perceptor, pictures, device))


def distance(judges: Sequence[Judge], picture: Tensor, scene: int, rng: torch.Generator) -> Tensor:
    """The shares of all judges' distances, of the picture (1, 3, H, W) in a scene and of its spots."""
    seen = [(judge, picture, judge.goals[scene]) for judge in judges]
    for spots in zip(*(judge.spots for judge in judges), strict=True):  # of all judges the same spot
        shown = spots[0].show(picture)
        seen += [(judge, shown, spot.goal) for judge, spot in zip(judges, spots, strict=True)]
    (judge, shown, goal), *others = seen
    total = judge.distance(shown, goal, rng)
    for judge, shown, goal in others:
        total = total + judge.distance(shown, goal, rng)
    return total
