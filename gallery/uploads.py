"""Pictures come in through store_image() and go out through delete_image(), whoever asks."""

import hashlib
import logging
import uuid
from pathlib import PurePath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from gallery import live, preparation
from gallery.embedding import log_change
from gallery.history import Kind, note, note_visibility
from gallery.models import Image, Upload, User
from gallery.models.image import original_path
from gallery.moderation import checks
from gallery.moderation.suspensions import Scope, check_not_suspended
from gallery.quota import check_quota
from gallery.validation import validate_picture

logger = logging.getLogger(__name__)

HASH_CHUNK = 1024 * 1024  # bytes


class DuplicateImage(Exception):
    """The owner has this very file already, as `existing`."""

    def __init__(self, existing: Image) -> None:
        super().__init__(f"Same content as picture {existing.pk}")
        self.existing = existing


def store_image(
    *,
    owner: User,
    file: File,
    title: str = "",
    credit: str = "",
    origin: Image.Origin = Image.Origin.UPLOADED,
    visibility: Image.Visibility = Image.Visibility.PRIVATE,
    share_original: bool = False,
    pk: uuid.UUID | None = None,
) -> Image:
    """Validates a file and stores it byte for byte as a new picture, which the queue then prepares.

    A title longer than the field is cut with an ellipsis; `pk` is for callers who have to know it before. A
    file that lies in the owner's trash is taken out of it again, with what was written about it, for those to
    see whom `visibility` names now. What the automatic checks find decides who may see it besides its owner
    (moderation/checks/). Raises ValidationError (its codes are in validation.py, quota.py, suspensions.py and
    the checks, and here `removed`) or DuplicateImage; then, as on any other failure, no row and no file is
    left.
    """
    if limited := origin == Image.Origin.UPLOADED:  # what the studio made was asked about when it was ordered
        check_not_suspended(user=owner, scope=Scope.UPLOAD)
        check_quota(owner=owner, size=file.size)
    picture = validate_picture(file)
    digest = _sha256(file)
    prints = picture.prints
    verdicts = checks.check_arrival(checks.Arrival(owner, origin, digest, prints.ways if prints else None))
    if restored := _take_out_of_trash(owner, digest, visibility, verdicts):
        return restored
    _refuse_duplicate(owner=owner, digest=digest)
    image = Image(
        pk=pk or uuid.uuid4(),
        owner=owner,
        title=_cut(title, Image._meta.get_field("title").max_length),
        credit=credit,
        origin=origin,
        visibility=visibility,
        share_original=share_original,
        keep_location=owner.keep_locations,
        sha256=digest,
        content_type=picture.content_type,
        byte_size=file.size,
        width=picture.width,
        height=picture.height,
        is_animated=picture.is_animated,
        prints=prints.kept if prints else None,
        awaits_checks=checks.has_late_checks(),
        retry_at=timezone.now() + preparation.LOST_AFTER,
    )
    if pk is not None:  # asked for again: the first time may have died between the file and its row
        default_storage.delete(original_path(image, digest))
    image.original.save(digest, file, save=False)
    try:
        with transaction.atomic():
            if limited:
                User.objects.select_for_update().filter(pk=owner.pk).first()  # one at a time of a person
                check_quota(owner=owner, size=file.size)
            image.save(force_insert=True)
            checks.act_on(image=image, verdicts=verdicts)
    except BaseException as error:
        default_storage.delete(image.original_name)
        if isinstance(error, IntegrityError):  # the same file came twice at the same moment
            _refuse_duplicate(owner=owner, digest=digest)
        raise
    # After the block above: a hook that is broken off, as by a client that goes away, must not reach its
    # except clause, since the picture is stored. No partials: Django asks a robust hook that fails for its
    # name, which they do not have.
    transaction.on_commit(lambda: preparation.enqueue(image.pk, 0), robust=True)
    transaction.on_commit(lambda: live.announce(owner_id=owner.pk, image_id=image.pk), robust=True)
    return image


def discard_file(*, image: Image) -> None:
    """Removes the file of a picture whose row was rolled back after store_image() had returned."""
    _delete_files([image.original_name])


def delete_image(*, image: Image) -> None:
    """Removes a picture: row and vectors in one transaction, files when it has committed."""
    thumbnails = [image.thumbnail_path(size) for size in Image.THUMBNAIL_SIZES]
    names = [image.original_name, image.copy_path, *thumbnails]
    with transaction.atomic():
        log_change(image_id=image.pk)
        Image.objects.filter(pk=image.pk).delete()
        transaction.on_commit(lambda: _delete_files(names), robust=True)


def delete_user(*, user: User) -> None:
    """Removes a person with all their pictures, files included, also those still on their way."""
    for upload in Upload.objects.of(user):
        upload.discard()
    for image in Image.objects.filter(owner=user):
        delete_image(image=image)
    user.delete()


def title_from_name(name: str) -> str:
    """A first title for an upload: the file's name without extension, underscores as spaces."""
    stem = PurePath(name.replace("\\", "/")).stem.replace("_", " ")
    return "".join(letter for letter in stem if letter.isprintable()).strip()


def _take_out_of_trash(
    owner: User, digest: str, visibility: Image.Visibility, verdicts: list[checks.Verdict]
) -> Image | None:
    with transaction.atomic():
        image = Image.objects.select_for_update().in_trash_of(owner).filter(sha256=digest).first()
        if image is not None:
            note(image_ids=[image.pk], kind=Kind.RESTORED)
            note_visibility(images=Image.objects.filter(pk=image.pk), visibility=visibility)
            image.trashed_at, image.visibility = None, visibility
            image.save(update_fields=["trashed_at", "visibility"])
            checks.act_on(image=image, verdicts=verdicts)
    return image


def _refuse_duplicate(*, owner: User, digest: str) -> None:
    existing = Image.objects.filter(owner=owner, sha256=digest).first()
    if existing and existing.removed_at:
        raise ValidationError(
            _("A moderator has removed this picture. You can appeal against that, but not upload it again."),
            code="removed",
        )
    if existing:
        raise DuplicateImage(existing)


def _sha256(file: File) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks(HASH_CHUNK):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _cut(text: str, length: Any) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _delete_files(names: list[str]) -> None:
    for name in names:
        try:
            default_storage.delete(name)
        except OSError:
            logger.exception("Could not delete the file %s of a deleted picture", name)
