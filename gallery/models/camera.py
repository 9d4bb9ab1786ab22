from django.db import models
from django.utils.translation import gettext_lazy as _

from gallery.models.image import Image


class CameraFacts(models.Model):
    """What the camera noted beside the picture. There is no row where it noted nothing."""

    image = models.OneToOneField(
        Image, on_delete=models.CASCADE, primary_key=True, related_name="camera_facts"
    )
    make = models.CharField(_("maker"), max_length=80, blank=True)
    model = models.CharField(_("camera"), max_length=80, blank=True, db_index=True)
    lens = models.CharField(_("lens"), max_length=80, blank=True)
    exposure = models.FloatField(_("exposure"), null=True, blank=True)  # seconds
    f_number = models.FloatField(_("f-number"), null=True, blank=True)
    iso = models.PositiveIntegerField(_("ISO"), null=True, blank=True)
    focal_length = models.FloatField(_("focal length"), null=True, blank=True)  # millimetres
    focal_length_35mm = models.FloatField(_("focal length on 35 mm film"), null=True, blank=True)

    class Meta:
        verbose_name = _("camera facts")
        verbose_name_plural = _("camera facts")

    def __str__(self) -> str:
        """Maker and model; most models name their maker already."""
        if self.make and not self.model.lower().startswith(self.make.split()[0].lower()):
            return f"{self.make} {self.model}".strip()
        return self.model or self.make

    @property
    def shutter(self) -> str:
        """The exposure as it stands on cameras: 1/250, 0.4, 30."""
        if self.exposure is None:
            return ""
        if self.exposure < 0.3:
            return f"1/{round(1 / self.exposure)}"
        return f"{self.exposure:.1f}".removesuffix(".0")


class Place(models.Model):
    """Where a picture was taken. Only there if its owner wants it kept, and shown to nobody else."""

    image = models.OneToOneField(Image, on_delete=models.CASCADE, primary_key=True, related_name="place")
    latitude = models.FloatField(_("latitude"))  # degrees, north positive
    longitude = models.FloatField(_("longitude"))  # degrees, east positive
    altitude = models.FloatField(_("altitude"), null=True, blank=True)  # metres above the sea

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")

    def __str__(self) -> str:
        return f"{self.latitude:.5f}, {self.longitude:.5f}"
