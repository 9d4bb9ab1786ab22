"""Public pictures, fragments of grids, and the page of one picture."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from gallery import live, search, sharing
from gallery.album_forms import AddToAlbumForm
from gallery.albums import albums_with
from gallery.editing import edit_image
from gallery.favourites import is_favourite
from gallery.forms import PictureForm
from gallery.history import history_of, may_read
from gallery.mixing import NotEmbedded
from gallery.models import Image, ImageQuerySet, Place
from gallery.models.people import is_moderator
from gallery.moderation.forms import ReasonForm
from gallery.question import mix_links
from gallery.seen import seen_in
from gallery.trash import move_to_trash
from gallery.views.asking import question_behind
from gallery.views.moderation.pictures import removed
from gallery.views.paging import PICTURES_A_PAGE, page_of
from gallery.views.people import signed_in
from gallery.which_forms import LabelsForm

SIMILAR_SHOWN = 8
SHOWN_BY_BROWSERS = {"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"}


@require_safe
def explore(request: HttpRequest) -> HttpResponse:
    """Everybody's public pictures, as soon as there is something to show of them."""
    public = Image.objects.public().filter(has_thumbnails=True)
    return render(request, "gallery/explore.html", {"page_obj": page_of(public, request)})


@never_cache
@require_safe
def tiles(request: HttpRequest) -> HttpResponse:
    """The fragments of some pictures of a grid, for a page that waits for them to get ready."""
    images = _asked_for(request)
    choose = request.GET.get("choose") if request.GET.get("choose") in {"choose", "selection"} else ""
    return render(request, "gallery/_tiles.html", {"images": images, "choose": choose})


@never_cache
@require_safe
def states(request: HttpRequest) -> JsonResponse:
    """How far some pictures are, for a page that waits and hears nothing over its socket."""
    return JsonResponse(live.states_message(_asked_for(request)))


@require_safe
def picture(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    images = Image.objects.visible_to(request.user).select_related("owner", "camera_facts")
    image = get_object_or_404(images, pk=pk)
    return render(request, "gallery/picture.html", {"image": image, **_beside(request, image)})


@never_cache
@require_safe
def view_fragment(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The picture itself and its state, for a page that waits for it to get ready."""
    image = get_object_or_404(Image.objects.visible_to(request.user), pk=pk)
    return render(request, "gallery/_view.html", {"image": image})


@never_cache
@require_safe
def details(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What stands beside the picture where a grid shows it large."""
    images = Image.objects.visible_to(request.user).select_related("owner", "camera_facts")
    image = get_object_or_404(images, pk=pk)
    best = sharing.largest_file(request.user, image)
    zooms = best is not None and best.content_type in SHOWN_BY_BROWSERS
    context = {
        "image": image,
        "zoomed": reverse("gallery:original", args=[pk]) if zooms else "",
        **_about(request, image),
    }
    return render(request, "gallery/_details.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Title, caption, tags, and what others get to see of it, by the owner alone."""
    own = Image.objects.visible_to(request.user).filter(owner=signed_in(request))
    image = get_object_or_404(own, pk=pk)
    form = PictureForm(request.POST if request.method == "POST" else None, instance=image)
    if request.method == "POST" and form.is_valid():
        edit_image(image=image, **form.cleaned_data)
        messages.success(request, _("The changes are saved."))
        return redirect(image)
    status = 400 if form.errors else 200
    return render(request, "gallery/edit.html", {"image": image, "form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Asks first. The owner's picture goes to the trash; what a moderator removes is out of its owner's
    reach, and comes back if the decision is taken back."""
    user = signed_in(request)
    images = Image.objects.visible_to(user).select_related("owner")
    if not is_moderator(user):
        images = images.filter(owner=user)
    image = get_object_or_404(images, pk=pk)
    is_owner = image.owner_id == user.pk
    if request.method != "POST":
        context = {"image": image, "is_owner": is_owner, "days": settings.TRASH_DAYS, "form": ReasonForm()}
        return render(request, "gallery/delete.html", context)
    if is_owner:
        move_to_trash(images=images.filter(pk=pk))
        messages.success(request, _("The picture is in the trash."))
    else:
        return removed(request, image)
    return redirect("gallery:mine")


def _beside(request: HttpRequest, image: Image) -> dict[str, object]:
    """What stands on a picture's page: what the reader may do with it, and what is like it."""
    user = request.user
    about = _about(request, image)
    try:
        hits = search.search(user=user, like=image).hits[:SIMILAR_SHOWN]
    except NotEmbedded:
        hits = []
    return {
        **about,
        "may_delete": about["is_owner"] or (is_moderator(user)),
        "may_moderate": is_moderator(user),
        "reason_form": ReasonForm(),
        "album_form": AddToAlbumForm(owner=signed_in(request)) if about["is_owner"] else None,
        "similar_hits": hits,
        "seen": seen_in(image),
        "history": history_of(image) if may_read(user, image) else [],
        "labels_form": LabelsForm(),
        "mix": mix_links(question_behind(request)),
    }


def _about(request: HttpRequest, image: Image) -> dict[str, object]:
    user = request.user
    is_owner = user.is_authenticated and image.owner_id == user.pk
    return {
        "is_owner": is_owner,
        "place": Place.objects.filter(image=image).first() if is_owner else None,
        "is_favourite": is_favourite(user=user, image=image),
        "albums": albums_with(image, user=user),
    }


def _asked_for(request: HttpRequest) -> ImageQuerySet:
    ids = [text for text in request.GET.getlist("picture")[:PICTURES_A_PAGE] if _is_uuid(text)]
    return Image.objects.visible_to(request.user).filter(pk__in=ids)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
