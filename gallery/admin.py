"""Django's admin for people and pictures. Deleting goes through uploads.py, so that files go too."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from gallery import moderation, preparation
from gallery.models import Album, Image, User
from gallery.uploads import delete_image, delete_user


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
        "is_staff",
        "picture_count",
        "room_used",
        "last_login",
    ]
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
        )

    @admin.display(description=_("pictures"), ordering="picture_total")
    def picture_count(self, user: User) -> int:
        return user.picture_total  # type: ignore[attr-defined]  # annotated above

    @admin.display(description=_("room used"), ordering="bytes_total")
    def room_used(self, user: User) -> str:
        return filesizeformat(user.bytes_total or 0)  # type: ignore[attr-defined]  # annotated above

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        delete_user(user=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            delete_user(user=user)


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
    editable = ("title", "credit", "visibility", "is_hidden")

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
        url = reverse("gallery:thumbnail", args=[image.pk, 320])
        return format_html('<img src="{}" alt="{}" height="72">', url, image.title)

    @admin.action(description=_("Hide the chosen pictures"), permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        for image in queryset:
            moderation.hide(image=image, by=cast(User, request.user))
        self._tell(request, len(queryset))

    @admin.action(description=_("Show the chosen pictures again"), permissions=["change"])
    def unhide(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        for image in queryset:
            moderation.unhide(image=image, by=cast(User, request.user))
        self._tell(request, len(queryset))

    @admin.action(description=_("Prepare the chosen pictures again"), permissions=["change"])
    def prepare_again(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        for image in queryset:
            preparation.prepare_again(image=image)
        self._tell(request, len(queryset))

    def delete_model(self, request: HttpRequest, obj: Image) -> None:
        delete_image(image=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        for image in queryset:
            delete_image(image=image)

    def _tell(self, request: HttpRequest, count: int) -> None:
        text = ngettext("%(count)d picture was changed.", "%(count)d pictures were changed.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)


@admin.register(Album)
class AlbumAdmin(CountingDeletion):
    """What people write about their albums. The secret links are their own business."""

    list_display = ["title", "owner", "visibility", "created_at"]
    list_filter = ["visibility", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["title", "description", "owner__username", "=id"]
    date_hierarchy = "created_at"
    fields = ["title", "description", "owner", "visibility", "order", "created_at"]
    readonly_fields = ["owner", "visibility", "order", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # whose would it be?
