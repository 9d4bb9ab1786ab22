from django.db import models
from django.utils.translation import gettext_lazy as _

from gallery.models.embedding import Embedding
from gallery.models.image import Image


class EncodingModel(models.Model):
    """A CLIP model whose vectors are here, or are being made. Embeddings name it by `model_id`."""

    model_id = models.CharField(_("model"), max_length=120, unique=True)  # its name and revision
    name = models.CharField(_("name"), max_length=500)  # by which the encoder is asked for it
    first_seen_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    # Since then neither serving nor on its way there: its vectors are kept for a while for the way back.
    unused_since = models.DateTimeField(_("not used since"), null=True, blank=True)

    class Meta:
        verbose_name = _("encoding model")
        verbose_name_plural = _("encoding models")

    def __str__(self) -> str:
        return self.model_id


class Serving(models.Model):
    """One row: which model searches use, and which one they will use when every picture has its vector.

    It changes by conditional updates alone, of which gallery.serving has all.
    """

    current = models.ForeignKey(EncodingModel, on_delete=models.PROTECT, related_name="+")
    next = models.ForeignKey(EncodingModel, on_delete=models.PROTECT, related_name="+", null=True)
    wanted_id = models.CharField(max_length=120)  # the encoder's first model when it was last followed
    since = models.DateTimeField()  # the current one serves
    next_since = models.DateTimeField(null=True)  # the next one is being prepared
    # The current one took over before every picture had its vector, because the one before was gone.
    is_filling = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("serving model")
        verbose_name_plural = _("serving models")

    def __str__(self) -> str:
        return f"{self.current_id} → {self.next_id}" if self.next_id else str(self.current_id)


def serving_model() -> EncodingModel | None:
    """The model that searches use; None before the encoder was first heard of."""
    serving = Serving.objects.select_related("current").first()
    return serving.current if serving else None


def serving_vectors() -> models.QuerySet[Embedding]:
    """The vectors that searches compare; all of them before the encoder was first heard of."""
    model = serving_model()
    return Embedding.objects.filter(model_id=model.model_id) if model else Embedding.objects.all()


class PendingVector(models.Model):
    """A vector of one model that a finished picture is still to get: under way, to be tried again, or set
    aside. Without a row it has it, or has not been taken up."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="pending_vectors")
    model = models.ForeignKey(EncodingModel, on_delete=models.CASCADE, related_name="pending_vectors")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    retry_at = models.DateTimeField(_("next attempt"), null=True)  # empty: set aside
    reason = models.CharField(_("reason"), max_length=200, blank=True)  # a message id

    class Meta:
        verbose_name = _("pending vector")
        verbose_name_plural = _("pending vectors")
        constraints = [
            models.UniqueConstraint(fields=["image", "model"], name="one_pending_vector_per_model")
        ]
        indexes = [models.Index(fields=["model", "retry_at"], name="pending_by_time")]

    def __str__(self) -> str:
        return f"{self.image_id} {self.model_id}"
