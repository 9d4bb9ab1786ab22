"""An unlisted album, for whoever has its secret link. Its pictures are seen at these addresses alone.

They are sent as thumbnails, which are made of clean pixels: what a camera wrote into the originals, such as
the place, does not travel with a link.
"""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gallery.models import Album, Image
from gallery.views.files import send_thumbnail
from gallery.views.paging import page_of


@never_cache
@require_safe
def album(request: HttpRequest, token: str) -> HttpResponse:
    album = _album(token)
    page = page_of(album.sorted(Image.objects.opened_by(token)), request)
    return _unlisted(render(request, "gallery/shared.html", {"album": album, "page_obj": page}))


@never_cache
@require_safe
def picture(request: HttpRequest, token: str, pk: uuid.UUID) -> HttpResponse:
    """One picture, with the way to those before and after it."""
    album = _album(token)
    order = list(album.sorted(Image.objects.opened_by(token)).values_list("pk", flat=True))
    if pk not in order:
        raise Http404
    image = get_object_or_404(Image.objects.opened_by(token), pk=pk)
    place = order.index(pk)
    context = {
        "album": album,
        "image": image,
        "before": order[place - 1] if place else None,
        "after": order[place + 1] if place + 1 < len(order) else None,
    }
    return _unlisted(render(request, "gallery/shared_picture.html", context))


@require_safe
def thumbnail(request: HttpRequest, token: str, pk: uuid.UUID, size: int) -> HttpResponseBase:
    return send_thumbnail(request, get_object_or_404(Image.objects.opened_by(token), pk=pk), size)


def _album(token: str) -> Album:
    return get_object_or_404(Album.objects.opened_by(token).select_related("owner"))


def _unlisted(response: HttpResponse) -> HttpResponse:
    """Should a link become known to a search engine, the album stays out of its lists all the same."""
    response["X-Robots-Tag"] = "noindex"
    return response
