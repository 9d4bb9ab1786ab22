"""Pages of pictures, by the number in the address."""

from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
from django.http import Http404, HttpRequest

from gallery.models import Image, ImageQuerySet

PICTURES_A_PAGE = 48


def page_number(request: HttpRequest) -> int:
    """From ?page=, starting at 1. Raises Http404 for what is no page number."""
    text = request.GET.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) >= 1):
        raise Http404
    return int(text)


def page_of(pictures: ImageQuerySet, request: HttpRequest) -> Page[Image]:
    """Raises Http404 for a page after the last."""
    try:
        return Paginator(pictures.select_related("owner"), PICTURES_A_PAGE).page(page_number(request))
    except (EmptyPage, PageNotAnInteger):
        raise Http404 from None
