from django.db import models
from django.utils.translation import gettext_lazy as _

from gallery.models.image import Image


class Tag(models.Model):
    """One word on one picture. A name is never kept apart from the pictures that carry it: it is known to
    those who may see one of them, and goes with the last."""

    MAX_LENGTH = 50  # characters

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="tags", verbose_name=_("picture"))
    name = models.CharField(_("name"), max_length=MAX_LENGTH)  # as tagging.normal_name() writes it

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["image", "name"], name="one_tag_per_picture")]
        indexes = [models.Index(fields=["name"], name="tag_by_name")]

    def __str__(self) -> str:
        return self.name
