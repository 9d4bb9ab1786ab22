"""The audit log, to read; the page of the log has more."""

from django.contrib import admin

from gallery.admin.common import ReadOnly
from gallery.models import AuditEntry


@admin.register(AuditEntry)
class AuditAdmin(ReadOnly):
    list_display = ["number", "at", "actor", "action", "kind", "key", "reason"]
    list_filter = ["action", "kind", "at"]
    list_select_related = ["actor"]
    search_fields = ["=key", "=decision", "actor__username", "reason"]
    date_hierarchy = "at"
