"""The map of a person's own pictures: the page, its points for the script, its regions for everybody."""

import hashlib
import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from gallery.map.making import TooFewPictures, request_map
from gallery.map.reading import in_region, overview, points, regions
from gallery.map.vectors import FEWEST
from gallery.views.paging import page_number, page_of
from gallery.views.people import signed_in
from gallery.views.selection import selection_tools


@login_required
@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    context = {
        "overview": overview(user),
        "regions": regions(user),
        "fewest": FEWEST,
        **selection_tools(request),
    }
    return render(request, "gallery/map.html", context)


@login_required
@never_cache
@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """How far the layout is, for a page that waits for it."""
    return render(request, "gallery/_map_state.html", {"overview": overview(signed_in(request))})


@login_required
@require_safe
def map_points(request: HttpRequest) -> HttpResponseBase:
    """?page=: the points as rows of reading.points(). Kept by the reader's browser, which asks each time."""
    found, pages = points(signed_in(request), page_number(request))
    content = json.dumps({"pages": pages, "points": found}, separators=(",", ":"), ensure_ascii=False)
    etag = f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        content, content_type="application/json"
    )
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


@login_required
@require_safe
def region(request: HttpRequest, number: int) -> HttpResponse:
    """One neighbourhood of the map as a grid, to look at and to choose from."""
    images = in_region(signed_in(request), number)
    if not images.exists():
        raise Http404
    context = {"number": number, "page_obj": page_of(images, request), **selection_tools(request)}
    return render(request, "gallery/map_region.html", context)


@login_required
@require_POST
def lay_out(request: HttpRequest) -> HttpResponse:
    try:
        request_map(owner=signed_in(request))
    except TooFewPictures:
        text = _("A map needs at least %(count)d pictures that are ready.")
        messages.error(request, text % {"count": FEWEST})
    return redirect("gallery:map")
