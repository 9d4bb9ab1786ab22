"""Albums: the lists of them, the page of one, and what its owner writes about it."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.album_forms import AddToAlbumForm, AlbumForm
from gallery.albums import create_album, delete_album, edit_album, with_covers
from gallery.models import Album, AlbumEntry, Image
from gallery.views.paging import page_of
from gallery.views.people import signed_in
from gallery.views.selection import selection_tools


@login_required
@require_safe
def albums(request: HttpRequest) -> HttpResponse:
    """The signed-in person's own albums, the newest first."""
    own = with_covers(Album.objects.filter(owner=signed_in(request)), user=request.user)
    return render(request, "gallery/albums.html", {"page_obj": page_of(own, request)})


@require_safe
def public_albums(request: HttpRequest) -> HttpResponse:
    """Everybody's public albums, as soon as there is something in them that the reader sees."""
    filled = AlbumEntry.objects.filter(image__in=Image.objects.visible_to(request.user))
    public = Album.objects.visible_to(request.user).filter(visibility=Album.Visibility.PUBLIC)
    shown = with_covers(public.filter(pk__in=filled.values("album")), user=request.user)
    return render(request, "gallery/public_albums.html", {"page_obj": page_of(shown, request)})


@require_safe
def album(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    album = get_object_or_404(Album.objects.visible_to(request.user).select_related("owner"), pk=pk)
    pictures = album.sorted(Image.objects.visible_to(request.user))
    is_owner = request.user.is_authenticated and album.owner_id == request.user.pk
    context: dict[str, object] = {
        "album": album,
        "page_obj": page_of(pictures, request),
        "is_owner": is_owner,
        "link": request.build_absolute_uri(album.get_shared_url()) if is_owner and album.token else "",
    }
    if is_owner:
        context |= selection_tools(request)
        is_public = album.visibility == Album.Visibility.PUBLIC
        context["unseen_total"] = pictures.exclude(pk__in=Image.objects.public()).count() if is_public else 0
    return render(request, "gallery/album.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    form = AlbumForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return redirect(create_album(owner=signed_in(request), **form.cleaned_data))
    return render(request, "gallery/album_edit.html", {"form": form}, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    album = own_album(request, pk)
    form = AlbumForm(request.POST if request.method == "POST" else None, instance=album)
    if request.method == "POST" and form.is_valid():
        edit_album(album=album, **form.cleaned_data)
        messages.success(request, _("The changes are saved."))
        return redirect(album)
    context = {"form": form, "album": album}
    return render(request, "gallery/album_edit.html", context, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Asks first. The pictures stay."""
    album = own_album(request, pk)
    if request.method == "POST":
        delete_album(album=album)
        messages.success(request, _("The album is deleted; its pictures are still in your gallery."))
        return redirect("gallery:albums")
    return render(request, "gallery/album_delete.html", {"album": album})


@login_required
@require_POST
def add(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Puts one picture into an album, from its own page."""
    user = signed_in(request)
    image = get_object_or_404(Image.objects.visible_to(user).filter(owner=user), pk=pk)
    form = AddToAlbumForm(request.POST, owner=user)
    if not form.is_valid():
        messages.error(request, form.first_error())
        return redirect(image)
    album = form.save([image])
    messages.success(request, _("The picture is in the album “%(title)s”.") % {"title": album.title})
    return redirect(image)


def own_album(request: HttpRequest, pk: uuid.UUID) -> Album:
    """Raises Http404 for everybody else's."""
    return get_object_or_404(Album.objects.filter(owner=signed_in(request)), pk=pk)
