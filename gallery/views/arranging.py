"""The order of an album, its cover, and its secret link; by its owner alone."""

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gallery.album_forms import ArrangeForm
from gallery.albums import (
    NotInAlbum,
    move_picture,
    neighbour,
    remove_pictures,
    renew_link,
    revoke_link,
    set_cover,
)
from gallery.models import Album, Image
from gallery.views.albums import own_album
from gallery.views.paging import page_number, page_of
from gallery.views.people import signed_in


@login_required
@require_http_methods(["GET", "POST"])
def arrange(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The pictures as a list; each has buttons to move it, to make it the cover and to take it out."""
    album = own_album(request, pk)
    if request.method != "POST":
        pictures = album.sorted(Image.objects.visible_to(request.user))
        context = {"album": album, "page_obj": page_of(pictures, request)}
        return render(request, "gallery/arrange.html", context)
    form = ArrangeForm(request.POST)
    if not form.is_valid():
        raise BadRequest("The page's own buttons send nothing of the kind.")
    try:
        _change(request, album, **form.cleaned_data)
    except NotInAlbum:
        raise Http404 from None
    # The page may be gone with its last picture; the anchor brings the eye and the keyboard back.
    query = urlencode({"upto": page_number(request)})
    anchor = f"#picture-{form.cleaned_data['picture']}"
    return redirect(f"{reverse('gallery:arrange', args=[album.pk])}?{query}{anchor}")


@login_required
@require_http_methods(["GET", "POST"])
def renew(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Asks first: people who have the link lose the album."""
    album = own_album(request, pk)
    if request.method != "POST":
        return render(request, "gallery/link_change.html", {"album": album, "renews": True})
    messages.success(request, _("The album has a new link. The one before opens nothing any more."))
    return redirect(renew_link(album=album))


@login_required
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Asks first, for the same reason."""
    album = own_album(request, pk)
    if request.method != "POST":
        return render(request, "gallery/link_change.html", {"album": album, "renews": False})
    messages.success(request, _("The link opens nothing any more."))
    return redirect(revoke_link(album=album))


def _change(
    request: HttpRequest, album: Album, *, picture: uuid.UUID, action: str, to: uuid.UUID | None
) -> None:
    shown = Image.objects.visible_to(request.user).filter(owner=signed_in(request))
    image = get_object_or_404(shown, pk=picture)
    if action == "cover":
        set_cover(album=album, image=image)
        messages.success(request, _("The album has a new cover."))
    elif action == "remove":
        remove_pictures(album=album, images=shown.filter(pk=picture))
        messages.success(request, _("The picture is no longer in the album."))
    elif action == "move":
        move_picture(album=album, image=image, to=get_object_or_404(shown, pk=to))
    elif target := neighbour(album=album, image=image, shown=shown, step=-1 if action == "up" else 1):
        move_picture(album=album, image=image, to=target)
