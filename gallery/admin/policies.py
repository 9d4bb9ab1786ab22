"""Policies and their passes over the pictures that are here. Their own page writes them: the model has a say
in it, and it shows what would be caught."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from gallery import encoder_client
from gallery.admin.common import ReadOnly, acting
from gallery.models import Policy, Sweep
from gallery.moderation import policies, sweeps
from gallery.moderation.policy_form import PolicyForm

AWAY = (
    encoder_client.EncoderUnavailable,
    encoder_client.EncoderFailed,
    encoder_client.EncoderRefused,
    policies.NotMeasured,
)


@admin.register(Policy)
class PolicyAdmin(ReadOnly):
    list_display = ["name", "result", "threshold", "prompt_threshold", "is_active", "is_current", "page"]
    list_filter = ["is_active", "result", "model_id"]
    search_fields = ["name", "texts", "words"]
    actions = ["put_in_force", "put_out_of_force", "delete_chosen"]
    fields = [
        *("name", "texts", "threshold", "result", "words", "prompt_threshold"),
        *("is_active", "model_id", "created_at", "page"),
    ]

    def has_write_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("gallery.change_policy")

    @admin.display(description=_("fits the model"), boolean=True)
    def is_current(self, policy: Policy) -> bool:
        return policies.is_current(policy)

    @admin.display(description=_("page"))
    def page(self, policy: Policy) -> str:
        address = reverse("gallery:policy", args=[policy.pk])
        return format_html('<a href="{}">{}</a>', address, _("Change it, see what it catches"))

    @admin.action(description=_("Put in force"), permissions=["write"])
    def put_in_force(self, request: HttpRequest, queryset: QuerySet[Policy]) -> None:
        self._switch(request, queryset, on=True)

    @admin.action(description=_("Put out of force"), permissions=["write"])
    def put_out_of_force(self, request: HttpRequest, queryset: QuerySet[Policy]) -> None:
        self._switch(request, queryset, on=False)

    @admin.action(
        description=_("Delete the chosen policies; what they have caught stays"), permissions=["write"]
    )
    def delete_chosen(self, request: HttpRequest, queryset: QuerySet[Policy]) -> None:
        for policy in queryset:
            policies.delete_policy(policy_id=policy.pk, by=acting(request))
            self.message_user(request, _("%(name)s is deleted.") % {"name": policy.name}, messages.SUCCESS)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Policy], *, on: bool) -> None:
        """Written as its page writes it, and so measured anew by the model that serves."""
        for policy in queryset:
            fields = {name: getattr(policy, name) for name in PolicyForm.Meta.fields} | {"is_active": on}
            try:
                policies.save_policy(by=acting(request), fields=fields, policy=policy)
            except AWAY:
                text = _("%(name)s: the model is not ready. Try again in a minute.")
                self.message_user(request, text % {"name": policy.name}, messages.ERROR)
            else:
                text = _("%(name)s is in force.") if on else _("%(name)s is not in force.")
                self.message_user(request, text % {"name": policy.name}, messages.SUCCESS)


@admin.register(Sweep)
class SweepAdmin(ReadOnly):
    list_display = ["policy", "state", "looked_at", "total", "caught", "left_alone", "by", "created_at"]
    list_filter = ["state", "created_at"]
    list_select_related = ["policy", "by"]
    search_fields = ["policy__name", "by__username"]
    date_hierarchy = "created_at"
    actions = ["stop"]
    fields = [
        *("policy", "by", "state", "reason", "looked_at", "total", "caught", "left_alone"),
        *("created_at", "touched_at", "ended_at"),
    ]

    def has_write_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("gallery.change_policy")

    @admin.action(description=_("Stop the chosen ones"), permissions=["write"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Sweep]) -> None:
        stopped = sum(sweeps.stop_sweep(sweep=sweep, by=acting(request)) for sweep in queryset)
        level = messages.SUCCESS if stopped else messages.WARNING
        self.message_user(request, _("Stopped: %(count)d.") % {"count": stopped}, level)
