import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gallery.models.tag import Tag


class LabelSet(models.Model):
    """Labels that a person keeps to ask with again. Nobody else sees them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="label_sets", verbose_name=_("owner")
    )
    name = models.CharField(_("name"), max_length=80)
    text = models.TextField(_("labels"))  # one a line, as labels.parse_labels() writes them
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("label set")
        verbose_name_plural = _("label sets")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="one_label_set_of_a_name")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("gallery:label_set_edit", args=[self.id])

    @property
    def labels(self) -> list[str]:
        return self.text.splitlines()


class Tagging(models.Model):
    """One time that winning labels were written as tags, so that it can be taken back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="taggings", verbose_name=_("owner")
    )
    threshold = models.FloatField(_("threshold"))  # probability, 0 to 1
    created_at = models.DateTimeField(_("done at"), auto_now_add=True)
    undone_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    tags = models.ManyToManyField(Tag, through="WrittenTag", related_name="+")

    class Meta:
        verbose_name = _("tagging")
        verbose_name_plural = _("taggings")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["owner", "-created_at"], name="tagging_by_owner")]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.created_at}"

    @property
    def names(self) -> list[tuple[str, int]]:
        """Of the tags that are still there, each with the pictures that have it from here."""
        counted = self.tags.order_by().values("name").annotate(total=models.Count("pk"))
        return list(counted.order_by("-total", "name").values_list("name", "total"))


class WrittenTag(models.Model):
    """A tag that a tagging added. It goes with the tag: one that its owner has taken off meanwhile, and put
    there again by hand, is another one and stays."""

    tagging = models.ForeignKey(Tagging, on_delete=models.CASCADE, related_name="written")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("written tag")
        verbose_name_plural = _("written tags")
        constraints = [models.UniqueConstraint(fields=["tagging", "tag"], name="one_tag_per_tagging")]

    def __str__(self) -> str:
        return f"{self.tagging_id}: {self.tag_id}"


class Vocabulary(models.Model):
    """A model's vectors of the words that the pages of pictures choose from: see seen.py.

    The row is made when somebody asks for them; `vectors` is empty until they are there.
    """

    model_id = models.CharField(_("model"), max_length=120)
    digest = models.CharField(max_length=64)  # of the words, so that a new list is encoded anew
    vectors = models.BinaryField(_("vectors"), null=True)  # (M, dim) float32 little-endian, unit rows
    dim = models.PositiveSmallIntegerField(_("dimensions"), default=0)
    logit_scale = models.FloatField(_("logit scale"), default=0.0)
    asked_at = models.DateTimeField(_("asked for at"))

    class Meta:
        verbose_name = _("vocabulary")
        verbose_name_plural = _("vocabularies")
        constraints = [
            models.UniqueConstraint(fields=["model_id", "digest"], name="one_vocabulary_of_a_model")
        ]

    def __str__(self) -> str:
        return self.model_id
