"""What to say about a view of a picture: names, keywords, templates, colours."""

import numpy as np

from weights.pack.colours import names_colour, without_colours
from weights.pack.dataset import Pair

TEMPLATES = (
    "a picture of a {}", "a drawing of a {}", "an illustration of a {}", "{} emoji", "clip art of a {}",
    "a cartoon {}", "{} icon", "a {}", "an image of a {}", "a painting of a {}", "a photo of a {}", "the {}",
)  # fmt: skip


def draw_caption(
    pair: Pair, colour: str, recoloured: bool, random: np.random.Generator, *, keywords: bool = True
) -> str:
    """One caption out of the many that fit.

    colour: the one colour of the view, or "". recoloured: the label's own colour words are no longer true.
    keywords: now and then they are said, with the label or without.
    """
    label = _coloured_label(pair.label, colour, recoloured, random)
    words = [word for word in pair.keywords if not (recoloured and names_colour(word))] if keywords else []
    kind = random.random()
    if words and kind > 0.85:
        return str(random.choice(words))
    if words and kind > 0.65:
        count = min(len(words), int(random.integers(1, 4)))
        return ", ".join([label, *random.choice(words, size=count, replace=False)])
    if kind > 0.3:
        return label
    return str(random.choice(TEMPLATES)).format(label)


def _coloured_label(label: str, colour: str, recoloured: bool, random: np.random.Generator) -> str:
    if recoloured:
        had_colour = names_colour(label)
        label = without_colours(label) or label
        if colour and (had_colour or random.random() < 0.7):
            return f"{colour} {label}"
    elif colour and not names_colour(label) and random.random() < 0.2:
        return f"{colour} {label}"
    return label
