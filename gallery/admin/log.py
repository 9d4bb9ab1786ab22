"""The audit log, to read; the page of the log has more."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from gallery.admin.common import ReadOnly
from gallery.models import AuditEntry


@admin.register(AuditEntry)
class AuditAdmin(ReadOnly):
    list_display = ["number", "at", "actor", "action", "kind", "key", "words"]
    list_filter = ["action", "kind", "at"]
    list_select_related = ["actor", "kept_reason"]
    search_fields = ["=key", "=decision", "actor__username", "kept_reason__text"]
    date_hierarchy = "at"
    fields = [
        *("number", "at", "actor", "action", "kind", "key", "before", "after"),
        *("words", "reason", "decision", "previous_hash", "hash"),
    ]

    @admin.display(description=_("reason"))
    def words(self, entry: AuditEntry) -> str:
        return entry.words
