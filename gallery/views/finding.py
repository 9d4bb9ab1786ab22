"""Search by words, by a picture, or both, among the pictures that the filters leave."""

import uuid
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gallery import search as engine
from gallery.encoder_client import EncoderFailed, EncoderRefused, EncoderUnavailable
from gallery.filters import FilterForm, Filters
from gallery.forms import SearchForm
from gallery.models import Image
from gallery.results import Results
from gallery.views.paging import page_number

# In English, which is what the shipped model reads.
MIXES = ("sunflower + owl", "2*red + flower - car")


@dataclass(frozen=True)
class Question:
    """One search, as its address says it."""

    text: str = ""
    like: Image | None = None
    filters: Filters = engine.ANYTHING
    order: str = engine.Order.RELEVANCE

    @property
    def compares(self) -> bool:
        return bool(self.text) or self.like is not None

    def parameters(self) -> dict[str, str]:
        sort = {"sort": self.order} if self.order != engine.Order.RELEVANCE else {}
        like = {"like": str(self.like.pk)} if self.like else {}
        return {**({"q": self.text} if self.text else {}), **like, **self.filters.parameters(), **sort}

    def address(self) -> str:
        return f"{reverse('gallery:search')}?{urlencode(self.parameters())}"


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """?q=words, ?like=picture, or both; filters and sort by their names. Filters alone list what is left."""
    form, filter_form = SearchForm(request.GET), FilterForm(request.GET, person=request.user)
    forms = {"form": form, "filter_form": filter_form}
    if not (form.is_valid() and filter_form.is_valid()):
        return _page(request, {**forms, "query": request.GET.get("q", ""), "like": _like(request, form)}, 400)
    question = Question(
        text=form.cleaned_data["q"],
        like=_like(request, form),
        filters=filter_form.filters,
        order=form.cleaned_data["sort"],
    )
    if any(request.GET.get(name) == "" for name in ("sort", *filter_form.fields)):
        return redirect(question.address())  # a form sends also what nobody filled in
    if not question.compares and not question.filters:
        return _page(request, {**forms, "query": ""})
    return _results(request, question, forms)


@require_safe
def similar(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """More like this."""
    like = get_object_or_404(Image.objects.visible_to(request.user), pk=pk)
    forms = {"form": SearchForm(), "filter_form": FilterForm(person=request.user)}
    return _results(request, Question(like=like), forms)


def _like(request: HttpRequest, form: SearchForm) -> Image | None:
    pk = form.cleaned_data.get("like")
    return get_object_or_404(Image.objects.visible_to(request.user), pk=pk) if pk else None


def _results(request: HttpRequest, question: Question, forms: dict[str, Any]) -> HttpResponse:
    context = {**forms, "question": question, "query": question.text, "like": question.like}
    try:
        results = _find(request, question)
    except engine.NoSuchPage:
        raise Http404 from None
    except engine.TermsCancel:
        refused = _("The terms of this mix cancel each other out, so nothing is left to search for.")
        return _page(request, {**context, "refused": refused}, 400)
    except engine.NotEmbedded:
        return _page(request, {**context, "not_embedded": True}, 409)
    except (EncoderUnavailable, EncoderFailed):
        return _page(request, {**context, "encoder_away": True}, 503)
    except EncoderRefused as error:
        return _page(request, {**context, "refused": str(error)}, 400)
    return _page(request, {**context, "results": results, **_around(request, question, results)})


def _find(request: HttpRequest, question: Question) -> Results:
    page = page_number(request)
    if not question.compares:
        return engine.browse(user=request.user, filters=question.filters, page=page)
    return engine.search(
        user=request.user,
        text=question.text,
        like=question.like,
        filters=question.filters,
        order=question.order,
        page=page,
    )


def _around(request: HttpRequest, question: Question, results: Results) -> dict[str, Any]:
    """The links of the page: on to other pages, to another order, and to the same without a filter."""
    filters = question.filters
    left = {name: replace(question, filters=filters.without(name)) for name, _value in filters.active()}
    chips: list[dict[str, Any]] = [
        {"said": filters.say(name), "without": other.address()} for name, other in left.items()
    ]
    if not results.total:
        counts = engine.counts_without(user=request.user, filters=filters)
        for chip, name in zip(chips, left, strict=True):
            chip["count"] = counts[name]
    return {
        "page_query": urlencode(question.parameters()) + "&",
        "chips": chips,
        "without_filters": replace(question, filters=engine.ANYTHING).address(),
        "orders": [
            {"label": order.label, "address": replace(question, order=order).address(), "order": order.value}
            for order in engine.Order
        ],
    }


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "gallery/search.html", {**context, "mixes": MIXES}, status=status)
