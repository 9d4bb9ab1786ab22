"""Pictures and albums. Deleting goes through uploads.py and albums.py, so that files go too; what hides them
goes through moderation/, so that it is in the audit log."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from gallery import preparation
from gallery.admin.common import CountingDeletion, Kind, acting, note_deletion
from gallery.albums import delete_album
from gallery.models import Album, AuditEntry, Image
from gallery.moderation import hiding
from gallery.moderation.decisions import decide_about
from gallery.uploads import delete_image


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
            hiding.hide(image=image, by=acting(request))
        self._tell(request, len(queryset))

    @admin.action(description=_("Show the chosen pictures again"), permissions=["change"])
    def unhide(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        for image in queryset:
            hiding.unhide(image=image, by=acting(request))
        self._tell(request, len(queryset))

    @admin.action(description=_("Prepare the chosen pictures again"), permissions=["change"])
    def prepare_again(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        for image in queryset:
            preparation.prepare_again(image=image)
        self._tell(request, len(queryset))

    def delete_model(self, request: HttpRequest, obj: Image) -> None:
        note_deletion(obj, Kind.IMAGE, request)
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
            decide_about(thing=album, by=acting(request), chosen=[action])
        text = ngettext("%(count)d album was changed.", "%(count)d albums were changed.", len(queryset))
        self.message_user(request, text % {"count": len(queryset)}, messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: Album) -> None:
        note_deletion(obj, Kind.ALBUM, request)
        delete_album(album=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Album]) -> None:
        for album in queryset:
            self.delete_model(request, album)
