"""Files come in piece by piece, over as many connections as it takes, and end in store_image().

The row says how many bytes are good; the partial file has at least those. Whoever appends or stores holds a
lock on the file, which the system lets go when its process dies: two tabs cannot write into one upload.
"""

import fcntl
import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from gallery.models import Image, Upload, User
from gallery.moderation.suspensions import Scope, check_not_suspended
from gallery.quota import check_quota
from gallery.uploads import DuplicateImage, store_image, title_from_name
from gallery.validation import BUSY, check_size

logger = logging.getLogger(__name__)

PIECE = 256 * 1024  # bytes read at once
NOTE_EVERY = 512 * 1024  # bytes: at most so many are sent again after a crash
STRAY_AFTER = 600  # seconds after which a partial file without a row is no longer one in the making


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class TooManyUploads(Exception):
    """The person has as many files on their way as is allowed."""


class UploadBusy(Exception):
    """Another request is writing to this upload, or storing it."""


class WrongOffset(Exception):
    """The piece does not start where the last one ended."""


class UploadIncomplete(Exception):
    """Not all of the file has come."""


def create_upload(
    *,
    owner: User,
    length: int,
    key: str = "",
    name: str = "",
    modified: str = "",
    visibility: Image.Visibility = Image.Visibility.PRIVATE,
) -> Upload:
    """A place for a file of `length` bytes. Asked again with the same key, the one that is there.

    Raises ValidationError with the code `suspended`, `too_large` or `quota`, or TooManyUploads.
    """
    check_not_suspended(user=owner, scope=Scope.UPLOAD)
    check_size(length)
    check_quota(owner=owner, size=length)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)  # one at a time, so that the count holds
        existing = Upload.objects.of(owner).filter(key=key, length=length).first() if key else None
        if existing:
            return existing
        if Upload.objects.of(owner).count() >= settings.UPLOADS_PER_PERSON:
            raise TooManyUploads
        return Upload.objects.create(
            owner=owner,
            key=key or uuid.uuid4().hex,
            name=name,
            modified=modified,
            visibility=visibility,
            length=length,
            expires_at=_expiry(),
        )


def append(*, upload: Upload, offset: int, body: Readable) -> Upload:
    """Adds what `body` has, up to the upload's length. A body that breaks off counts as far as it came.

    Raises WrongOffset, UploadBusy, or Upload.DoesNotExist for one that was discarded meanwhile.
    """
    with _held(upload) as (row, file):
        if file.seek(0, os.SEEK_END) < row.offset:
            _note(row, 0)  # the file was lost: from the start
        if offset != row.offset:
            raise WrongOffset
        file.truncate(offset)
        file.seek(offset)
        end = offset
        while end < row.length and (part := _read(body, min(PIECE, row.length - end))):
            file.write(part)
            end += len(part)
            if end - row.offset >= NOTE_EVERY:
                file.flush()
                _note(row, end)
        file.flush()
        _note(row, end)
        return row


def store_upload(*, upload: Upload) -> Image:
    """The picture that a complete upload becomes. It has the upload's id, so that asking again is harmless.

    Raises what store_image() raises, after which the upload is gone, unless it said `busy`; UploadIncomplete
    or UploadBusy; or Upload.DoesNotExist.
    """
    with _held(upload) as (row, file):
        if row.offset < row.length:
            raise UploadIncomplete
        stored = Image.objects.filter(pk=row.pk).first()
        try:
            image = stored or store_image(
                owner=row.owner,
                file=File(file, name=row.name),
                title=title_from_name(row.name),
                visibility=Image.Visibility(row.visibility),
                pk=row.pk,
            )
        except DuplicateImage:
            row.discard()
            raise
        except ValidationError as error:
            if error.code != BUSY:  # the file itself is fine, and may be stored a moment later
                row.discard()
            raise
        row.finish(image)
        return image


def discard_expired() -> int:
    """Removes uploads that did not go on, and partial files that belong to none. Returns how many of both."""
    expired = list(Upload.objects.filter(expires_at__lte=timezone.now()))
    for upload in expired:
        upload.discard()
    return len(expired) + _discard_strays()


def _discard_strays() -> int:
    if not settings.UPLOADS_DIR.is_dir():
        return 0
    known = {upload.path for upload in Upload.objects.only("id")}
    strays = [path for path in settings.UPLOADS_DIR.glob("*.part") if path not in known]
    old = [path for path in strays if time.time() - path.stat().st_mtime > STRAY_AFTER]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


@contextmanager
def _held(upload: Upload) -> Iterator[tuple[Upload, BinaryIO]]:
    """The upload as its row says now, and its partial file, both nobody else's for the time being."""
    settings.UPLOADS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(upload.path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UploadBusy from None
        try:
            row = Upload.objects.select_related("owner").get(pk=upload.pk)
        except Upload.DoesNotExist:
            upload.path.unlink(missing_ok=True)
            raise
        yield row, file


def _read(body: Readable, size: int) -> bytes:
    try:
        return body.read(size)
    except OSError as error:  # the connection broke
        logger.info("A piece of an upload broke off: %s", error)
        return b""


def _note(row: Upload, offset: int) -> None:
    """The new offset, if the upload is still there and where it was."""
    noted = Upload.objects.filter(pk=row.pk, offset=row.offset).update(offset=offset, expires_at=_expiry())
    if not noted:
        row.path.unlink(missing_ok=True)
        raise Upload.DoesNotExist
    row.offset = offset
    row.refresh_from_db(fields=["expires_at"])


def _expiry() -> datetime:
    return timezone.now() + timedelta(hours=settings.UPLOAD_KEPT_HOURS)
