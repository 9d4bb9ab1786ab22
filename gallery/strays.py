"""Files that no picture has, as a kill between file and row leaves them, and pictures without their file.

A file is written before its row and removed after it, so one without a row may be about to get it: only files
that have been there for a day count. An upload keeps its row until its picture has one, and may write its
file anew before; so uploads are asked for before pictures, and a file's age last of all.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath

from django.core.files.storage import default_storage
from django.utils import timezone

from gallery.models import Image, Upload

logger = logging.getLogger(__name__)

SAFE_AGE = timedelta(days=1)
TOGETHER = 500  # ids in one query

_further: dict[str, Callable[[Iterable[str]], set[str]]] = {}


@dataclass
class Report:
    strays: list[str] = field(default_factory=list)  # names of files in the storage
    missing: list[uuid.UUID] = field(default_factory=list)  # pictures whose original is not there


def add_folder(folder: str, named: Callable[[Iterable[str]], set[str]]) -> None:
    """Have the files of another app looked at as well. `named`: those of the names that a row of it has."""
    _further[folder] = named


def check_files(*, delete: bool) -> Report:
    """Looks at every file of the pictures, and for every original. `delete`: removes strays, too. Safe
    while pictures come and go."""
    begun = timezone.now()
    originals = set(_files_below("originals"))
    strays = []
    left = _without_picture([*originals, *_files_below("copies"), *_thumbnails_without_picture()])
    for name in [*left, *_without_row()]:
        if _is_old(name):
            strays.append(name)
            if delete:
                default_storage.delete(name)
    there_before = Image.objects.filter(created_at__lt=begun).only("original")
    missing = [
        image.pk
        for image in there_before.iterator(chunk_size=2000)
        if image.original_name not in originals and _is_missing(image)
    ]
    return Report(strays, missing)


def check_nightly() -> None:
    report = check_files(delete=True)
    if report.strays:
        logger.warning("%d files that no picture has were removed", len(report.strays))
    if report.missing:
        logger.error("%d pictures are without their original: %s", len(report.missing), report.missing)


def _files_below(folder: str) -> Iterator[str]:
    folders, files = _listed(folder)
    yield from (f"{folder}/{file}" for file in files)
    for inner in folders:
        yield from _files_below(f"{folder}/{inner}")


def _thumbnails_without_picture() -> Iterator[str]:
    """Each picture has a folder of them; an object store is not asked for what is in all of these."""
    folders, _files = _listed("thumbnails")
    for folder in _without_picture(f"thumbnails/{inner}" for inner in folders):
        yield from _files_below(folder)


def _without_row() -> Iterator[str]:
    for folder, named in _further.items():
        names = list(_files_below(folder))
        for start in range(0, len(names), TOGETHER):
            part = names[start : start + TOGETHER]
            yield from set(part) - named(part)


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []  # nothing has been stored yet, or it has just gone


def _without_picture(names: Iterable[str]) -> Iterator[str]:
    """Those of the names whose picture is neither there nor on its way."""
    by_picture: dict[uuid.UUID | None, list[str]] = {}
    for name in names:
        by_picture.setdefault(_picture_of(name), []).append(name)
    ids = [pk for pk in by_picture if pk]
    for start in range(0, len(ids), TOGETHER):
        part = ids[start : start + TOGETHER]
        known = set(Upload.objects.filter(pk__in=part).values_list("pk", flat=True))
        known |= set(Image.objects.filter(pk__in=part).values_list("pk", flat=True))
        for pk in known:
            del by_picture[pk]
    for left in by_picture.values():
        yield from left


def _picture_of(name: str) -> uuid.UUID | None:
    """originals/owner/ab/sha256-ID.png, copies/ID.jpg, thumbnails/ID and thumbnails/ID/320.webp."""
    path = PurePosixPath(name)
    part = path.parts[1] if path.parts[0] == "thumbnails" else path.stem[-36:]
    try:
        return uuid.UUID(part)
    except ValueError:
        return None


def _is_old(name: str) -> bool:
    try:
        return default_storage.get_modified_time(name) < timezone.now() - SAFE_AGE
    except FileNotFoundError:
        return False  # it has just gone


def _is_missing(image: Image) -> bool:
    """Asked of the storage itself: the list of its files may have been made before this one came back."""
    return not default_storage.exists(image.original_name) and Image.objects.filter(pk=image.pk).exists()
