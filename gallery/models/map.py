from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from gallery.models.image import Image


class Map(models.Model):
    """One person's pictures laid out in two dimensions, and how far the next layout is.

    The points of the layout before stay until the next one takes their place in one transaction.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Being laid out")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Could not be laid out")

    UNDER_WAY = (State.WAITING, State.RUNNING)

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="map", verbose_name=_("owner")
    )
    state = models.CharField(_("status"), max_length=10, choices=State.choices, default=State.READY)
    reason = models.CharField(_("reason"), max_length=300, blank=True)  # a message id
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)  # counted when one starts
    held_until = models.DateTimeField(_("taken up again at"), null=True, blank=True)
    model_id = models.CharField(_("model"), max_length=120, blank=True)  # whose vectors were laid out
    made_at = models.DateTimeField(_("made at"), null=True, blank=True)
    newest_seen = models.BigIntegerField(default=0)  # the last embedding's key when new ones were looked for

    class Meta:
        verbose_name = _("map")
        verbose_name_plural = _("maps")
        indexes = [models.Index(fields=["state", "held_until"], name="map_unfinished")]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.state}"

    @property
    def is_under_way(self) -> bool:
        return self.state in self.UNDER_WAY


class MapPoint(models.Model):
    """Where a picture lies: x to the right and y downwards, both from -1 to 1."""

    map = models.ForeignKey(Map, on_delete=models.CASCADE, related_name="points")
    image = models.OneToOneField(Image, on_delete=models.CASCADE, related_name="map_point")
    x = models.FloatField()
    y = models.FloatField()
    region = models.PositiveSmallIntegerField(_("region"))  # counted from 1 in reading order
    is_later = models.BooleanField(default=False)  # came after the layout, and lies beside its neighbours

    class Meta:
        verbose_name = _("point of a map")
        verbose_name_plural = _("points of maps")
        indexes = [models.Index(fields=["map", "region"], name="map_regions")]

    def __str__(self) -> str:
        return f"{self.image_id} ({self.x:.3f}, {self.y:.3f})"
