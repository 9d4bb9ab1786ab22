from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from gallery.models.image import Image


class NearPair(models.Model):
    """Two pictures of one person that look nearly the same, and whether the person wants to keep both.

    The row stays when both are kept, so that the same two are never asked about again.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="near_pairs")
    first = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")  # the smaller id
    second = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    distance = models.PositiveSmallIntegerField(_("distance"))  # bits of 64 that differ
    group = models.UUIDField(null=True)  # the same for all open pairs that hang together
    is_kept = models.BooleanField(_("both are kept"), default=False)

    class Meta:
        verbose_name = _("near-duplicates")
        verbose_name_plural = _("near-duplicates")
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="one_row_per_pair")]
        indexes = [models.Index(fields=["owner", "is_kept", "group"], name="open_pairs")]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}"
