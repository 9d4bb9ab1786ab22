from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gallery.models.image import Image


class HistoryEntry(models.Model):
    """What became of a picture at one time. Rows are added by gallery.history and never changed; they go with
    the picture."""

    class Kind(models.TextChoices):
        """Each is said with the words that changed, as far as it needs them."""

        TITLED = "titled", _("It got a title.")
        RETITLED = "retitled", _("The title was changed; before it was “%(detail)s”.")
        CAPTIONED = "captioned", _("The caption was changed.")
        TAGGED = "tagged", _("It was tagged: %(detail)s.")
        UNTAGGED = "untagged", _("Tags were taken off: %(detail)s.")
        LABELLED = "labelled", _("The model’s answer was written as a tag: %(detail)s.")
        UNLABELLED = "unlabelled", _("The tag that the model had written was taken back: %(detail)s.")
        INTO_ALBUM = "into_album", _("It was put into the album “%(detail)s”.")
        OUT_OF_ALBUM = "out_of_album", _("It was taken out of the album “%(detail)s”.")
        PUBLISHED = "published", _("It was made public.")
        MADE_PRIVATE = "made_private", _("It was made private.")
        TRASHED = "trashed", _("It was moved to the trash.")
        RESTORED = "restored", _("It was taken out of the trash again.")

    MAX_DETAIL = 300  # characters

    image = models.ForeignKey(
        Image, on_delete=models.CASCADE, related_name="history", verbose_name=_("picture")
    )
    kind = models.CharField(_("what"), max_length=12, choices=Kind.choices)
    detail = models.CharField(_("details"), max_length=MAX_DETAIL, blank=True)  # the words that changed
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("entry of a picture's history")
        verbose_name_plural = _("entries of pictures' histories")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["image", "-at"], name="history_of_image")]

    def __str__(self) -> str:
        return self.Kind(self.kind).label % {"detail": self.detail}
