"""The front page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from gallery.models import Image

PICTURES_SHOWN = 24


def home(request: HttpRequest) -> HttpResponse:
    """What the app is and the newest public pictures; people who are signed in start in their gallery."""
    if request.user.is_authenticated:
        return redirect("gallery:mine")
    pictures = Image.objects.public().filter(has_thumbnails=True)[:PICTURES_SHOWN]
    return render(request, "home.html", {"pictures": pictures})
