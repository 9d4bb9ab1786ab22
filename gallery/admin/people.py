"""People, their roles and second factors. Deleting somebody goes through uploads.py, so that files go too;
what concerns rights goes through moderation/, so that it is in the audit log."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from gallery.admin.common import CountingDeletion, Kind, acting, note_deletion
from gallery.models import User
from gallery.moderation.roles import Role, record_rights, rights_of, role_of, set_role
from gallery.people.second_factor import remove_second_factor
from gallery.uploads import delete_user

# Their pages would show people's secrets and addresses; what is to be done about them has pages of its own.
admin.site.unregister([Authenticator, UserSession])


@admin.register(User)
class PersonAdmin(CountingDeletion, UserAdmin):
    list_display = [
        "username",
        "display_name",
        "email",
        "is_active",
        "role",
        "picture_count",
        "room_used",
        "last_login",
    ]
    list_filter = ["groups", "is_active", "is_staff", "is_superuser"]
    actions = ["make_members", "make_moderators", "make_admins", "remove_second_factors"]
    fieldsets = [
        *(UserAdmin.fieldsets or ()),
        (_("Here"), {"fields": ["display_name", "language", "quota_megabytes"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                picture_total=Count("images", filter=Q(images__trashed_at=None)),
                bytes_total=Sum("images__byte_size"),
            )
            .prefetch_related("groups")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Superusers are made by superusers; nobody gives themselves more than they have."""
        fields = list(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else [*fields, "is_superuser", "user_permissions"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return super().has_change_permission(request, obj) and not above

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return super().has_delete_permission(request, obj) and not above

    @admin.display(description=_("role"))
    def role(self, user: User) -> str:
        return str(role_of(user).label)

    @admin.action(description=_("Make the chosen people members"), permissions=["change"])
    def make_members(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._set_roles(request, queryset, Role.MEMBER)

    @admin.action(description=_("Make the chosen people moderators"), permissions=["change"])
    def make_moderators(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._set_roles(request, queryset, Role.MODERATOR)

    @admin.action(description=_("Make the chosen people admins"), permissions=["change"])
    def make_admins(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._set_roles(request, queryset, Role.ADMIN)

    def _set_roles(self, request: HttpRequest, queryset: QuerySet[User], role: Role) -> None:
        """Of all but oneself, so that no admin is locked out by a slip."""
        others = queryset.exclude(pk=acting(request).pk)
        people = [user for user in others if self.has_change_permission(request, user)]
        for user in people:
            set_role(user=user, role=role, by=acting(request))
        text = ngettext("%(count)d person was changed.", "%(count)d people were changed.", len(people))
        level = messages.SUCCESS if people else messages.WARNING
        self.message_user(request, text % {"count": len(people)}, level)

    @admin.action(description=_("Remove the second factor of the chosen people"), permissions=["change"])
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Of all but oneself, whose own page asks who it is before it does so."""
        others = queryset.exclude(pk=acting(request).pk)
        people = [user for user in others if self.has_change_permission(request, user)]
        changed = sum(remove_second_factor(user=user, by=acting(request)) for user in people)
        text = ngettext("%(count)d person was changed.", "%(count)d people were changed.", changed)
        level = messages.SUCCESS if changed else messages.WARNING
        self.message_user(request, text % {"count": changed}, level)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        form.rights_before = rights_of(User.objects.get(pk=obj.pk)) if change else {}
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Here the groups are saved, in the same transaction as the rest of the form."""
        super().save_related(request, form, formsets, change)
        person = User.objects.get(pk=form.instance.pk)
        record_rights(user=person, before=form.rights_before, by=acting(request))

    @admin.display(description=_("pictures"), ordering="picture_total")
    def picture_count(self, user: User) -> int:
        return user.picture_total  # type: ignore[attr-defined]  # annotated above

    @admin.display(description=_("room used"), ordering="bytes_total")
    def room_used(self, user: User) -> str:
        return filesizeformat(user.bytes_total or 0)  # type: ignore[attr-defined]  # annotated above

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        note_deletion(obj, Kind.PERSON, request)
        delete_user(user=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self.delete_model(request, user)
