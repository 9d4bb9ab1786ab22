"""What people do to a picture before they add it again, for benchmarks/hash_block.py."""

import io
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

Transform = Callable[[Image.Image], Image.Image]


def scaled(factor: float) -> Transform:
    return lambda picture: picture.resize(
        (round(picture.width * factor), round(picture.height * factor)), Image.Resampling.BICUBIC
    )


def saved(kind: str, quality: int) -> Transform:
    def save(picture: Image.Image) -> Image.Image:
        content = io.BytesIO()
        picture.save(content, kind, quality=quality)
        return Image.open(content).convert("RGB")

    return save


def cropped(share: float, first: float = 0.5) -> Transform:
    """That share of the picture's sides is gone, and of this the `first` part at the left and the top."""

    def crop(picture: Image.Image) -> Image.Image:
        width, height = picture.width * share, picture.height * share
        left, top = round(first * width), round(first * height)
        return picture.crop(
            (left, top, picture.width - round(width) + left, picture.height - round(height) + top)
        )

    return crop


def brighter(factor: float) -> Transform:
    return lambda picture: ImageEnhance.Brightness(picture).enhance(factor)


def turned(degrees: float) -> Transform:
    """With corners in the colour of the picture's own corner, as editors fill them."""
    return lambda picture: picture.rotate(
        degrees, Image.Resampling.BICUBIC, fillcolor=picture.getpixel((0, 0))
    )


def bordered(picture: Image.Image) -> Image.Image:
    return ImageOps.expand(picture, round(0.08 * max(picture.size)), "white")


def watermarked(picture: Image.Image) -> Image.Image:
    marked = picture.convert("RGBA")
    layer = Image.new("RGBA", marked.size)
    font = ImageFont.load_default(size=max(10, picture.width // 12))
    ImageDraw.Draw(layer).text(
        (picture.width * 0.35, picture.height * 0.85), "© example.org", fill=(255, 255, 255, 170), font=font,
        stroke_width=1, stroke_fill=(0, 0, 0, 170),
    )  # fmt: skip
    return Image.alpha_composite(marked, layer).convert("RGB")


TRANSFORMS: dict[str, Transform] = {
    "scaled to a quarter": scaled(0.25),
    "scaled to 150 %": scaled(1.5),
    "JPEG, quality 30": saved("JPEG", 30),
    "JPEG, quality 95": saved("JPEG", 95),
    "WebP, quality 50": saved("WEBP", 50),
    "cropped by 2 %": cropped(0.02),
    "cropped by 10 %": cropped(0.10),
    "30 % brighter": brighter(1.3),
    "in grey": lambda picture: picture.convert("L").convert("RGB"),
    "rotated by 2°": turned(2),
    "with a white border": bordered,
    "with a watermark": watermarked,
}
FURTHER: dict[str, Transform] = {
    "cropped by 5 %": cropped(0.05),
    "cropped by 10 %, most of it at one corner": cropped(0.10, first=0.7),
    "30 % darker": brighter(0.7),
    "a quarter turn": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "mirrored, and JPEG of quality 60": lambda picture: saved("JPEG", 60)(ImageOps.mirror(picture)),
}
