from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from gallery.models.image import Image


class Favourite(models.Model):
    """A picture that a person keeps coming back to, their own or one that they may see."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites", verbose_name=_("user")
    )
    image = models.ForeignKey(
        Image, on_delete=models.CASCADE, related_name="favourites", verbose_name=_("picture")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("favourite")
        verbose_name_plural = _("favourites")
        constraints = [models.UniqueConstraint(fields=["user", "image"], name="one_favourite_per_person")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.image_id}"
