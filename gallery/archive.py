"""Several pictures as one zip that is made while it travels: never in memory or on disk as a whole."""

import logging
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import BinaryIO, cast

from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.text import slugify

from gallery.models import Image

logger = logging.getLogger(__name__)

CHUNK = 256 * 1024  # bytes
MAX_NAME = 80  # characters, without extension and number
# Names that Windows keeps for devices, whatever extension they have.
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


@dataclass(frozen=True)
class Entry:
    """A file of the archive: its name there, and where its content is stored."""

    name: str
    stored: str
    size: int  # bytes
    added: datetime  # local time, as zips have it


def entries_of(images: Iterable[Image], *, folder: str = "") -> list[Entry]:
    """Named after the titles, in letters that every system takes, no two alike. folder: "" or ends with /."""
    taken: set[str] = set()
    entries = []
    for image in images:
        name = _free_name(image, taken)
        taken.add(name)
        added = timezone.localtime(image.created_at)
        entries.append(Entry(folder + name, image.original_name, image.byte_size, added))
    return entries


def zip_pieces(entries: Iterable[Entry], *, documents: Mapping[str, bytes] | None = None) -> Iterator[bytes]:
    """The archive in pieces of about CHUNK bytes. Pictures are compressed already, so they are stored as they
    are. A file that the storage has lost is named in missing.txt instead. documents: name → content."""
    outlet = _Outlet()
    missing = []
    with zipfile.ZipFile(cast(BinaryIO, outlet), "w", zipfile.ZIP_STORED) as archive:
        for name, content in (documents or {}).items():
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
        for entry in entries:
            try:
                source = default_storage.open(entry.stored, "rb")
            except FileNotFoundError:
                logger.warning("The file %s is missing in an archive", entry.stored)
                missing.append(entry.name)
                continue
            with source, archive.open(_info(entry), "w") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
                    yield outlet.take()
        if missing:
            archive.writestr("missing.txt", "".join(f"{name}\n" for name in missing))
    yield outlet.take()


class _Outlet:
    """A file that can only be written on: zipfile then writes each entry's size and checksum behind it."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken, self._waiting = b"".join(self._waiting), []
        return taken


def _info(entry: Entry) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(entry.name, entry.added.timetuple()[:6])
    info.file_size = entry.size  # known before, so that zipfile chooses the format for large files itself
    info.external_attr = 0o644 << 16
    return info


def _free_name(image: Image, taken: set[str]) -> str:
    stem = slugify(image.title, allow_unicode=True)[:MAX_NAME].strip("-_") or str(image.pk)
    if stem in RESERVED:
        stem = f"{stem}-picture"
    extension = PurePath(image.original_name).suffix
    name, number = f"{stem}{extension}", 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}{extension}"
    return name
