"""Django's admin for people and pictures. Deleting goes through uploads.py, so that files go too;
what concerns rights and hidden pictures goes through moderation/, so that it is in the audit log."""

from typing import Any, cast

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from gallery import preparation
from gallery.albums import delete_album
from gallery.models import Album, AuditEntry, Image, User
from gallery.moderation import audit, hiding
from gallery.moderation.decisions import decide_about
from gallery.moderation.roles import Role, record_rights, rights_of, role_of, set_role
from gallery.people.second_factor import remove_second_factor
from gallery.uploads import delete_image, delete_user

# Their pages would show people's secrets and addresses; what is to be done about them has pages of its own.
admin.site.unregister([Authenticator, UserSession])

Kind = AuditEntry.Kind


class CountingDeletion(admin.ModelAdmin):
    """Before something is deleted, what goes with it is counted, not named: Django lists a person's saved
    searches, their trash and where their pictures were taken, which admins have no business to read."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        _named, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        return [str(chosen) for chosen in objs], counts, perms_needed, protected


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
        others = queryset.exclude(pk=cast(User, request.user).pk)
        people = [user for user in others if self.has_change_permission(request, user)]
        for user in people:
            set_role(user=user, role=role, by=cast(User, request.user))
        text = ngettext("%(count)d person was changed.", "%(count)d people were changed.", len(people))
        level = messages.SUCCESS if people else messages.WARNING
        self.message_user(request, text % {"count": len(people)}, level)

    @admin.action(description=_("Remove the second factor of the chosen people"), permissions=["change"])
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Of all but oneself, whose own page asks who it is before it does so."""
        others = queryset.exclude(pk=cast(User, request.user).pk)
        people = [user for user in others if self.has_change_permission(request, user)]
        changed = sum(remove_second_factor(user=user, by=cast(User, request.user)) for user in people)
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
        record_rights(user=person, before=form.rights_before, by=cast(User, request.user))

    @admin.display(description=_("pictures"), ordering="picture_total")
    def picture_count(self, user: User) -> int:
        return user.picture_total  # type: ignore[attr-defined]  # annotated above

    @admin.display(description=_("room used"), ordering="bytes_total")
    def room_used(self, user: User) -> str:
        return filesizeformat(user.bytes_total or 0)  # type: ignore[attr-defined]  # annotated above

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        _deleted(obj, Kind.PERSON, request)
        delete_user(user=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self.delete_model(request, user)


@admin.register(Image)
class ImageAdmin(CountingDeletion):
    list_display = [
        "thumbnail",
        "title",
        "owner",
        "visibility",
        "is_hidden",
        "origin",
        "status",
        "created_at",
    ]
    list_display_links = ["thumbnail", "title"]
    list_filter = ["status", "is_hidden", "visibility", "origin", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["title", "owner__username", "=sha256", "=id"]
    date_hierarchy = "created_at"
    actions = ["hide", "unhide", "prepare_again"]
    fields = [
        "thumbnail",
        "title",
        "credit",
        "owner",
        "visibility",
        "is_hidden",
        "status",
        "status_reason",
        "attempts",
        "retry_at",
        "origin",
        "content_type",
        "width",
        "height",
        "byte_size",
        "sha256",
        "created_at",
    ]
    editable = ("title", "credit", "visibility")

    def get_readonly_fields(self, request: HttpRequest, obj: Image | None = None) -> list[str]:
        return [field for field in self.fields or [] if field not in self.editable]  # type: ignore[misc]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        return super().get_queryset(request).kept()  # type: ignore[attr-defined]  # an ImageQuerySet

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # pictures come in by upload, where they are checked

    @admin.display(description=_("picture"))
    def thumbnail(self, image: Image) -> str:
        if not image.has_thumbnails:
            return "–"
        if image.is_blurred:
            return str(_("Covered"))
        url = reverse("gallery:thumbnail", args=[image.pk, 320])
        return format_html('<img src="{}" alt="{}" height="72">', url, image.title)

    @admin.action(description=_("Hide the chosen pictures"), permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        for image in queryset:
            hiding.hide(image=image, by=cast(User, request.user))
        self._tell(request, len(queryset))

    @admin.action(description=_("Show the chosen pictures again"), permissions=["change"])
    def unhide(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        for image in queryset:
            hiding.unhide(image=image, by=cast(User, request.user))
        self._tell(request, len(queryset))

    @admin.action(description=_("Prepare the chosen pictures again"), permissions=["change"])
    def prepare_again(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        for image in queryset:
            preparation.prepare_again(image=image)
        self._tell(request, len(queryset))

    def delete_model(self, request: HttpRequest, obj: Image) -> None:
        _deleted(obj, Kind.IMAGE, request)
        delete_image(image=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        for image in queryset:
            self.delete_model(request, image)

    def _tell(self, request: HttpRequest, count: int) -> None:
        text = ngettext("%(count)d picture was changed.", "%(count)d pictures were changed.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)


@admin.register(Album)
class AlbumAdmin(CountingDeletion):
    """What people write about their albums. The secret links are their own business."""

    list_display = ["title", "owner", "visibility", "is_hidden", "created_at"]
    list_filter = ["visibility", "is_hidden", "created_at"]
    actions = ["hide", "unhide"]
    list_select_related = ["owner"]
    search_fields = ["title", "description", "owner__username", "=id"]
    date_hierarchy = "created_at"
    fields = ["title", "description", "owner", "visibility", "order", "created_at"]
    readonly_fields = ["owner", "visibility", "order", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # whose would it be?

    @admin.action(description=_("Hide the chosen albums"), permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Album]) -> None:
        self._decide(request, queryset, AuditEntry.Action.HIDE)

    @admin.action(description=_("Show the chosen albums again"), permissions=["change"])
    def unhide(self, request: HttpRequest, queryset: QuerySet[Album]) -> None:
        self._decide(request, queryset, AuditEntry.Action.SHOW)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Album], action: AuditEntry.Action) -> None:
        for album in queryset:
            decide_about(thing=album, by=cast(User, request.user), chosen=[action])
        text = ngettext("%(count)d album was changed.", "%(count)d albums were changed.", len(queryset))
        self.message_user(request, text % {"count": len(queryset)}, messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: Album) -> None:
        _deleted(obj, Kind.ALBUM, request)
        delete_album(album=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Album]) -> None:
        for album in queryset:
            self.delete_model(request, album)


def _deleted(thing: User | Image | Album, kind: Kind, request: HttpRequest) -> None:
    """For good, so that no decision can be taken back; the log is all that is left."""
    by = cast(User, request.user)
    audit.record(actor=by, action=AuditEntry.Action.DELETE, kind=kind, key=thing.pk, after={"is_gone": True})


@admin.register(AuditEntry)
class AuditAdmin(admin.ModelAdmin):
    """To read; the page of the log has more."""

    list_display = ["number", "at", "actor", "action", "kind", "key", "reason"]
    list_filter = ["action", "kind", "at"]
    list_select_related = ["actor"]
    search_fields = ["=key", "actor__username", "reason"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False
