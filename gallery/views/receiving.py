"""Files that come piece by piece: the tus protocol moves the bytes, one more request makes them a picture."""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gallery import receiving
from gallery.forms import UploadMetadataForm
from gallery.models import Image, Upload, User
from gallery.rates import TooOften
from gallery.views import tus
from gallery.views.outcomes import STATUSES, Outcome, first_error, outcome_of
from gallery.views.people import signed_in
from gallery.views.uploading import RATE


@tus.request_of_tus
@require_http_methods(["GET", "OPTIONS", "POST"])
def uploads(request: HttpRequest) -> HttpResponse:
    """What the server can do; the person's own files on their way; and a new one."""
    if request.method == "OPTIONS":
        return tus.capabilities()
    if request.method == "GET":
        own = Upload.objects.of(signed_in(request))
        return JsonResponse({"uploads": [_described(upload) for upload in own]})
    return _create(request)


@tus.request_of_tus
@require_http_methods(["HEAD", "PATCH", "DELETE"])
def upload(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """How far a file has come, its next piece, or its end. 404 for anybody but who sends it."""
    row = get_object_or_404(Upload.objects.of(signed_in(request)), pk=pk)
    if request.method == "HEAD":
        return tus.progress(row, status=200)
    if request.method == "DELETE":
        row.discard()
        return HttpResponse(status=204)
    if not tus.is_piece(request):
        text = _("A piece of a file has the type %(type)s.")
        return tus.refusal(415, "type", text % {"type": tus.PIECE_TYPE})
    return _append(request, row, tus.number(request, "Upload-Offset"), status=204)


@tus.request_of_tus
@require_http_methods(["POST"])
def store(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The picture of a file that has come in full. Asked again, the same answer as the first time."""
    user = signed_in(request)
    row = Upload.objects.of(user).filter(pk=pk).first()
    if row is None:
        return _stored_before(user, pk)
    try:
        return outcome_of(row.name, lambda: receiving.store_upload(upload=row)).as_json()
    except receiving.UploadIncomplete:
        return tus.refusal(409, "incomplete", _("Not all of the file has come yet."))
    except receiving.UploadBusy:
        return _busy()
    except Upload.DoesNotExist:  # another request has ended it meanwhile
        return _stored_before(user, pk)


def _stored_before(user: User, pk: uuid.UUID) -> JsonResponse:
    became = Upload.objects.filter(owner=user, pk=pk).values_list("became", flat=True).first()
    return Outcome("", 201, image=get_object_or_404(Image, owner=user, pk=became or pk)).as_json()


def _create(request: HttpRequest) -> HttpResponse:
    if "Upload-Defer-Length" in request.headers:
        raise tus.BadHeader("Upload-Length")
    length = tus.number(request, "Upload-Length")
    form = UploadMetadataForm(tus.metadata(request))
    if not form.is_valid():
        return tus.refusal(400, "form", first_error(form))
    try:
        RATE.count(request)
        row = receiving.create_upload(owner=signed_in(request), length=length, **form.cleaned_data)
    except ValidationError as error:
        code = error.code or "invalid"
        return tus.refusal(STATUSES.get(code, 400), code, " ".join(error.messages))
    except TooOften as error:
        return tus.refusal(429, "too_often", error.words)
    except receiving.TooManyUploads:
        text = _("At most %(limit)d files may be on their way at once. Wait for some, or cancel them.")
        return tus.refusal(429, "too_many", text % {"limit": settings.UPLOADS_PER_PERSON})
    response = tus.progress(row, status=201)
    if tus.is_piece(request) and row.offset == 0:
        response = _append(request, row, 0, status=201)
    if response.status_code == 201:
        response["Location"] = reverse("gallery:send", args=[row.pk])
    return response


def _append(request: HttpRequest, row: Upload, offset: int, *, status: int) -> HttpResponse:
    declared = request.headers.get("Content-Length", "")
    if declared.isdigit() and offset + int(declared) > row.length:
        return tus.refusal(413, "too_large", _("This is more than the file was said to have."))
    try:
        return tus.progress(receiving.append(upload=row, offset=offset, body=request), status=status)
    except receiving.WrongOffset:
        return tus.refusal(409, "offset", _("The piece does not start where the last one ended."))
    except receiving.UploadBusy:
        return _busy()
    except Upload.DoesNotExist:
        raise Http404 from None


def _busy() -> HttpResponse:
    return tus.refusal(423, "busy", _("Another window is sending this file."))


def _described(row: Upload) -> dict[str, object]:
    return {
        "url": reverse("gallery:send", args=[row.pk]),
        "key": row.key,
        "name": row.name,
        "modified": row.modified,
        "length": row.length,
        "offset": row.offset,
        "visibility": row.visibility,
    }
