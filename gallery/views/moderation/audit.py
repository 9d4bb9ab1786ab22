"""The audit log, to read and to take along."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.core.paginator import EmptyPage, Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gallery.moderation.audit_reading import csv_pieces
from gallery.moderation.forms import AuditFilterForm
from gallery.views.moderation.guard import moderators_only
from gallery.views.paging import page_number

ENTRIES_A_PAGE = 50


@login_required
@never_cache
@require_safe
@moderators_only
def log(request: HttpRequest) -> HttpResponse:
    """?actor=, action=, kind=, key=, first_day= and last_day= narrow it; 400 for what cannot be meant."""
    form = AuditFilterForm(request.GET)
    if not form.is_valid():
        return render(request, "gallery/moderation/audit.html", {"form": form}, status=400)
    try:
        page = Paginator(form.chosen().entries(), ENTRIES_A_PAGE).page(page_number(request))
    except EmptyPage:
        raise Http404 from None
    given = [(name, value) for name, value in form.data.items() if name in form.fields and value]
    context = {"form": form, "page_obj": page, "query": urlencode(given), "narrowed": bool(given)}
    return render(request, "gallery/moderation/audit.html", context)


@login_required
@require_safe
@moderators_only
def export(request: HttpRequest) -> HttpResponseBase:
    """The same as a CSV file, however long it is."""
    form = AuditFilterForm(request.GET)
    if not form.is_valid():
        return render(request, "gallery/moderation/audit.html", {"form": form}, status=400)
    pieces = _one_by_one(csv_pieces(form.chosen().entries()))
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    name = f"clipweb-audit-{timezone.localdate():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _one_by_one(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each piece is read in the thread of the view, whose database connection it uses."""
    while (piece := await sync_to_async(lambda: next(pieces, None))()) is not None:
        yield piece
