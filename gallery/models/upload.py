import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from gallery.models.image import Image
from gallery.models.people import User


class UploadQuerySet(models.QuerySet["Upload"]):
    def of(self, user: User) -> "UploadQuerySet":
        """A file on its way is its sender's alone; not even moderators see it before it is a picture."""
        return self.filter(owner=user, became=None)


class Upload(models.Model):
    """A file on its way in: the first `offset` of its `length` bytes are in the partial file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)  # later the picture's too
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads", verbose_name=_("owner")
    )
    key = models.CharField(max_length=64)  # the sender's own, so that asking twice makes one upload
    name = models.CharField(_("file name"), max_length=255, blank=True)
    modified = models.CharField(max_length=20, blank=True)  # of the file, by which its sender knows it again
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Image.Visibility.choices, default=Image.Visibility.PRIVATE
    )
    length = models.PositiveBigIntegerField(_("size in bytes"))
    offset = models.PositiveBigIntegerField(_("bytes received"), default=0)
    # A picture that was taken out of the trash again: it has another id, and whoever did not hear of it may
    # ask again until the upload expires.
    became = models.ForeignKey(
        Image, on_delete=models.CASCADE, related_name="+", null=True, verbose_name=_("picture")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="one_upload_per_key")]

    def __str__(self) -> str:
        return self.name or str(self.id)

    @property
    def path(self) -> Path:
        """Of the partial file."""
        return settings.UPLOADS_DIR / f"{self.id}.part"

    @property
    def percent(self) -> int:
        return 100 * self.offset // self.length if self.length else 100

    def discard(self) -> None:
        """Removes the row, then the file. A request that is still writing to it notices by the row."""
        Upload.objects.filter(pk=self.pk).delete()
        self.path.unlink(missing_ok=True)

    def finish(self, image: Image) -> None:
        """Removes what its picture makes superfluous: all of it, or all but which picture that is."""
        if image.pk == self.pk:
            self.discard()
            return
        key = uuid.uuid4().hex  # the sender may send another file under its key
        Upload.objects.filter(pk=self.pk).update(became=image, key=key)
        self.path.unlink(missing_ok=True)
