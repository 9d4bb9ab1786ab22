import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One thing that was done, in the order in which it was done. Rows are never changed nor removed.

    People are in it by their number alone, never by a name: whoever deletes their account leaves a number
    that is nobody's. `before` and `after` hold canonical JSON as text, so that not a byte of them can change
    unseen. Only moderation/audit.py writes here.
    """

    class Kind(models.TextChoices):
        """What was done something about."""

        IMAGE = "image", _("Picture")
        ALBUM = "album", _("Album")
        PERSON = "person", _("Person")
        FILE = "file", _("File")  # by its SHA-256
        CASE = "case", _("Case")
        REPORT = "report", _("Report")
        APPEAL = "appeal", _("Appeal")
        JOB = "job", _("Job")
        SETTING = "setting", _("Setting")

    class Action(models.TextChoices):
        RIGHTS = "rights", _("change of rights")
        REPORT = "report", _("report")
        DECIDE = "decide", _("decision")
        HIDE = "hide", _("hide")
        SHOW = "show", _("show again")
        BLUR = "blur", _("blur")
        SAFE = "safe", _("mark as safe")
        DELETE = "delete", _("remove")
        BLOCK = "block", _("block the file")
        WARN = "warn", _("warn")
        SUSPEND = "suspend", _("suspend")
        DISMISS = "dismiss", _("dismiss")
        UNDO = "undo", _("undo")
        APPEAL = "appeal", _("appeal")
        UPHOLD = "uphold", _("appeal upheld")
        REJECT = "reject", _("appeal rejected")
        FIRST = "first", _("put before all others")
        IN_TURN = "in_turn", _("put back in its turn")
        HOLD = "hold", _("hold for review")
        REFUSE = "refuse", _("refuse")
        UNBLOCK = "unblock", _("let a blocked file in again")
        SET = "set", _("change a setting")
        APPLY = "apply", _("apply a policy")
        ERASE = "erase", _("erase reasons")

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)  # 1, 2, 3 … without a gap
    at = models.DateTimeField(_("when"))
    actor = models.ForeignKey(  # null: nobody who was signed in
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        verbose_name=_("who"),
    )
    action = models.CharField(_("action"), max_length=10, choices=Action.choices)
    kind = models.CharField(_("about"), max_length=10, choices=Kind.choices)
    key = models.CharField(_("which"), max_length=64)  # its primary key, or a file's SHA-256
    before = models.TextField(_("before"), default="{}")
    after = models.TextField(_("after"), default="{}")
    reason = models.TextField(_("reason"), blank=True)  # its digest; in early entries the text: see `words`
    decision = models.UUIDField(_("decision"), null=True)  # which one it was a part of
    previous_hash = models.CharField(max_length=64)  # of the row before
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("entry of the audit log")
        verbose_name_plural = _("audit log")
        ordering = ["-number"]
        indexes = [
            models.Index(fields=["kind", "key", "-number"], name="audit_by_thing"),
            models.Index(fields=["actor", "-number"], name="audit_by_actor"),
            models.Index(fields=["action", "-number"], name="audit_by_action"),
            models.Index(fields=["at"], name="audit_by_time"),
            models.Index(fields=["decision"], name="audit_by_decision"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action} {self.kind} {self.key}"

    @property
    def kept(self) -> "AuditReason | None":
        return getattr(self, "kept_reason", None)

    @property
    def has_digest(self) -> bool:
        return self.reason.startswith(AuditReason.MARK)

    @property
    def words(self) -> str:
        """Why, as it was written, unless that was erased."""
        if self.kept is not None:
            return self.kept.text
        return gettext("(erased with an account)") if self.has_digest else self.reason

    @property
    def state_before(self) -> "State":
        return json.loads(self.before)

    @property
    def state_after(self) -> "State":
        return json.loads(self.after)


class AuditReason(models.Model):
    """The words of an entry's reason, which may name somebody and so can be erased. The entry keeps their
    digest with a salt that goes with them: without it nobody finds the words by trying.
    """

    MARK = "sha256:"  # before a digest

    entry = models.OneToOneField(
        AuditEntry,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="kept_reason",
        verbose_name=_("entry of the audit log"),
    )
    salt = models.CharField(max_length=32)
    text = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("reason in the audit log")
        verbose_name_plural = _("reasons in the audit log")

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.text}"

    @property
    def digest(self) -> str:
        content = json.dumps([self.salt, self.text], ensure_ascii=False)
        return self.MARK + hashlib.sha256(content.encode()).hexdigest()


class AuditHead(models.Model):
    """The newest entry's number and hash, in one row: who appends holds it, so that there is one chain, and
    a log that was cut off at its end no longer fits to it."""

    ROW = 1

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        verbose_name = _("end of the audit log")
        verbose_name_plural = _("ends of the audit log")

    def __str__(self) -> str:
        return f"{self.number} {self.hash}"


State = dict[str, Any]  # of a thing, as JSON: what has changed before and after
