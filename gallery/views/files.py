"""Private files: every byte goes through the visibility rule first."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from gallery import plain, sharing
from gallery.models import Image

CHUNK = 256 * 1024  # bytes


@require_safe
def original(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The file as it was uploaded, or what sharing.py gives to others. ?download: saved instead of shown.

    ?plain, for pictures that were made here: without the note in the file of how. 404 for others: what a
    camera has noted is not a matter of this address.
    """
    image = _visible(request, pk)
    shared = sharing.largest_file(request.user, image)
    if shared is None:
        raise Http404
    if "plain" in request.GET:
        return _plain(request, image, shared)
    etag = f'"{shared.etag}"'
    if unchanged := _unchanged(request, image, etag):
        return unchanged
    disposition = _disposition(request, image, shared.suffix)
    if settings.MEDIA_ACCEL_PREFIX:
        by_proxy = _by_proxy(shared.name, shared.content_type)
        return _private(by_proxy, image, etag, disposition=disposition)
    file = _open(shared.name)
    response = StreamingHttpResponse(in_background(_chunks(file)), content_type=shared.content_type)
    return _private(response, image, etag, size=file.size, disposition=disposition)


def _plain(request: HttpRequest, image: Image, shared: sharing.SharedFile) -> HttpResponseBase:
    if image.origin != Image.Origin.GENERATED:
        raise Http404
    etag = f'"{shared.etag}-plain"'
    if unchanged := _unchanged(request, image, etag):
        return unchanged
    with _open(shared.name) as file:
        content = plain.plain_png(file, max_pixels=settings.UPLOAD_MAX_PIXELS)
    disposition = _disposition(request, image, ".png")
    response = HttpResponse(content, content_type="image/png")
    return _private(response, image, etag, size=len(content), disposition=disposition)


def _disposition(request: HttpRequest, image: Image, suffix: str) -> str | None:
    name = f"{slugify(image.title) or image.pk}{suffix}"
    return content_disposition_header("download" in request.GET, name)


@require_safe
def thumbnail(request: HttpRequest, pk: uuid.UUID, size: int) -> HttpResponseBase:
    """A WebP with its longest side at most `size` pixels; 404 until it has been made."""
    return send_thumbnail(request, _visible(request, pk), size)


def send_thumbnail(request: HttpRequest, image: Image, size: int) -> HttpResponseBase:
    """For a picture that the caller has found by a visibility rule."""
    if size not in Image.THUMBNAIL_SIZES or not image.has_thumbnails:
        raise Http404
    etag = f'"{image.sha256[:32]}-{size}"'
    if unchanged := _unchanged(request, image, etag):
        return unchanged
    if settings.MEDIA_ACCEL_PREFIX:
        return _private(_by_proxy(image.thumbnail_path(size), "image/webp"), image, etag)
    with _open(image.thumbnail_path(size)) as file:
        content = file.read()  # small: a few hundred kilobytes at most
    return _private(HttpResponse(content, content_type="image/webp"), image, etag, size=len(content))


def _visible(request: HttpRequest, pk: uuid.UUID) -> Image:
    return get_object_or_404(Image.objects.visible_to(request.user), pk=pk)


def _open(name: str) -> File:
    try:
        return default_storage.open(name, "rb")
    except FileNotFoundError:
        raise Http404 from None


def _by_proxy(name: str, content_type: str) -> HttpResponseBase:
    """Leaves the bytes, and requests for parts of them, to nginx. Whether the reader may have the file has
    been found out before; nobody but this app can ask for nginx's address of it."""
    if not default_storage.exists(name):
        raise Http404
    response = HttpResponse(content_type=content_type)
    response["X-Accel-Redirect"] = settings.MEDIA_ACCEL_PREFIX + quote(name)
    return response


def _unchanged(request: HttpRequest, image: Image, etag: str) -> HttpResponseBase | None:
    """304 if the browser has the newest already. Asked after the visibility rule, never before."""
    modified = int(image.created_at.timestamp())
    unchanged = get_conditional_response(request, etag=etag, last_modified=modified)
    return _private(unchanged, image, etag) if unchanged is not None else None


def _private(
    response: HttpResponseBase,
    image: Image,
    etag: str,
    *,
    size: int | None = None,
    disposition: str | None = None,
) -> HttpResponseBase:
    """Kept by the reader's browser alone, which asks each time whether it may still show it."""
    response["ETag"] = etag
    response["Last-Modified"] = image.created_at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"  # a file is never a page
    if size is not None:
        response["Content-Length"] = str(size)
    if disposition:
        response["Content-Disposition"] = disposition
    return response


async def in_background(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """What a blocking iterator yields, one piece after the other: under ASGI, Django would read a plain
    iterator, as FileResponse has one, into memory as a whole."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _chunks(file: File) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
