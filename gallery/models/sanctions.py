import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gallery.colours import cells
from gallery.models.cases import Decision


class BlockedFile(models.Model):
    """A file that nobody may add (any more), and the picture in it: what looks like it, PrintBlocking says
    what happens to. Who blocked it and why is in the audit log."""

    sha256 = models.CharField(_("SHA-256"), max_length=64, primary_key=True)
    prints = models.BinaryField(_("prints"), max_length=64, null=True)  # prints.py; null: it has none
    placeholder = models.CharField(_("its colours"), max_length=54, blank=True)  # as the picture's
    created_at = models.DateTimeField(_("blocked"), auto_now_add=True)

    class Meta:
        verbose_name = _("blocked file")
        verbose_name_plural = _("blocked files")

    def __str__(self) -> str:
        return self.sha256

    @property
    def placeholder_cells(self) -> list[dict[str, int | str]]:
        return cells(self.placeholder)


class PrintBlocking(models.Model):
    """What happens to a picture that looks like a blocked one, in one row; without it, as the fields say."""

    ROW = 1
    LEAST, MOST = 0, 64  # bits; two pictures that have nothing to do with each other differ in about 128

    class Result(models.TextChoices):
        BLUR = "blur", _("Show it covered")
        HOLD = "hold", _("Hold it until a moderator has looked at it")
        REFUSE = "refuse", _("Refuse it")

    distance = models.PositiveSmallIntegerField(_("bits of 256 that may differ"), default=36)
    result = models.CharField(
        _("what happens to it"), max_length=10, choices=Result.choices, default=Result.HOLD
    )

    class Meta:
        verbose_name = _("blocking of what looks alike")
        verbose_name_plural = _("blocking of what looks alike")

    def __str__(self) -> str:
        return f"{self.distance} {self.result}"


class SanctionQuerySet(models.QuerySet):
    def current(self) -> "SanctionQuerySet":
        """Those that have not expired."""
        return self.filter(Q(until=None) | Q(until__gt=timezone.now()))


class Sanction(models.Model):
    """What a decision laid on a person; the reason is the decision's. It is gone when that is taken back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, verbose_name=_("decision"))
    until = models.DateTimeField(_("until"), null=True)  # null: for good
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    objects = SanctionQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-created_at", "-id"]


class Strike(Sanction):
    """A warning that counts until it expires."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="strikes", verbose_name=_("person")
    )

    class Meta(Sanction.Meta):
        verbose_name = _("warning")
        verbose_name_plural = _("warnings")

    def __str__(self) -> str:
        return f"{self.person_id} until {self.until}"


class Suspension(Sanction):
    """Something that a person may not do for a while, or for good."""

    class Scope(models.TextChoices):
        UPLOAD = "upload", _("Upload pictures")
        GENERATE = "generate", _("Make pictures")
        SIGN_IN = "sign_in", _("Sign in")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="suspensions",
        verbose_name=_("person"),
    )
    scope = models.CharField(_("what they may not do"), max_length=10, choices=Scope.choices)

    class Meta(Sanction.Meta):
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        indexes = [models.Index(fields=["person", "scope", "until"], name="suspension_by_person")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.scope} until {self.until}"


class Appeal(models.Model):
    """What the owner says against a decision; another moderator than the one who decided looks at it."""

    class State(models.TextChoices):
        OPEN = "open", _("Not decided yet")
        UPHELD = "upheld", _("Upheld: the decision was taken back")
        REJECTED = "rejected", _("Rejected: the decision stands")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decision = models.OneToOneField(
        Decision, on_delete=models.CASCADE, related_name="appeal", verbose_name=_("decision")
    )
    text = models.TextField(_("what speaks against the decision"), max_length=2000)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    created_at = models.DateTimeField(_("appealed"), auto_now_add=True)

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["state", "created_at"], name="appeal_by_state")]

    def __str__(self) -> str:
        return f"{self.state} {self.decision_id}"
