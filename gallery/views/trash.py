"""The trash: what its owner has deleted and may still take back."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.models import Image, ImageQuerySet
from gallery.purge import delete_for_good
from gallery.trash import restore
from gallery.views.choosing import chosen_ids
from gallery.views.files import send_thumbnail
from gallery.views.paging import page_of
from gallery.views.people import signed_in


@login_required
@require_safe
def trash(request: HttpRequest) -> HttpResponse:
    page = page_of(_in_trash(request), request)
    return render(request, "gallery/trash.html", {"page_obj": page, "days": settings.TRASH_DAYS})


@login_required
@require_safe
def thumbnail(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Elsewhere the files of a deleted picture are as gone as its page."""
    return send_thumbnail(request, get_object_or_404(_in_trash(request), pk=pk), 320)


@login_required
@require_POST
def put_back(request: HttpRequest) -> HttpResponse:
    """The chosen pictures. What is not in the person's own trash is passed over."""
    count = restore(images=_chosen(request))
    if count:
        text = ngettext("%(count)d picture is restored.", "%(count)d pictures are restored.", count)
        messages.success(request, text % {"count": count})
    else:
        messages.warning(request, _("Choose pictures first."))
    return redirect("gallery:trash")


@login_required
@require_POST
def delete(request: HttpRequest) -> HttpResponse:
    """Asks first, then deletes the chosen pictures for good."""
    images = _chosen(request)
    if not images:
        messages.warning(request, _("Choose pictures first."))
        return redirect("gallery:trash")
    if "confirmed" not in request.POST:
        return render(request, "gallery/trash_delete.html", {"images": images, "total": len(images)})
    return _deleted(request, images)


@login_required
@require_http_methods(["GET", "POST"])
def empty(request: HttpRequest) -> HttpResponse:
    """Asks first, then deletes everything that is in the trash."""
    images = _in_trash(request)
    if request.method != "POST":
        return render(request, "gallery/trash_delete.html", {"total": images.count()})
    return _deleted(request, images)


def _deleted(request: HttpRequest, images: ImageQuerySet) -> HttpResponse:
    count = delete_for_good(images=images)
    text = ngettext(
        "%(count)d picture is deleted for good.", "%(count)d pictures are deleted for good.", count
    )
    messages.success(request, text % {"count": count})
    return redirect("gallery:trash")


def _in_trash(request: HttpRequest) -> ImageQuerySet:
    return Image.objects.in_trash_of(signed_in(request))


def _chosen(request: HttpRequest) -> ImageQuerySet:
    return _in_trash(request).filter(pk__in=chosen_ids(request))
