from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from generator import jobs
from generator.models import Job


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    """The queue. Jobs change by jobs.py alone, so the fields are to read and the changes are actions."""

    list_display = ["prompt", "owner", "state", "progress", "attempts", "created_at", "finished_at"]
    list_filter = ["state", "failure", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["prompt", "owner__username", "owner__email", "error"]
    date_hierarchy = "created_at"
    actions = ("cancel_jobs", "restart_jobs")
    fields = (
        *("prompt", "owner", "state", "failure", "error", "image"),
        *("kind", "parent", "batch", "place", "first_at"),
        *("seed", "steps", "width", "height", "options", "step", "loss"),
        *("attempts", "claim", "heartbeat_at", "checkpoint", "checkpoint_step"),
        *("created_at", "enqueued_at", "started_at", "finished_at"),
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("progress"))
    def progress(self, job: Job) -> str:
        return f"{job.step} / {job.steps}"

    @admin.action(description=_("Cancel the selected jobs"), permissions=["change"])
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        count = _count_changed(jobs.cancel, queryset)
        message = ngettext("%(count)d job cancelled.", "%(count)d jobs cancelled.", count)
        self.message_user(request, message % {"count": count}, _level(count))

    @admin.action(description=_("Start the selected failed or cancelled jobs again"), permissions=["change"])
    def restart_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        count = _count_changed(jobs.restart, queryset)
        message = ngettext("%(count)d job is queued again.", "%(count)d jobs are queued again.", count)
        self.message_user(request, message % {"count": count}, _level(count))

    def delete_model(self, request: HttpRequest, obj: Job) -> None:
        jobs.cancel(job_id=obj.id)  # so that nothing of it stays behind
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        _count_changed(jobs.cancel, queryset)
        super().delete_queryset(request, queryset)


def _count_changed(change: Callable[..., bool], queryset: QuerySet[Job]) -> int:
    return sum(change(job_id=job_id) for job_id in queryset.values_list("pk", flat=True))


def _level(count: int) -> int:
    return messages.SUCCESS if count else messages.WARNING
