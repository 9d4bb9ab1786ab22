"""What the pages of Django's admin have in common: nothing is changed or deleted past the functions that
keep the audit log, and no picture is shown to who does not ask to see it."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gallery.models import Album, AuditEntry, Case, Image, User
from gallery.models.people import is_moderator
from gallery.moderation import audit
from gallery.moderation.things import Thing, find_all
from gallery.views.moderation.guard import REFUSALS, reason_for_reader

Kind = AuditEntry.Kind


def acting(request: HttpRequest) -> User:
    """Who is signed in; the admin lets nobody else in."""
    return cast(User, request.user)


def note_deletion(thing: User | Image | Album, kind: Kind, request: HttpRequest) -> None:
    """For good, so that no decision can be taken back; the log is all that is left."""
    audit.record(
        actor=acting(request),
        action=AuditEntry.Action.DELETE,
        kind=kind,
        key=thing.pk,
        after={"is_gone": True},
    )


class CountingDeletion(admin.ModelAdmin):
    """Before something is deleted, what goes with it is counted, not named: Django lists a person's saved
    searches, their trash and where their pictures were taken, which admins have no business to read."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        _named, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        return [str(chosen) for chosen in objs], counts, perms_needed, protected


class ReasonForm(ActionForm):
    """Beside the actions, for whoever reads the log and for the owner."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=1000, required=False)


class ReadOnly(admin.ModelAdmin):
    """To read and to act on: what is written here is written by moderation/ alone."""

    action_form = ReasonForm
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Of actions."""
        return is_moderator(request.user)

    def act(self, request: HttpRequest, queryset: QuerySet, do: Callable[[Any, User, str], object]) -> None:
        """Does it to each of them, in a transaction of its own, and says what came of it."""
        reason = request.POST.get("reason", "").strip()[:1000]
        done = 0
        for row in queryset:
            try:
                do(row, acting(request), reason)
                done += 1
            except REFUSALS as refusal:
                self.message_user(request, f"{row}: {reason_for_reader(refusal)}", messages.WARNING)
        text = ngettext("Done with %(count)d of them.", "Done with %(count)d of them.", done)
        self.message_user(request, text % {"count": done}, messages.SUCCESS if done else messages.WARNING)


class ReadOnlyInline(admin.TabularInline):
    template = "admin/edit_inline/read_only.html"
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class WithThings(ChangeList):
    """Finds what the cases of a page are about, in one query a kind: as `thing` of each case."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        cases = [case_of(row) for row in self.result_list]
        things = find_all((case.kind, case.key) for case in cases)
        for case in cases:
            case.thing = things.get((case.kind, case.key))  # type: ignore[attr-defined]


def case_of(row: Any) -> Case:
    """Of a case itself, of what is about one, or of what a decision about one laid on somebody."""
    if isinstance(row, Case):
        return row
    return row.case if hasattr(row, "case") else row.decision.case


def thing_of(case: Case) -> Thing | None:
    if not hasattr(case, "thing"):
        case.thing = find_all([(case.kind, case.key)]).get((case.kind, case.key))  # type: ignore[attr-defined]
    return case.thing  # type: ignore[attr-defined]


class AboutMixin:
    """The columns that say what a case is about."""

    @admin.display(description=gettext_lazy("picture"))
    def thumbnail(self, row: Any) -> str:
        """Covered until somebody opens it, as in the queue. The view of the file asks who looks."""
        thing = thing_of(case_of(row))
        if not isinstance(thing, Image) or not thing.has_thumbnails or thing.trashed_at:
            return "–"
        return cover(thing)

    @admin.display(description=gettext_lazy("about"))
    def about(self, row: Any) -> str:
        case = case_of(row)
        thing = thing_of(case)
        words = str(thing) if thing is not None else _("gone for good")
        return f"{case.get_kind_display()}: {words}"

    @admin.display(description=gettext_lazy("case"))
    def case_page(self, row: Any) -> str:
        address = reverse("gallery:case", args=[case_of(row).pk])
        return format_html('<a href="{}">{}</a>', address, _("On its page"))


def cover(image: Image) -> str:
    url = reverse("gallery:thumbnail", args=[image.pk, 320])
    title = image.title or _("Untitled picture")
    return format_html(
        '<details class="cover"><summary>{}</summary><img src="{}" alt="{}" loading="lazy"></details>',
        *(_("Show the picture"), url, title),
    )
