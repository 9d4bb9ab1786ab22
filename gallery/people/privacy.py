"""Taking one's data along, and leaving. Both ask for the password once more, if it was given long ago."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gallery.models import Image
from gallery.people.forms import LeaveForm
from gallery.people.leaving import LastAdministrator, close_account
from gallery.people.takeout import takeout
from gallery.views.files import in_background
from gallery.views.people import signed_in


@login_required
@reauthentication_required
@require_http_methods(["GET", "POST"])
def take_out(request: HttpRequest) -> HttpResponseBase:
    """A page that says what comes, and the zip when it is asked for."""
    user = signed_in(request)
    if request.method == "GET":
        return render(request, "gallery/take_out.html", {"total": Image.objects.filter(owner=user).count()})
    response = StreamingHttpResponse(in_background(takeout(user)), content_type="application/zip")
    name = f"clipweb-{user.get_username()}-{timezone.localdate():%Y-%m-%d}.zip"
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@reauthentication_required
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = LeaveForm(user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"form": form, "total": Image.objects.filter(owner=user).count()}
        return render(request, "gallery/leave.html", context, status=422 if form.is_bound else 200)
    try:
        close_account(user=user)
    except LastAdministrator:
        messages.error(request, _("You are the only administrator. Make somebody else one first."))
        return redirect("gallery:leave")
    logout(request)
    messages.success(request, _("Your account is closed, and all that was in it is being removed."))
    return redirect("home")
