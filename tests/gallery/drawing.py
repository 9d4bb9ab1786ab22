"""Pictures and files made in memory. Random ones come from a seed, so that a failure can be repeated."""

import io

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Pillow
from PIL.TiffImagePlugin import IFDRational


def noise(width: int = 64, height: int = 48, *, seed: int = 0) -> Pillow.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Pillow.fromarray(values)


def plain(color: str, width: int = 64, height: int = 48) -> Pillow.Image:
    return Pillow.new("RGB", (width, height), color)


def scenery(width: int = 320, height: int = 240, *, seed: int = 0) -> Pillow.Image:
    """Something with shapes of every size, the large ones strongest, as in photographs and unlike noise: it
    looks much the same scaled, recompressed or cropped."""
    rng = np.random.default_rng(seed)
    picture = np.full((240, 320, 3), 128.0)
    for size in (3, 6, 12, 24, 48):
        values = rng.integers(0, 256, (size, size * 4 // 3, 3), dtype=np.uint8)
        layer = Pillow.fromarray(values).resize((320, 240), Pillow.Resampling.BICUBIC)
        picture += (np.asarray(layer, float) - 128) * 2 / size**0.5 / 2
    return Pillow.fromarray(picture.clip(0, 255).astype(np.uint8)).resize((width, height))


def encoded(picture: Pillow.Image, kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def upload(content: bytes, name: str = "picture.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def png(name: str = "picture.png", *, seed: int = 0, color: str = "") -> SimpleUploadedFile:
    return upload(encoded(plain(color) if color else noise(seed=seed)), name)


def camera_exif(**tags: object) -> Pillow.Exif:
    """What a camera notes of a photo taken in Stockholm on a summer's day. `tags`: t9003=… of the details,
    g2=… of the place; None leaves one out."""
    exif = Pillow.Exif()
    exif[0x010F], exif[0x0110] = "NIKON CORPORATION", "NIKON D90"
    details = exif.get_ifd(0x8769)
    details |= {0x9003: "2024:07:01 23:30:00", 0x9011: "+02:00", 0x829A: IFDRational(1, 250), 0x829D: 2.8}
    details |= {0x8827: 200, 0x920A: 35.0, 0xA405: 52, 0xA434: "AF-S 35mm f/1.8"}
    place = exif.get_ifd(0x8825)
    place |= {1: "N", 2: (59.0, 19.0, 46.2), 3: "E", 4: (18.0, 4.0, 7.0), 5: b"\0", 6: 28.0}
    for name, value in tags.items():
        ifd, tag = (details, int(name[1:], 16)) if name.startswith("t") else (place, int(name[1:]))
        if value is None:
            del ifd[tag]
        else:
            ifd[tag] = value
    return exif


def photo(*, seed: int = 0, kind: str = "JPEG", **tags: object) -> SimpleUploadedFile:
    return upload(encoded(noise(seed=seed), kind, exif=camera_exif(**tags)), "photo")
