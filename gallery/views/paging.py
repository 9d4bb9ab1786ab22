"""Pages of pictures and albums, by the number in the address."""

from typing import TypeVar

from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

PICTURES_A_PAGE = 48

Row = TypeVar("Row", bound=Model)


def page_number(request: HttpRequest, name: str = "page") -> int:
    """From ?page=, starting at 1. Raises Http404 for what is no page number."""
    text = request.GET.get(name, "1")
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) >= 1):
        raise Http404
    return int(text)


def page_of(rows: QuerySet[Row], request: HttpRequest) -> Page[Row]:
    """Of rows that have an owner. Raises Http404 for a page after the last.

    With ?upto= instead of ?page=, which is where actions lead back that may empty a page, it is that page or
    the last one there is.
    """
    return asked_page(Paginator(rows.select_related("owner"), PICTURES_A_PAGE), request)


def asked_page(paginator: "Paginator[Row]", request: HttpRequest) -> Page[Row]:
    """The same of any rows."""
    if "upto" in request.GET:
        return paginator.page(min(page_number(request, "upto"), paginator.num_pages))
    try:
        return paginator.page(page_number(request))
    except (EmptyPage, PageNotAnInteger):
        raise Http404 from None


def back_to(request: HttpRequest) -> str:
    """The ?upto= that an action was sent from, for the address it leads back to; empty for the first page."""
    return f"?upto={page_number(request, 'upto')}" if "upto" in request.GET else ""
