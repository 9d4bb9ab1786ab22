from django.db import models
from django.utils.translation import gettext_lazy as _


class Background(models.Model):
    """What a model makes of pictures that have nothing to do with any search: see relevance.py.

    The row is made when somebody asks for the measurement; `line` is empty until it is done.
    """

    model_id = models.CharField(_("model"), max_length=120, unique=True)
    vectors = models.BinaryField(_("vectors"), null=True)  # (N, dim) float32 little-endian, unit rows
    dim = models.PositiveSmallIntegerField(_("dimensions"), default=0)
    spread = models.FloatField(_("spread"), null=True)  # of cosines, typical of a caption
    line = models.FloatField(_("relevance line"), null=True)  # in spreads
    near = models.FloatField(_("nearer relevance line"), null=True)  # in spreads, once one is past `line`
    asked_at = models.DateTimeField(_("asked for at"))
    measured_at = models.DateTimeField(_("measured at"), null=True)

    class Meta:
        verbose_name = _("background")
        verbose_name_plural = _("backgrounds")

    def __str__(self) -> str:
        return self.model_id
