import uuid

import numpy as np
from django.db import models
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from gallery.models.findings import Finding


class Policy(models.Model):
    """A kind of picture that is not simply let in, as texts say it, and of prompt that nothing is made from;
    moderation/policies.py alone writes here.

    A picture's score is how far its similarity to the texts stands out from what they score on pictures that
    have nothing to do with them, in spreads: the distinctness of gallery/relevance.py. What that rests on is
    kept with the policy, so that its threshold means the same until somebody saves it again. Vectors of
    another model cannot be compared: after a change of model a policy is idle until it is saved anew.

    A prompt's score is the same among texts: how far its similarity stands out from that of
    unrelated captions.
    """

    Result = Finding.Result

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=60, unique=True)
    texts = models.TextField(_("what pictures show"), max_length=2000, blank=True)  # one a line
    threshold = models.FloatField(_("threshold"))  # in spreads; from here on a picture is caught
    result = models.CharField(
        _("what happens to it"), max_length=10, choices=Result.choices, default=Result.HOLD
    )
    words = models.TextField(_("words of prompts"), max_length=2000, blank=True)  # one or several a line
    prompt_threshold = models.FloatField(  # in spreads; null: the meaning of prompts is not compared
        _("threshold of prompts"), null=True, blank=True
    )
    is_active = models.BooleanField(_("on"), default=False)
    model_id = models.CharField(_("model"), max_length=120, blank=True)  # empty without texts
    vector = models.BinaryField(_("vector"))  # (D,) float32 of length 1: the mean of the texts as labels
    centre = models.FloatField(_("similarity of unrelated pictures"), default=0.0)  # cosine
    spread = models.FloatField(_("spread of unrelated pictures"), default=1.0)  # in cosines
    prompt_vector = models.BinaryField(_("vector for prompts"), default=bytes)  # of the texts as they are
    prompt_centre = models.FloatField(_("similarity of unrelated captions"), default=0.0)  # cosine
    prompt_spread = models.FloatField(_("spread of unrelated captions"), default=1.0)  # in cosines
    created_at = models.DateTimeField(_("written"), auto_now_add=True)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def scores(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, D) of length 1, of the policy's model → (N,), in spreads."""
        direction = np.frombuffer(bytes(self.vector), "<f4")
        return (vectors @ direction - self.centre) / self.spread

    def prompt_scores(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same of prompts, where there is a prompt_threshold."""
        direction = np.frombuffer(bytes(self.prompt_vector), "<f4")
        return (vectors @ direction - self.prompt_centre) / self.prompt_spread
