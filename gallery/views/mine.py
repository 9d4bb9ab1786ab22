"""The gallery: a person's own pictures, along the months in which they were taken or as they came in."""

import re
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from gallery import timeline
from gallery.models import Image
from gallery.views import paging
from gallery.views.people import signed_in
from gallery.views.selection import selection_tools

MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """To look at and to choose from. ?month=2025-06 leads to the page with that month; ?sort=added lists what
    came in last first."""
    own = Image.objects.visible_to(request.user).filter(owner=signed_in(request))
    by_date = _is_by_date(request)
    months = timeline.months_of(own) if by_date else []
    if "month" in request.GET:
        return redirect(_address_of(months, _month(request.GET["month"])))
    page = paging.page_of(timeline.newest_first(own) if by_date else own, request)
    context = {
        "page_obj": page,
        "groups": timeline.by_month(page) if by_date else [(None, page)],
        "years": timeline.by_year(months),
        "by_date": by_date,
        "page_query": "" if by_date else "sort=added&",
        **selection_tools(request),
    }
    return render(request, "gallery/mine.html", context)


def _is_by_date(request: HttpRequest) -> bool:
    sort = request.GET.get("sort", "date")
    if sort not in {"date", "added"}:
        raise Http404
    return sort == "date"


def _month(text: str) -> date:
    found = MONTH.fullmatch(text)
    if found is None or found[1] == "0000":
        raise Http404
    return date(int(found[1]), int(found[2]), 1)


def _address_of(months: list[timeline.Month], wanted: date) -> str:
    """Of the page on which a month begins. A month without pictures is the next older one that has some."""
    month = timeline.starting_at(months, wanted)
    address = reverse("gallery:mine")
    if month is None:
        return address
    number = 1 + month.before // paging.PICTURES_A_PAGE
    return f"{address}?page={number}#month-{month.name}" if number > 1 else f"{address}#month-{month.name}"
