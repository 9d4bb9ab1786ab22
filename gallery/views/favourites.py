"""The pictures that a person has marked, and the button that marks them."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gallery.favourites import add_favourite, favourites_of, remove_favourite
from gallery.models import Image
from gallery.views.paging import page_of
from gallery.views.people import signed_in


@login_required
@require_safe
def favourites(request: HttpRequest) -> HttpResponse:
    page = page_of(favourites_of(signed_in(request)), request)
    return render(request, "gallery/favourites.html", {"page_obj": page})


@login_required
@require_POST
def add(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    image = add_favourite(user=signed_in(request), image=_visible(request, pk))
    return _done(request, image, _("The picture is one of your favourites now."))


@login_required
@require_POST
def remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    image = remove_favourite(user=signed_in(request), image=_visible(request, pk))
    return _done(request, image, _("The picture is no longer one of your favourites."))


def _done(request: HttpRequest, image: Image, text: str) -> HttpResponse:
    """A script stays where it is and says so itself."""
    if request.headers.get("Accept") == "application/json":
        return HttpResponse(status=204)
    messages.success(request, text)
    return redirect(image)


def _visible(request: HttpRequest, pk: uuid.UUID) -> Image:
    return get_object_or_404(Image.objects.visible_to(request.user), pk=pk)
