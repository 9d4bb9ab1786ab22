"""What is laid on people by decisions, and the files that nobody may add."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gallery.admin.cases import AboutACase
from gallery.admin.common import ReadOnly
from gallery.models import BlockedFile, Strike, Suspension, User
from gallery.moderation import blocking
from gallery.moderation.decisions import undo
from gallery.moderation.things import ThingGone


class CurrentFilter(admin.SimpleListFilter):
    title = _("whether it counts")
    parameter_name = "current"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", str(_("in force"))), ("no", str(_("expired")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        current = Q(until=None) | Q(until__gt=timezone.now())
        match self.value():
            case "yes":
                return queryset.filter(current)
            case "no":
                return queryset.exclude(current)
        return queryset


class SanctionAdmin(AboutACase):
    """Laid on by a decision, and gone when that is taken back."""

    list_select_related = ["person", "decision", "decision__case", "decision__by"]
    search_fields = ["person__username", "=decision__id", "decision__reason"]
    actions = ["take_back"]

    @admin.display(description=_("reason"))
    def reason(self, row: Strike | Suspension) -> str:
        return row.decision.reason

    @admin.display(description=_("decided by"))
    def by(self, row: Strike | Suspension) -> User | None:
        return row.decision.by

    @admin.action(
        description=_("Take back the decisions that laid them on, with all that they did"),
        permissions=["moderate"],
    )
    def take_back(self, request: HttpRequest, queryset: QuerySet) -> None:
        """A decision that laid on several of them is taken back once."""
        decisions = {row.decision_id: row.decision for row in queryset.order_by("-created_at")}
        self.act(
            request,
            list(decisions.values()),  # type: ignore[arg-type]  # only gone through
            lambda decision, by, reason: undo(decision=decision, by=by, reason=reason),
        )


@admin.register(Strike)
class StrikeAdmin(SanctionAdmin):
    list_filter = [CurrentFilter, "created_at"]
    list_display = ["created_at", "person", "about", "thumbnail", "reason", "by", "until", "case_page"]
    fields = ["person", "about", "thumbnail", "decision", "reason", "by", "created_at", "until", "case_page"]


@admin.register(Suspension)
class SuspensionAdmin(SanctionAdmin):
    list_display = [
        *("created_at", "person", "scope", "about", "thumbnail", "reason", "by", "until", "case_page")
    ]
    list_filter = [CurrentFilter, "scope", "created_at"]
    fields = [
        *("person", "scope", "about", "thumbnail", "decision", "reason", "by"),
        *("created_at", "until", "case_page"),
    ]


@admin.register(BlockedFile)
class BlockedFileAdmin(ReadOnly):
    """Blocked by deciding a case; Moderation → Blocked pictures shows their colours, and puts them back."""

    list_display = ["sha256", "has_prints", "created_at"]
    list_filter = ["created_at"]
    search_fields = ["sha256"]
    date_hierarchy = "created_at"
    actions = ["unblock"]
    fields = ["sha256", "has_prints", "created_at"]

    @admin.display(description=_("what looks like it is found"), boolean=True)
    def has_prints(self, row: BlockedFile) -> bool:
        return row.prints is not None

    @admin.action(description=_("Let the chosen files in again"), permissions=["moderate"])
    def unblock(self, request: HttpRequest, queryset: QuerySet[BlockedFile]) -> None:
        self.act(request, queryset, _unblock)


def _unblock(row: BlockedFile, by: User, reason: str) -> None:
    try:
        blocking.unblock(sha256=row.sha256, by=by, reason=reason)
    except blocking.NotBlocked:
        raise ThingGone from None  # by somebody else, at this very moment
