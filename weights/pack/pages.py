"""Pages of print, made here: paragraphs of a free text in free fonts, on paper that is not quite even.

Whoever photographs archives has many such pages, and none of the packages has one.
"""

import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from weights.pack.objects import Object
from weights.pack.packages import Package, PackageError, read_members
from weights.pack.render import png

COUNT = 90
FONTS, TEXTS = "matplotlib", "scikit-learn"  # packages; the texts are what one says of its data sets
_FONTS = re.compile(r"/(DejaVuSans|DejaVuSerif|DejaVuSansMono|DejaVuSerif-Italic|STIXGeneral)\.ttf$")
_SAID = (  # label and keywords
    ("printed page", ("text", "page", "document")),
    ("page of text", ("print", "book page", "paper")),
    ("document", ("printed text", "page", "letter")),
)
_SIZE = 320  # pixels a side
_WHITES = (0.92, 1)


def read_pages(package: Package, fonts: Path, texts: Path) -> Iterator[Object]:
    """COUNT pages in the package's fonts. Raises PackageError where fonts or texts are missing."""
    faces = read_members(fonts, lambda name: bool(_FONTS.search(name)))
    prose = read_members(texts, lambda name: "/datasets/descr/" in name and name.endswith(".rst"))
    if not faces or not prose:
        raise PackageError("no fonts or no texts to make pages of")
    paragraphs = [
        " ".join(part.split())
        for _, data in sorted(prose.items())
        for part in re.split(r"\n\s*\n", data.decode("utf-8"))
        if re.fullmatch(r"[\w\s.,;:()'\"-]{120,}", part)
    ]
    names = sorted(faces)
    for number in range(COUNT):
        draw = np.random.default_rng(number)
        face = names[number % len(names)]
        page = draw_page(faces[face], list(draw.permutation(paragraphs)), draw)
        label, keywords = _SAID[number % len(_SAID)]
        yield Object(f"{number:03} {Path(face).stem}", png(page), label, keywords, author=package.author)


def draw_page(face: bytes, paragraphs: list[str], draw: np.random.Generator) -> Image.Image:
    """_SIZE pixels a side, RGB: near or far, in one column or two, darker to one side, hardly ever level."""
    height = int(draw.integers(7, 31))  # of the letters
    columns = 2 if height < 12 and draw.random() < 0.5 else 1
    side = round(_SIZE * 1.25)  # the margin is cut away after turning
    page = Image.new("L", (side, side), 255)
    sizes = (height, round(height * draw.uniform(1.2, 1.6)))
    font, heading = (ImageFont.truetype(io.BytesIO(face), size) for size in sizes)
    canvas, gap = ImageDraw.Draw(page), int(draw.integers(2, 13)) + height // 2
    ink, spacing = int(draw.integers(0, 71)), draw.uniform(1.15, 1.6)
    width = (side - gap * (columns + 1)) // columns
    following = itertools.cycle(paragraphs)
    for column in range(columns):
        x, y = gap + column * (width + gap), int(draw.integers(-height, 3 * height))
        if draw.random() < 0.4:
            title = " ".join(next(following).split()[: int(draw.integers(2, 5))])
            canvas.text((x, y), title, ink, heading)
            y += round(2.4 * height)
        while y < side:
            for line in lines(next(following), font, width):
                canvas.text((x, y), line, ink, font)
                y += round(spacing * height)
            y += round(0.8 * height)
    turned = page.rotate(draw.normal(0, 2), Image.Resampling.BICUBIC, fillcolor=255)
    margin = (side - _SIZE) // 2
    return _lit(turned.crop((margin, margin, margin + _SIZE, margin + _SIZE)), draw)


def lines(paragraph: str, font: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    """The paragraph's words, as many to a line as fit."""
    line = ""
    for word in paragraph.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            yield line
            line = word
        else:
            line = longer
    yield line


def _lit(page: Image.Image, draw: np.random.Generator) -> Image.Image:
    """The page under a light from one side, on white, grey or yellowed paper."""
    across, down = np.linspace(-0.5, 0.5, _SIZE), np.linspace(-0.5, 0.5, _SIZE)[:, None]
    light = 1 - draw.uniform(0, 0.5) * (0.5 + across * draw.uniform(-1, 1) + down * draw.uniform(-1, 1))
    yellow = max(0, draw.uniform(-0.25, 0.25))
    paper = np.array([1, 1 - yellow / 3, 1 - yellow]) * draw.uniform(*_WHITES)
    pixels = np.asarray(page)[..., None] * light[..., None] * paper
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
