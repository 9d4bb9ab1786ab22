"""Search by words, by a picture, or both."""

import uuid
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gallery import search as engine
from gallery.encoder_client import EncoderFailed, EncoderRefused, EncoderUnavailable
from gallery.forms import SearchForm
from gallery.models import Image
from gallery.views.paging import page_number

# In English, which is what the shipped model reads.
MIXES = ("sunflower + owl", "2*red + flower - car")


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """?q=words, ?like=picture, or both."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        return _page(request, {"form": form, "query": request.GET.get("q", "")}, status=400)
    text, like_id = form.cleaned_data["q"], form.cleaned_data["like"]
    like = get_object_or_404(Image.objects.visible_to(request.user), pk=like_id) if like_id else None
    if not text and like is None:
        return _page(request, {"form": form, "query": ""})
    return _results(request, text, like, form=form)


@require_safe
def similar(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """More like this."""
    like = get_object_or_404(Image.objects.visible_to(request.user), pk=pk)
    return _results(request, "", like, form=SearchForm())


def _results(request: HttpRequest, text: str, like: Image | None, *, form: SearchForm) -> HttpResponse:
    arguments = {"q": text} if text else {}
    if like is not None and request.GET.get("like"):
        arguments["like"] = str(like.pk)
    context = {"form": form, "query": text, "like": like}
    context["page_query"] = urlencode(arguments) + "&" if arguments else ""
    try:
        results = engine.search(user=request.user, text=text, like=like, page=page_number(request))
    except engine.NoSuchPage:
        raise Http404 from None
    except engine.TermsCancel:
        refused = _("The terms of this mix cancel each other out, so nothing is left to search for.")
        return _page(request, {**context, "refused": refused}, status=400)
    except engine.NotEmbedded:
        return _page(request, {**context, "not_embedded": True}, status=409)
    except (EncoderUnavailable, EncoderFailed):
        return _page(request, {**context, "encoder_away": True}, status=503)
    except EncoderRefused as error:
        return _page(request, {**context, "refused": str(error)}, status=400)
    return _page(request, {**context, "results": results})


def _page(request: HttpRequest, context: dict, *, status: int = 200) -> HttpResponse:
    return render(request, "gallery/search.html", {**context, "mixes": MIXES}, status=status)
