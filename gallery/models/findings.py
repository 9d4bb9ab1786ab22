import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gallery.models.cases import Case, Decision


class Finding(models.Model):
    """What an automatic check found about a picture; only moderation/checks/ writes here. A picture that
    passes has none, and a file that is refused on arrival has an entry in the audit log alone."""

    class Result(models.TextChoices):
        """The strictest comes last."""

        BLUR = "blur", _("covered until somebody wants to see it")
        HOLD = "hold", _("held for review: only its owner and moderators see it")
        REFUSE = "refuse", _("refused")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="findings", verbose_name=_("case"))
    decision = models.ForeignKey(  # what came of it by itself; null while moderators have to look at it
        Decision, on_delete=models.SET_NULL, null=True, related_name="findings", verbose_name=_("decision")
    )
    check_name = models.CharField(_("check"), max_length=40)
    result = models.CharField(_("result"), max_length=10, choices=Result.choices)
    severity = models.PositiveSmallIntegerField(_("severity"))  # 1 to 3, as of reports
    reason = models.CharField(_("reason"), max_length=300)  # a message id, translated where it is shown
    params = models.JSONField(_("names in the reason"), default=dict, blank=True)
    created_at = models.DateTimeField(_("found"), auto_now_add=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["-severity", "created_at", "id"]

    def __str__(self) -> str:
        return f"{self.check_name} {self.result} {self.case_id}"

    @property
    def words(self) -> str:
        """Why, in the reader's language."""
        return words_of(self.reason, self.params)


def words_of(reason: str, params: dict[str, Any]) -> str:
    return gettext(reason) % params if params else gettext(reason)
