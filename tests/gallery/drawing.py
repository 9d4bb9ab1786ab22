"""Pictures and files made in memory. Random ones come from a seed, so that a failure can be repeated."""

import io

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Pillow


def noise(width: int = 64, height: int = 48, *, seed: int = 0) -> Pillow.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Pillow.fromarray(values)


def plain(color: str, width: int = 64, height: int = 48) -> Pillow.Image:
    return Pillow.new("RGB", (width, height), color)


def encoded(picture: Pillow.Image, kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def upload(content: bytes, name: str = "picture.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def png(name: str = "picture.png", *, seed: int = 0, color: str = "") -> SimpleUploadedFile:
    return upload(encoded(plain(color) if color else noise(seed=seed)), name)
