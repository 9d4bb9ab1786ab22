"""Which looks a run asks for, and how strongly: settings → weighted terms of the loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from generator.engine.colours import parse_colour, parse_colours
from generator.engine.losses import latents, looks
from generator.engine.settings import GenerateSettings

SMOOTHNESS: dict[str, Callable[[Tensor], Tensor]] = {
    "squares": looks.total_variation,
    "lengths": looks.edge_length,
    "log": partial(looks.edge_length, logarithmic=True),
}
LATENT_DISTANCES: dict[str, Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]] = {
    "latent": latents.squared_distance,
    "cosine": latents.cosine_distance,
    "angle": latents.angle_distance,
}


@dataclass(frozen=True)
class Term:
    """`distance` of a picture (1, 3, H, W) in [0, 1] is a scalar that counts `weight` times."""

    weight: float
    distance: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Beginning:
    """What a run starts from: its parameters, and the picture (1, 3, H, W) that they are to stay close to."""

    parameters: Sequence[Tensor]
    picture: Tensor


def look_terms(settings: GenerateSettings) -> list[Term]:
    """The looks that have a weight, and nothing for those that have none."""
    terms = [
        Term(settings.smoothness, SMOOTHNESS[settings.smoothness_kind]),
        Term(settings.ground, partial(looks.ground_distance, colour=parse_colour(settings.ground_colour))),
        Term(settings.saturation, looks.dullness),
        Term(
            settings.symmetry,
            partial(
                looks.asymmetry,
                left_right=settings.symmetry_axis != "top_bottom",
                top_bottom=settings.symmetry_axis != "left_right",
            ),
        ),
        Term(
            settings.border,
            partial(
                looks.border_distance,
                colour=parse_colour(settings.border_colour),
                width=settings.border_width,
            ),
        ),
    ]
    if settings.palette:
        palette = parse_colours(settings.palette)
        terms.append(Term(settings.palette_weight, partial(looks.palette_distance, palette=palette)))
    return [term for term in terms if term.weight]


def beginning_term(
    settings: GenerateSettings, beginning: Beginning, parameters: Callable[[], Sequence[Tensor]]
) -> Term:
    """What holds the run to its beginning. parameters: gives those of the moment."""
    if settings.init_distance == "pixels":
        return Term(settings.init_weight, partial(looks.picture_distance, other=beginning.picture))
    distance = LATENT_DISTANCES[settings.init_distance]
    return Term(settings.init_weight, lambda picture: distance(parameters(), beginning.parameters))
