import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class QueryPictureQuerySet(models.QuerySet["QueryPicture"]):
    def known(self) -> "QueryPictureQuerySet":
        """Whoever has its id may search by it: the id is the secret of the link, and what a search finds is
        decided by Image.objects.visible_to() for the one who looks."""
        saved = models.Q(saved_searches__isnull=False)
        return self.filter(saved | models.Q(expires_at__gt=timezone.now())).distinct()

    def over(self) -> "QueryPictureQuerySet":
        """Those whose time is over and that no saved search needs."""
        return self.filter(expires_at__lte=timezone.now(), saved_searches=None)


class QueryPicture(models.Model):
    """What is left of a picture that somebody searched by without storing it: its unit vector by one model.

    It is here so that the search has an address, and goes when its time is over, unless the search is saved.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,  # a visitor
        related_name="query_pictures",
        verbose_name=_("user"),
    )
    model_id = models.CharField(_("model"), max_length=120)
    dim = models.PositiveSmallIntegerField(_("dimensions"))
    vector = models.BinaryField(_("vector"))  # (dim,) float32 little-endian, unit length
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    objects = QueryPictureQuerySet.as_manager()

    class Meta:
        verbose_name = _("picture searched by")
        verbose_name_plural = _("pictures searched by")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.id} {self.model_id}"
