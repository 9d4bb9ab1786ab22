"""The front page, and that of the keyboard's shortcuts."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from gallery.models import Image

PICTURES_SHOWN = 24
SHORTCUTS_COOKIE = "shortcuts"  # "off" in browsers whose people want none of single characters
A_YEAR = 365 * 24 * 3600  # seconds


def home(request: HttpRequest) -> HttpResponse:
    """What the app is and the newest public pictures; people who are signed in start in their gallery."""
    if request.user.is_authenticated:
        return redirect("gallery:mine")
    pictures = Image.objects.public().filter(has_thumbnails=True, is_blurred=False)[:PICTURES_SHOWN]
    return render(request, "home.html", {"pictures": pictures})


@require_http_methods(["GET", "HEAD", "POST"])
def shortcuts(request: HttpRequest) -> HttpResponse:
    """What they are; a POST of shortcuts=off turns those of single characters off in this browser."""
    if request.method != "POST":
        are_off = request.COOKIES.get(SHORTCUTS_COOKIE) == "off"
        return render(request, "shortcuts.html", {"are_off": are_off})
    response = redirect("shortcuts")
    match request.POST.get("shortcuts"):
        case "off":
            response.set_cookie(
                SHORTCUTS_COOKIE, "off", max_age=A_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
            )
        case "on":
            response.delete_cookie(SHORTCUTS_COOKIE, samesite="Lax")
        case _:
            raise BadRequest("Shortcuts are either on or off.")
    return response


def admin_entrance(request: HttpRequest) -> HttpResponse:
    """The administration has no sign-in of its own: there is one, with its limits and its second factor."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
    if not request.user.is_staff:
        raise PermissionDenied
    return redirect("admin:index")
