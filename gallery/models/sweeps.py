import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gallery.models.policies import Policy


class SweepQuerySet(models.QuerySet["Sweep"]):
    def running(self) -> "SweepQuerySet":
        return self.filter(state=Sweep.State.RUNNING)

    def stop(self, reason: str = "") -> int:
        """Those that run end where they are. reason: a message id, or nothing if somebody wanted it."""
        return self.running().update(state=Sweep.State.STOPPED, reason=reason, ended_at=timezone.now())


class Sweep(models.Model):
    """One pass of a policy over the pictures that are here, in the order of their ids, some at a time.

    Each slice is one transaction, which moves `last` on together with what it does; so whatever is killed or
    delivered twice, every picture is judged once.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    policy = models.ForeignKey(
        Policy, on_delete=models.CASCADE, related_name="sweeps", verbose_name=_("policy")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("started by"),
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RUNNING)
    reason = models.CharField(_("reason"), max_length=200, blank=True)  # a message id
    slices = models.PositiveIntegerField(_("slices"), default=0)  # that are behind it
    last = models.UUIDField(_("last picture"), null=True)  # that was looked at
    total = models.PositiveIntegerField(_("pictures"))  # when it started
    looked_at = models.PositiveIntegerField(_("looked at"), default=0)
    caught = models.PositiveIntegerField(_("caught"), default=0)
    left_alone = models.PositiveIntegerField(_("left alone"), default=0)  # though the policy would catch them
    touched_at = models.DateTimeField(_("last slice"), default=timezone.now)
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = SweepQuerySet.as_manager()

    class Meta:
        verbose_name = _("pass of a policy")
        verbose_name_plural = _("passes of policies")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy"], condition=Q(state="running"), name="one_running_sweep_per_policy"
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.state}"
