import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gallery.models.audit import AuditEntry
from gallery.models.people import User


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> "CaseQuerySet":
        return self.filter(state=Case.State.OPEN)

    def weighed(self) -> "CaseQuerySet":
        """Each with `severity`, 1 to 3, by what was reported and found, and `reporters`, how many reported
        it."""
        reported, found = Max("reports__severity"), Max("findings__severity")
        return self.annotate(
            severity=Greatest(Coalesce(reported, 1), Coalesce(found, 1)),
            reporters=Count("reports", distinct=True),
        )

    def queue(self) -> "CaseQuerySet":
        """What waits for a decision: the worst first, then what most people reported, then the oldest."""
        weighed: CaseQuerySet = self.open().weighed()
        return weighed.order_by(F("severity").desc(), F("reporters").desc(), "created_at", "pk")


class Case(models.Model):
    """One thing that moderators have to decide about, with all reports on it. A thing that is reported again
    after the decision gets a new case."""

    class Kind(models.TextChoices):
        IMAGE = AuditEntry.Kind.IMAGE.value, _("Picture")
        ALBUM = AuditEntry.Kind.ALBUM.value, _("Album")
        PERSON = AuditEntry.Kind.PERSON.value, _("Person")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        DECIDED = "decided", _("Decided")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("about"), max_length=10, choices=Kind.choices)
    key = models.CharField(_("which"), max_length=64)  # the primary key; a case outlives its thing
    owner = models.ForeignKey(  # whose thing it is, or who it is
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="cases",
        verbose_name=_("owner"),
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("held by"),
    )
    held_until = models.DateTimeField(_("held until"), null=True)
    created_at = models.DateTimeField(_("opened"), auto_now_add=True)
    decided_at = models.DateTimeField(_("decided"), null=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=Q(state="open"), name="one_open_case_per_thing"
            )
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="case_by_state")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    def holder(self, now: datetime | None = None) -> User | None:
        """Who looks at it just now."""
        is_held = self.held_until is not None and self.held_until > (now or timezone.now())
        return self.held_by if is_held else None


class Report(models.Model):
    """What somebody said about a thing. Of one open case a person makes one report."""

    class Reason(models.TextChoices):
        ILLEGAL = "illegal", _("Forbidden by law")
        VIOLENCE = "violence", _("Violence or cruelty")
        SEXUAL = "sexual", _("Nudity or sex")
        HARASSMENT = "harassment", _("Insults or harasses somebody")
        PRIVACY = "privacy", _("Shows somebody who does not want that")
        COPYRIGHT = "copyright", _("Belongs to somebody else")
        SPAM = "spam", _("Advertising")
        OTHER = "other", _("Something else")

    SEVERITIES = {
        Reason.ILLEGAL: 3,
        Reason.VIOLENCE: 3,
        Reason.SEXUAL: 2,
        Reason.HARASSMENT: 2,
        Reason.PRIVACY: 2,
    }

    class Outcome(models.TextChoices):
        WAITING = "", _("Not decided yet")
        ACTED = "acted", _("Something was done about it")
        DISMISSED = "dismissed", _("Nothing was found to be wrong")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reports", verbose_name=_("case"))
    reporter = models.ForeignKey(  # null: a visitor, or somebody who is gone
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="reports",
        verbose_name=_("reporter"),
    )
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    severity = models.PositiveSmallIntegerField(_("severity"))  # of the reason, 1 to 3
    note = models.TextField(_("note"), max_length=1000, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True, default="")
    told_at = models.DateTimeField(_("outcome seen"), null=True)
    created_at = models.DateTimeField(_("reported"), auto_now_add=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "reporter"], name="one_report_per_case_and_person")
        ]
        indexes = [models.Index(fields=["reporter", "told_at"], name="report_by_reporter")]

    def __str__(self) -> str:
        return f"{self.reason} {self.case_id}"


class Decision(models.Model):
    """What a moderator did about a case: several actions for one reason. What they changed stands in the
    entries of the audit log that name the decision; undoing it puts that back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="decisions", verbose_name=_("case"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    actions = models.JSONField(_("actions"))  # values of AuditEntry.Action
    reason = models.TextField(_("reason"), max_length=1000, blank=True)
    created_at = models.DateTimeField(_("decided"), auto_now_add=True)
    told_at = models.DateTimeField(_("seen by the owner"), null=True)
    undone_at = models.DateTimeField(_("taken back"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("taken back by"),
    )
    undo_reason = models.TextField(_("why it was taken back"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["-created_at"], name="decision_by_time")]

    def __str__(self) -> str:
        return f"{', '.join(self.actions)} {self.case_id}"

    @property
    def action_names(self) -> list[str]:
        return [str(AuditEntry.Action(action).label) for action in self.actions]
