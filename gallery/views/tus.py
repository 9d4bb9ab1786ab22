"""The words of the tus protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload): its headers, its
metadata, and what holds for each of its requests."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import http_date
from django.utils.translation import gettext as _

if TYPE_CHECKING:  # the server looks up PIECE_TYPE before there are models
    from gallery.models import Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination"
PIECE_TYPE = "application/offset+octet-stream"  # of a piece of a file that is being uploaded
MAX_DIGITS = 15  # of a size in bytes

View = Callable[..., HttpResponse]


class BadHeader(ValueError):
    """A header is missing or means nothing. `args[0]` names it."""


def request_of_tus(view: View) -> View:
    """401 for visitors, 412 for another version of the protocol, 400 for a header that cannot be read."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = _refusal(request) or _answer(view, request, *args, **kwargs)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        return response

    return checked


def capabilities() -> HttpResponse:
    return HttpResponse(
        status=204,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
        },
    )


def progress(upload: Upload, *, status: int) -> HttpResponse:
    """How far an upload has come."""
    return HttpResponse(
        status=status,
        headers={
            "Upload-Offset": str(upload.offset),
            "Upload-Length": str(upload.length),
            "Upload-Expires": http_date(upload.expires_at.timestamp()),
        },
    )


def refusal(status: int, code: str, error: str) -> JsonResponse:
    return JsonResponse({"code": code, "error": error}, status=status)


def number(request: HttpRequest, name: str) -> int:
    """A size or place in bytes. Raises BadHeader."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise BadHeader(name)
    return int(text)


def metadata(request: HttpRequest) -> dict[str, str]:
    """From Upload-Metadata: keys and base64-encoded values, separated by commas. Raises BadHeader."""
    header = request.headers.get("Upload-Metadata", "")
    pairs = [pair.strip().partition(" ") for pair in header.split(",") if pair]
    try:
        return {key: base64.b64decode(value, validate=True).decode() for key, _space, value in pairs}
    except (binascii.Error, UnicodeDecodeError):
        raise BadHeader("Upload-Metadata") from None


def is_piece(request: HttpRequest) -> bool:
    return request.content_type == PIECE_TYPE


def _refusal(request: HttpRequest) -> HttpResponse | None:
    if request.method == "OPTIONS":
        return None
    if not request.user.is_authenticated:
        return refusal(401, "signed_out", _("Sign in again, then go on."))
    if request.headers.get("Tus-Resumable") != VERSION:
        response = refusal(412, "version", _("This version of the upload protocol is not spoken here."))
        response["Tus-Version"] = VERSION
        return response
    return None


def _answer(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    try:
        return view(request, *args, **kwargs)
    except BadHeader as error:
        text = _("The header %(name)s is missing or cannot be read.") % {"name": error.args[0]}
        return refusal(400, "header", text)
