from django.db import models
from django.utils.translation import gettext_lazy as _


class PendingWords(models.Model):
    """A picture whose title, caption or tags have changed since the vectors of its words were made.

    The database's own triggers write these rows (see words/triggers.py), so that no writer can forget them.
    """

    image_id = models.UUIDField(
        _("picture"), primary_key=True
    )  # no foreign key: a picture may be on its way out
    version = models.PositiveBigIntegerField(_("changes"), default=1)  # 0: none, but a model lacks a vector
    taken_until = models.DateTimeField(_("in work until"), null=True)

    class Meta:
        verbose_name = _("picture with new words")
        verbose_name_plural = _("pictures with new words")

    def __str__(self) -> str:
        return f"{self.image_id}: {self.version}"
