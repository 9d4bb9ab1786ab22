"""What was reported and found, and what was decided about it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gallery.admin.common import AboutMixin, ReadOnly, ReadOnlyInline, WithThings
from gallery.models import Appeal, Case, Decision, Finding, Report, User
from gallery.moderation import appeals
from gallery.moderation.actions import ALLOWED, Action, UnfitActions
from gallery.moderation.decisions import decide, undo

# Suspending asks for more than a reason: the page of the case has the fields for it.
OFFERED = [action for action in ALLOWED[Case.Kind.IMAGE] if action != Action.SUSPEND]


def _deciding(action: Action) -> Callable[[Any, HttpRequest, QuerySet[Case]], None]:
    def decide_chosen(case_admin: Any, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        case_admin.act(
            request,
            queryset,
            lambda case, by, reason: decide(case=case, by=by, chosen=[action], reason=reason),
        )

    decide_chosen.__name__ = f"decide_{action}"
    return admin.action(decide_chosen, description=DECIDING[action], permissions=["moderate"])


DECIDING = {
    Action.HIDE: _("Decide: hide"),
    Action.BLUR: _("Decide: blur"),
    Action.SAFE: _("Decide: mark as safe"),
    Action.DELETE: _("Decide: remove"),
    Action.BLOCK: _("Decide: block the file"),
    Action.WARN: _("Decide: warn the owner"),
    Action.SHOW: _("Decide: show again"),
    Action.DISMISS: _("Decide: dismiss"),
}


class FindingInline(ReadOnlyInline):
    model = Finding
    show_change_link = False  # it has no page of its own
    fields = readonly_fields = ("created_at", "check_name", "result", "severity", "why", "decision")

    @admin.display(description=_("reason"))
    def why(self, finding: Finding) -> str:
        return finding.words


class ReportInline(ReadOnlyInline):
    model = Report
    fields = readonly_fields = ("created_at", "reporter", "reason", "severity", "note", "outcome")


class DecisionInline(ReadOnlyInline):
    model = Decision
    fields = readonly_fields = ("created_at", "by", "names", "reason", "undone_at", "undone_by")

    @admin.display(description=_("actions"))
    def names(self, decision: Decision) -> str:
        return ", ".join(decision.action_names)


class SeverityFilter(admin.SimpleListFilter):
    title = _("severity")
    parameter_name = "severity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("3", str(_("high"))), ("2", str(_("middle"))), ("1", str(_("low")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        wanted = self.value()
        if wanted not in {"1", "2", "3"}:
            return queryset
        return queryset.filter(severity=int(wanted))  # type: ignore[misc]  # annotated by weighed()


@admin.register(Case)
class CaseAdmin(AboutMixin, ReadOnly):
    list_display = [
        *("about", "thumbnail", "state", "severity", "reporters", "owner", "holder", "created_at"),
        "case_page",
    ]
    list_filter = [
        *("state", "kind", SeverityFilter, "reports__reason", "findings__check_name", "findings__result"),
        "created_at",
    ]
    list_select_related = ["owner", "held_by"]
    search_fields = ["=key", "=id", "owner__username", "reports__reporter__username"]
    date_hierarchy = "created_at"
    actions = [_deciding(action) for action in OFFERED]
    inlines = [ReportInline, FindingInline, DecisionInline]
    fields = [
        *("about", "thumbnail", "key", "owner", "state", "severity", "reporters"),
        *("holder", "held_until", "created_at", "decided_at", "case_page"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        return super().get_queryset(request).weighed()  # type: ignore[attr-defined]  # a CaseQuerySet

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[WithThings]:
        return WithThings

    @admin.display(description=_("severity"), ordering="severity")
    def severity(self, case: Case) -> int:
        return case.severity  # type: ignore[attr-defined]  # annotated above

    @admin.display(description=_("reporters"), ordering="reporters")
    def reporters(self, case: Case) -> int:
        return case.reporters  # type: ignore[attr-defined]  # annotated above

    @admin.display(description=_("held by"))
    def holder(self, case: Case) -> User | None:
        return case.holder()


class AboutACase(AboutMixin, ReadOnly):
    """Rows that each have a case."""

    date_hierarchy = "created_at"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[WithThings]:
        return WithThings


class StandsFilter(admin.SimpleListFilter):
    title = _("whether it stands")
    parameter_name = "stands"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", str(_("it stands"))), ("no", str(_("taken back")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        wanted = self.value()
        return queryset.filter(undone_at__isnull=wanted == "yes") if wanted in {"yes", "no"} else queryset


class DeciderFilter(admin.SimpleListFilter):
    title = _("who decided")
    parameter_name = "decider"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("check", str(_("an automatic check"))), ("person", str(_("a moderator")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        """A moderator who has left is nobody, but left no finding either."""
        match self.value():
            case "check":
                return queryset.filter(findings__isnull=False).distinct()
            case "person":
                return queryset.filter(findings__isnull=True)
        return queryset


@admin.register(Decision)
class DecisionAdmin(AboutACase):
    list_display = ["created_at", "about", "thumbnail", "names", "by", "reason", "undone_at", "case_page"]
    list_filter = [StandsFilter, DeciderFilter, "case__kind", "created_at"]
    list_select_related = ["case", "case__owner", "by"]
    search_fields = ["=case__key", "=id", "by__username", "case__owner__username", "reason"]
    actions = ["take_back"]
    inlines = [FindingInline]
    fields = [
        *("about", "thumbnail", "names", "by", "reason", "created_at"),
        *("undone_at", "undone_by", "undo_reason", "case_page"),
    ]

    @admin.display(description=_("actions"))
    def names(self, decision: Decision) -> str:
        return ", ".join(decision.action_names)

    @admin.action(description=_("Take back the chosen decisions"), permissions=["moderate"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Decision]) -> None:
        """The newest first, so that those about the same thing can go together."""
        newest = queryset.order_by("-created_at", "-id")
        self.act(request, newest, lambda row, by, reason: undo(decision=row, by=by, reason=reason))


@admin.register(Report)
class ReportAdmin(AboutACase):
    """Decided where its case is."""

    list_display = [
        *(
            "created_at",
            "about",
            "thumbnail",
            "reason",
            "severity",
            "reporter",
            "note",
            "outcome",
            "case_page",
        )
    ]
    list_filter = ["outcome", "reason", "severity", "case__kind", "created_at"]
    list_select_related = ["case", "reporter"]
    search_fields = ["=case__key", "reporter__username", "note"]
    fields = [
        *("about", "thumbnail", "reason", "severity", "note", "reporter"),
        *("outcome", "told_at", "created_at", "case_page"),
    ]


@admin.register(Appeal)
class AppealAdmin(AboutACase):
    list_display = ["created_at", "about", "thumbnail", "text", "state", "decided_by", "case_page"]
    list_filter = ["state", "created_at"]
    list_select_related = ["decision", "decision__case", "decided_by"]
    search_fields = ["=decision__case__key", "text", "answer", "decision__case__owner__username"]
    actions = ["uphold", "reject"]
    fields = [
        *("about", "thumbnail", "decision", "text", "state", "answer"),
        *("decided_by", "decided_at", "created_at", "case_page"),
    ]

    @admin.action(description=_("Uphold: take the decisions back"), permissions=["moderate"])
    def uphold(self, request: HttpRequest, queryset: QuerySet[Appeal]) -> None:
        self._decide(request, queryset, uphold=True)

    @admin.action(description=_("Reject: the decisions stand"), permissions=["moderate"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Appeal]) -> None:
        self._decide(request, queryset, uphold=False)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Appeal], *, uphold: bool) -> None:
        def do(row: Appeal, by: User, reason: str) -> None:
            try:
                appeals.decide_appeal(appeal=row, by=by, uphold=uphold, answer=reason)
            except appeals.OwnDecision:
                text = gettext("Somebody else has to decide this appeal: it is about you or your decision.")
                raise UnfitActions(text) from None
            except appeals.AppealDecided:
                raise UnfitActions(gettext("This appeal has been decided meanwhile.")) from None

        self.act(request, queryset, do)
