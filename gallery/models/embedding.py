from django.db import models
from django.utils.translation import gettext_lazy as _

from gallery.models.image import Image

_WORDS = "#words"


def words_of(model_id: str) -> str:
    """Under which name this model's vectors of pictures' words are kept beside those of the pictures."""
    return model_id + _WORDS


class Embedding(models.Model):
    """One picture's unit vector by one model, or its words'. Vectors of different models are never compared,
    and those of words by themselves (see words/)."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="embeddings")
    model_id = models.CharField(_("model"), max_length=120)
    dim = models.PositiveSmallIntegerField(_("dimensions"))
    vector = models.BinaryField(_("vector"))  # (dim,) float32 little-endian, unit length
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("embedding")
        verbose_name_plural = _("embeddings")
        constraints = [models.UniqueConstraint(fields=["image", "model_id"], name="one_vector_per_model")]

    def __str__(self) -> str:
        return f"{self.image_id} {self.model_id}"


class EmbeddingCounter(models.Model):
    """One row that every change of the vectors counts up, inside the same transaction.

    Updating it takes its row lock until commit, so versions become visible in order and a reader that has
    seen version n has seen everything before it.
    """

    version = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.version)


class EmbeddingChange(models.Model):
    """The log by which the index in memory follows the table: which picture changed at which version."""

    version = models.PositiveBigIntegerField(primary_key=True)
    image_id = models.UUIDField()

    class Meta:
        ordering = ["version"]

    def __str__(self) -> str:
        return f"{self.version}: {self.image_id}"
