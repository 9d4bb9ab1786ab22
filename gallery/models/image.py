import uuid
from datetime import date, datetime, timedelta
from datetime import timezone as dt_timezone

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gallery.colours import Colour, cells
from gallery.models.people import User, is_moderator
from gallery.shapes import shape_of


class ImageQuerySet(models.QuerySet["Image"]):
    def visible_to(self, user: User | AnonymousUser) -> "ImageQuerySet":
        """The one visibility rule for pictures: every page, file, search, socket and count reads through it.

        Moderators see everything; others see their own pictures and the public ones. A picture that a
        moderator or an automatic check has hidden stays visible to its owner, who has to learn of it, and to
        nobody else; and so does one that the checks have not finished with. What is in a trash is seen by
        nobody, its owner and moderators included: the trash page reads in_trash_of().
        """
        kept = self.kept()
        if is_moderator(user):
            return kept
        public = Q(visibility=Image.Visibility.PUBLIC, is_hidden=False, awaits_checks=False)
        if not user.is_authenticated:
            return kept.filter(public)
        return kept.filter(public | Q(owner=user))

    def opened_by(self, token: str) -> "ImageQuerySet":
        """The one rule for what the secret link of an unlisted album opens, at the addresses of the link
        alone: every picture in the album, also private ones, but none that is hidden, in the trash or not
        checked yet."""
        return self.kept().filter(
            is_hidden=False,
            awaits_checks=False,
            album_entries__album__visibility="unlisted",
            album_entries__album__token=token,
            album_entries__album__is_hidden=False,
        )

    def public(self) -> "ImageQuerySet":
        return self.kept().filter(visibility=Image.Visibility.PUBLIC, is_hidden=False, awaits_checks=False)

    def kept(self) -> "ImageQuerySet":
        """What is not in a trash, whoever may see it."""
        return self.filter(trashed_at=None)

    def in_trash_of(self, user: User) -> "ImageQuerySet":
        """The newest deletion first; without what a moderator removed, which its owner cannot bring back."""
        return self.filter(owner=user, trashed_at__isnull=False, removed_at=None).order_by(
            "-trashed_at", "-id"
        )


def this_month() -> date:
    return timezone.localdate().replace(day=1)


def original_path(image: "Image", filename: str) -> str:
    """Where an original is stored: byte for byte, under owner, SHA-256 and id. The given name is not used.

    With the id in it no other picture ever has the name, also not the same file uploaded again while the
    files of the deleted picture are on their way out.
    """
    extension = Image.EXTENSIONS[image.content_type]
    return f"originals/{image.owner_id}/{image.sha256[:2]}/{image.sha256}-{image.pk}.{extension}"


class Image(models.Model):
    """A picture: the row is the truth; derivatives and vectors are made from the original by the queue."""

    class Visibility(models.TextChoices):
        PRIVATE = "private", _("Private")
        PUBLIC = "public", _("Public")

    class Origin(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        GENERATED = "generated", _("Generated")

    class Status(models.TextChoices):
        PENDING = "pending", _("Being prepared")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Could not be prepared")

    EXTENSIONS = {
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/webp": "webp",
        "image/gif": "gif",
        "image/avif": "avif",
        "image/bmp": "bmp",
        "image/tiff": "tiff",
        "image/heic": "heic",
    }
    LOSSLESS = {"image/png", "image/gif", "image/bmp", "image/tiff"}
    THUMBNAIL_SIZES = (320, 1280)  # longest side, pixels

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="images", verbose_name=_("owner")
    )
    title = models.CharField(_("title"), max_length=200, blank=True)
    caption = models.TextField(_("caption"), max_length=2000, blank=True)
    credit = models.CharField(_("credit"), max_length=300, blank=True)  # source, author, licence
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    is_hidden = models.BooleanField(_("hidden by a moderator"), default=False)
    is_blurred = models.BooleanField(_("blurred until somebody wants to see it"), default=False)
    awaits_checks = models.BooleanField(  # those of the queue: moderation/checks/
        _("automatic checks are not done with it"), default=False
    )
    is_marked_safe = models.BooleanField(_("looked at by a moderator and found to be fine"), default=False)
    removed_at = models.DateTimeField(  # into a trash out of its owner's reach, see in_trash_of()
        _("removed by a moderator"), null=True, blank=True, editable=False
    )
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices, default=Origin.UPLOADED)
    original = models.FileField(_("original"), upload_to=original_path, max_length=200)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    content_type = models.CharField(_("type"), max_length=40)
    byte_size = models.PositiveBigIntegerField(_("size in bytes"))
    width = models.PositiveIntegerField(_("width"))  # pixels, orientation applied
    height = models.PositiveIntegerField(_("height"))
    is_animated = models.BooleanField(_("animated"), default=False)
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)
    taken_offset = models.SmallIntegerField(  # minutes that the camera's clock was ahead of UTC
        _("offset of the camera's clock"), null=True, blank=True
    )
    has_location = models.BooleanField(_("the original says where it was taken"), default=False)
    keep_location = models.BooleanField(_("keep where it was taken"), default=False)
    share_original = models.BooleanField(_("others may have the original"), default=False)
    dominant_color = models.CharField(_("dominant colour"), max_length=7, default="#808080")
    placeholder = models.CharField(
        _("colours to wait with"), max_length=54, blank=True
    )  # 3 rows of 3, rrggbb
    colour = models.CharField(  # derived from dominant_color, "" until that is known
        _("main colour"), max_length=10, choices=Colour.choices, blank=True, default=""
    )
    has_thumbnails = models.BooleanField(_("has thumbnails"), default=False)
    fingerprint = models.BigIntegerField(_("perceptual hash"), null=True, blank=True)
    prints = models.BinaryField(_("prints"), max_length=64, null=True)  # for blocking: prints.py
    is_compared = models.BooleanField(_("was compared with the others"), default=False)
    has_copy = models.BooleanField(_("has a copy for others"), default=False)
    details_version = models.PositiveSmallIntegerField(_("version of its details"), default=0)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    status_reason = models.CharField(_("reason"), max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)  # counted when one starts
    retry_at = models.DateTimeField(_("taken up again at"), null=True, blank=True)  # if still pending then
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    month = models.DateField(  # its first day: when it was taken by the clock there, else when it was added
        _("month"), default=this_month, editable=False
    )
    trashed_at = models.DateTimeField(_("in the trash since"), null=True, blank=True, editable=False)

    objects = ImageQuerySet.as_manager()

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="one_copy_per_owner"),
            models.CheckConstraint(
                name="removed_only_in_the_trash",
                condition=Q(removed_at=None) | Q(trashed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "trashed_at", "-created_at", "-id"], name="image_by_owner"),
            # All that visible_to() and the filters look at, newest first: searches read nothing else of a
            # picture than its entry here, and lists end at the end of their page.
            models.Index(
                fields=[
                    "trashed_at",
                    "-created_at",
                    "-id",
                    "owner",
                    "visibility",
                    "is_hidden",
                    "awaits_checks",
                    "status",
                    "origin",
                    "colour",
                    "width",
                    "height",
                ],
                name="image_finding",
            ),
            models.Index(
                fields=["visibility", "is_hidden", "awaits_checks", "-created_at"], name="image_public"
            ),
            models.Index(
                F("owner"),
                F("month").desc(),
                Coalesce("taken_at", "created_at").desc(),
                F("id").desc(),
                name="image_timeline",
            ),
            models.Index(fields=["status", "retry_at"], name="image_unfinished"),
            models.Index(fields=["trashed_at"], name="image_trash", condition=Q(trashed_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title or str(self.id)

    def get_absolute_url(self) -> str:
        return reverse("gallery:picture", args=[self.id])

    @property
    def original_name(self) -> str:
        """Of the stored file, for the storage."""
        return self.original.name or ""

    @property
    def shape(self) -> int:
        """Its proportions for a grid, as the name of a class."""
        return shape_of(self.width, self.height)

    @property
    def taken_local(self) -> datetime | None:
        """When it was taken by the clock at that place, as far as the camera said where that is."""
        if self.taken_at is None:
            return None
        if self.taken_offset is None:
            return timezone.localtime(self.taken_at, timezone.get_default_timezone())
        return self.taken_at.astimezone(dt_timezone(timedelta(minutes=self.taken_offset)))

    @property
    def placeholder_cells(self) -> list[dict[str, int | str]]:
        return cells(self.placeholder)

    @property
    def copy_path(self) -> str:
        """Of a file like the original in size and kind, made from its pixels: JPEG for photos, else PNG."""
        extension = "png" if self.content_type in self.LOSSLESS else "jpg"
        return f"copies/{self.id}.{extension}"

    def thumbnail_path(self, size: int) -> str:
        return f"thumbnails/{self.id}/{size}.webp"
