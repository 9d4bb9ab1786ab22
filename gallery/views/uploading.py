"""Taking pictures in: many by a plain form, or one a request, answered in JSON. The page's script sends them
piece by piece (receiving.py)."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from gallery.forms import UploadForm
from gallery.models import Image
from gallery.quota import quota_of
from gallery.rates import Rate, TooOften
from gallery.uploads import store_image, title_from_name
from gallery.validation import ACCEPTED
from gallery.views.outcomes import Outcome, first_error, outcome_of
from gallery.views.people import signed_in

RATE = Rate("uploads")


def upload(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return _upload_one(request)
    return _upload_page(request)


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


@require_http_methods(["POST"])
def _upload_one(request: HttpRequest) -> JsonResponse:
    """201 with the new picture, 409 with the one that is the same, 400 or 413 with the reason, 401."""
    if not request.user.is_authenticated:
        return JsonResponse({"code": "signed_out", "error": _("Sign in again, then go on.")}, status=401)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return JsonResponse({"code": "form", "error": first_error(form)}, status=400)
    if len(form.cleaned_data["files"]) != 1:
        return JsonResponse({"code": "form", "error": _("Send one file a request.")}, status=400)
    outcome = _store(request, form.cleaned_data["files"][0], form.cleaned_data["visibility"])
    return outcome.as_json()


@login_required
@require_http_methods(["GET", "POST"])
def _upload_page(request: HttpRequest) -> HttpResponse:
    """The form; after it was sent, the gallery if all went well, else what became of each file."""
    if request.method != "POST":
        return _page(request, UploadForm(), [])
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, [], status=400)
    visibility = form.cleaned_data["visibility"]
    outcomes = [_store(request, file, visibility) for file in form.cleaned_data["files"]]
    stored = [outcome for outcome in outcomes if outcome.status == 201]
    if len(stored) == len(outcomes):
        text = ngettext("%(count)d picture was added.", "%(count)d pictures were added.", len(stored))
        messages.success(request, text % {"count": len(stored)})
        return redirect("gallery:mine")
    return _page(request, UploadForm(), outcomes, status=200 if stored else outcomes[0].status)


def _page(
    request: HttpRequest, form: UploadForm, outcomes: list[Outcome], *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "outcomes": outcomes,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_files": settings.UPLOAD_MAX_FILES,
        "max_megapixels": settings.UPLOAD_MAX_PIXELS // 1_000_000,
        "accepted": ACCEPTED,
        "quota": quota_of(signed_in(request)),
    }
    return render(request, "gallery/upload.html", context, status=status)


def _store(request: HttpRequest, file: UploadedFile, visibility: str) -> Outcome:
    name = file.name or ""

    def store() -> Image:
        return store_image(
            owner=signed_in(request),
            file=file,
            title=title_from_name(name),
            visibility=Image.Visibility(visibility),
        )

    try:
        RATE.count(request)
    except TooOften as error:
        return Outcome(name, 429, code="too_often", reason=error.words)
    return outcome_of(name, store)
