"""JPEG with as few bytes as a grid of codes takes: what the VQGAN is compared with."""

import io
from bisect import bisect_right

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

SHARES = (1, 3 / 4, 1 / 2, 3 / 8, 1 / 4, 3 / 16, 1 / 8)  # of the side, to which pictures are shrunk before
QUALITIES = range(1, 96)  # Pillow's; the file grows with it


def jpeg_within(picture: Tensor, limit: int) -> Tensor:
    """The closest that JPEG comes to a picture with `limit` bytes: (3, S, S) in [-1, 1] → the same.

    The best, by the mean squared error, of several sizes in the highest quality that fits, enlarged again.
    Tables and headers, most of so small a file, are not counted.
    """
    tried = [_at(picture, max(8, round(share * picture.shape[-1])), limit) for share in SHARES]
    fitting = [fake for fake in tried if fake is not None]
    if not fitting:
        raise ValueError(f"no JPEG of this picture has only {limit} bytes")
    return min(fitting, key=lambda fake: (fake - picture).square().mean().item())


def _at(picture: Tensor, side: int, limit: int) -> Tensor | None:
    small = F.interpolate(picture[None], size=(side, side), mode="bicubic", antialias=True)[0]
    pixels = ((small.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0)
    image = Image.fromarray(pixels.numpy())
    fit = bisect_right(QUALITIES, limit, key=lambda quality: _scan_bytes(_encoded(image, quality)))
    if not fit:
        return None
    with Image.open(io.BytesIO(_encoded(image, QUALITIES[fit - 1]))) as back:
        decoded = torch.frombuffer(bytearray(back.convert("RGB").tobytes()), dtype=torch.uint8)
    fake = decoded.view(side, side, 3).permute(2, 0, 1).float() / 127.5 - 1
    enlarged = F.interpolate(fake[None], size=picture.shape[1:], mode="bicubic", align_corners=False)[0]
    return enlarged.clamp(-1, 1)


def _encoded(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, optimize=True)
    return stream.getvalue()


def _scan_bytes(data: bytes) -> int:
    """Of the picture itself: from the end of the scan's header (marker 0xFFDA) to the end marker."""
    start = data.index(b"\xff\xda")
    header = int.from_bytes(data[start + 2 : start + 4])
    return len(data) - (start + 2 + header) - 2
