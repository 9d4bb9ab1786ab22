"""Art4Apps' drawings of everyday words, as pysiogame has them for children to learn reading."""

import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from PIL import Image, ImageDraw

from weights.pack.objects import Object, words
from weights.pack.packages import read_members
from weights.pack.render import png

AUTHOR, LICENCE = "Art4Apps by Smart4Kids", "CC-BY-SA"  # as pysiogame's CREDITS.txt names them
_PICTURES = "./usr/share/games/pysiogame/res/images/art4apps/"
_SHELVES = {  # what is on them; the others hold parts of bodies and things that people do
    "animals": "animal", "clothes_n_accessories": "clothes", "construction": "building", "food": "food",
    "fruit_n_veg": "fruit or vegetable", "jobs": "", "nature": "nature", "transport": "transport",
}  # fmt: skip
_PLAINER = {"lama": "llama", "bike": "bicycle", "chimp": "chimpanzee", "police": "police officer",
            "magic": "magician", "ballet": "ballet dancer", "badge": "officer with a badge",
            "office": "office worker", "vest": "undershirt", "press": "printing press"}  # fmt: skip
_PAPER = 40  # summed over channels: how far from a corner's colour the ground is taken away


def read_art4apps(archive: Path) -> Iterator[Object]:
    """`jobs/astronaut.jpg` is a drawing of an astronaut."""
    files = read_members(archive, lambda name: name.startswith(_PICTURES) and name.endswith(".jpg"))
    for path, data in sorted(files.items()):
        inside = PurePosixPath(path.removeprefix(_PICTURES))
        kind = _SHELVES.get(inside.parent.name)
        if kind is not None:
            name = words(inside.stem)
            yield Object(
                key=str(inside),
                data=png(cut_out(data)),
                label=_PLAINER.get(name, name),
                keywords=(kind,) if kind else (),
                author=AUTHOR,
                licence=LICENCE,
            )


def cut_out(data: bytes) -> Image.Image:
    """The drawing without the plain ground that meets its corners: RGBA."""
    with Image.open(io.BytesIO(data)) as picture:
        drawn = picture.convert("RGBA")
    right, bottom = drawn.width - 1, drawn.height - 1
    for corner in ((0, 0), (right, 0), (0, bottom), (right, bottom)):
        red, green, blue, _ = drawn.getpixel(corner)  # type: ignore[misc]
        if min(red, green, blue) > 240:  # paper; a picture that fills its square stays whole
            ImageDraw.floodfill(drawn, corner, (255, 255, 255, 0), thresh=_PAPER)
    return drawn
