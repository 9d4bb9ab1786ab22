"""Files that somebody might send to do harm. Each has to be refused for its own reason."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image as Pillow

from tests.gallery.drawing import encoded, noise

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
SCRIPT = b"<script>alert(document.cookie)</script>"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, *more: bytes, data: bytes = b"\0" * 100) -> bytes:
    """Greys of one bit that say to be so large; `more` chunks stand before the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(data, 9))
    return PNG_MAGIC + header + b"".join(more) + pixels + chunk(b"IEND", b"")


def with_chunk(content: bytes, extra: bytes) -> bytes:
    """A PNG with one more chunk right after its header."""
    end_of_header = len(PNG_MAGIC) + 25
    return content[:end_of_header] + extra + content[end_of_header:]


def archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("Main.class", b"\xca\xfe\xba\xbe")
    return content.getvalue()


def commented_jpeg(comment: bytes) -> bytes:
    content = encoded(noise(), "JPEG")
    return content[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + content[2:]


def gif_of_many_frames(number: int) -> bytes:
    header = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x21\xf9\x04\0\1\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return header + frame * number + b";"


def script_that_is_a_gif() -> bytes:
    """As JavaScript: `GIF89a = alert(1);`, its header a comment; as a picture 10,799 pixels wide."""
    return b"GIF89a/*" + struct.pack("<H", 1) + b"\0\0\0" + b"*/=alert(1);//" + b";"


def bmp_of(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 100, 0, 0, 54) + header + b"\0" * 100


def tiff_of(width: int, height: int) -> bytes:
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    entries += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 100)]
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + table + b"\0" * 104


def jpeg_of(width: int, height: int) -> bytes:
    """A small picture whose frame header says that it is large."""
    content = bytearray(encoded(noise(), "JPEG"))
    start = content.index(b"\xff\xc0")
    content[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(content)


BIG = 64 * 1024 * 1024

# what it is → (its content, the code of its refusal)
FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a GIF with an archive behind it": (lambda: encoded(noise(), "GIF") + archive(), "disguised"),
    "a PNG with an archive behind it": (lambda: encoded(noise()) + archive(), "disguised"),
    "a JPEG with a page behind it": (lambda: encoded(noise(), "JPEG") + b"<HTML>" + SCRIPT, "disguised"),
    "a JPEG with a program in its comment": (
        lambda: commented_jpeg(b"<?php system($_GET['c']); ?>"),
        "disguised",
    ),
    "a PNG with a document in it": (
        lambda: with_chunk(encoded(noise()), chunk(b"tEXt", b"Comment\0%PDF-1.7 1 0 obj")),
        "disguised",
    ),
    "a PNG with a script in it": (
        lambda: with_chunk(encoded(noise()), chunk(b"tEXt", b"Comment\0" + SCRIPT)),
        "disguised",
    ),
    "a script that is a GIF": (script_that_is_a_gif, "truncated"),
    "a page": (lambda: b"<!doctype html>" + SCRIPT, "not_a_picture"),
    "an SVG with a script": (
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>",
        "not_a_picture",
    ),
    "a program": (lambda: b"MZ\x90\0" + b"\0" * 2000, "not_a_picture"),
    "an archive": (archive, "not_a_picture"),
    "a document": (lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "unsupported_type"),
    "an icon": (lambda: encoded(noise(), "ICO"), "unsupported_type"),
    "nothing": (lambda: b"", "empty"),
    "nothing but its first bytes": (lambda: PNG_MAGIC, "truncated"),
    "a picture that was cut off": (lambda: encoded(noise(300, 200), "JPEG")[:2000], "truncated"),
    "a PNG of 900 million pixels": (lambda: png_of(30_000, 30_000), "too_many_pixels"),
    "a PNG of two thousand million pixels in a row": (lambda: png_of(2**31 - 1, 1), "too_many_pixels"),
    "a JPEG of 4,000 million pixels": (lambda: jpeg_of(65_000, 65_000), "too_many_pixels"),
    "a BMP of 2,500 million pixels": (lambda: bmp_of(50_000, 50_000), "too_many_pixels"),
    "a TIFF of 10,000 million pixels": (lambda: tiff_of(100_000, 100_000), "too_many_pixels"),
    "a PNG whose text unpacks to 64 MB": (
        lambda: png_of(8, 8, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * BIG, 9))),
        "truncated",
    ),
    "a PNG whose profile unpacks to 64 MB": (
        lambda: png_of(8, 8, chunk(b"iCCP", b"profile\0\0" + zlib.compress(b"\0" * BIG, 9))),
        "truncated",
    ),
    "a PNG with 9 MB of EXIF": (
        lambda: with_chunk(encoded(noise()), chunk(b"eXIf", b"MM\0*\0\0\0\x08" + b"\0" * 9 * 1024 * 1024)),
        "too_much_metadata",
    ),
    "a GIF of 10,000 frames": (lambda: gif_of_many_frames(10_000), "too_many_frames"),
}
NAMES = {
    "a path upwards": "../../../etc/passwd.png",
    "a path": "/etc/cron.d/picture.png",
    "a path of another system": "..\\..\\windows\\win.png",
    "a null byte": "picture.php\0.png",
    "a line break": "picture\r\nSet-Cookie: a=b.png",
    "an override of direction": "picture\u202egnp.exe",
    "an isolate of direction": "\u2066picture\u2069.png",
}


def exif_that_points_to_itself() -> bytes:
    """The details of the picture are said to stand where the whole block stands."""
    entry = struct.pack(">HHII", 0x8769, 4, 1, 8)
    return b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 1) + entry + struct.pack(">I", 8)


def exif_of_many_entries() -> bytes:
    entry = struct.pack(">HHII", 0x9286, 7, 2**32 - 1, 8)
    return b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 5000) + entry * 5000 + struct.pack(">I", 8)


# Not their pixels but what is noted about them is meant to do harm: not believed, and the picture kept.
HARMLESS: dict[str, Callable[[], bytes]] = {
    "EXIF that points to itself": lambda: encoded(noise(), "JPEG", exif=exif_that_points_to_itself()),
    "EXIF of 5,000 entries of 4 GB each": lambda: encoded(noise(), "JPEG", exif=exif_of_many_entries()),
    "pixels that go on for 64 MB": lambda: png_of(8, 8, data=b"\0" * BIG),
}


def readable(content: bytes) -> bool:
    """Whether Pillow takes the file for a picture: what is refused as disguised has to be one."""
    with Pillow.open(io.BytesIO(content)) as picture:
        picture.load()
    return True
