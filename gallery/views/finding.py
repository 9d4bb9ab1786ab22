"""Search by words, by pictures, or both, among the pictures that the filters leave."""

import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gallery import search as engine
from gallery.encoder_client import EncoderFailed, EncoderRefused, EncoderUnavailable
from gallery.filters import FilterForm
from gallery.forms import QueryPictureForm, SearchForm
from gallery.mixing import ModelChanged, NoSuchPicture, NotEmbedded, TermsCancel, ingredients
from gallery.models import Image
from gallery.question import Question, mix_links, say, say_terms
from gallery.rates import Rate, TooOften
from gallery.results import Results
from gallery.views.paging import page_number

RATE = Rate("searches")
# In English, which is what the shipped model reads.
MIXES = ("sunflower + owl", "2*red + flower - car")


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """?q=words, ?like=picture, or both; filters and sort by their names. Filters alone list what is left."""
    form, filter_form = SearchForm(request.GET), FilterForm(request.GET, person=request.user)
    forms = {"form": form, "filter_form": filter_form}
    if not (form.is_valid() and filter_form.is_valid()):
        context = {**forms, "query": request.GET.get("q", ""), "like": _like(request, form)}
        return search_page(request, context, 400)
    question = Question(
        text=form.cleaned_data["q"],
        like=_like(request, form),
        filters=filter_form.filters,
        order=form.cleaned_data["sort"],
    )
    if any(request.GET.get(name) == "" for name in ("sort", *filter_form.fields)):
        return redirect(question.address())  # a form sends also what nobody filled in
    if not question.compares and not question.filters:
        return search_page(request, {**forms, "query": ""})
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
        if question.compares:
            RATE.count(request)  # the encoder and the index, not a list from the database
        context |= _head(request, question)
        results = _find(request, question)
    except TooOften as error:
        return search_page(request, {**context, "refused": error.words}, 429)
    except engine.NoSuchPage:
        raise Http404 from None
    except NoSuchPicture as error:
        return search_page(request, {**context, "refused": error.message}, 404)
    except ModelChanged as error:
        return search_page(request, {**context, "refused": error.message}, 409)
    except TermsCancel:
        refused = _("The terms of this mix cancel each other out, so nothing is left to search for.")
        return search_page(request, {**context, "refused": refused}, 400)
    except NotEmbedded:
        return search_page(request, {**context, "not_embedded": True}, 409)
    except (EncoderUnavailable, EncoderFailed):
        return search_page(request, {**context, "encoder_away": True}, 503)
    except EncoderRefused as error:
        return search_page(request, {**context, "refused": str(error)}, 400)
    return search_page(request, {**context, "results": results, **_around(request, question, results)})


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
    being_prepared = 0
    if not results.total:
        being_prepared = engine.being_prepared(user=request.user, filters=filters)
        counts = engine.counts_without(user=request.user, filters=filters)
        for chip, name in zip(chips, left, strict=True):
            chip["count"] = counts[name]
    return {
        "mix": mix_links(question) if question.compares else None,
        "query_to_save": urlencode(question.parameters()),
        "page_query": urlencode(question.parameters()) + "&",
        "chips": chips,
        "being_prepared": being_prepared,
        "without_filters": replace(question, filters=engine.ANYTHING).address(),
        "orders": [
            {"label": order.label, "address": replace(question, order=order).address(), "order": order.value}
            for order in engine.Order
        ],
    }


def _head(request: HttpRequest, question: Question) -> dict[str, Any]:
    """What the page says of a mix with pictures. Raises NoSuchPicture."""
    parts = ingredients(text=question.text, user=request.user) if question.text else []
    if all(part.term.is_words for part in parts):
        return {}
    terms = say_terms(question, parts)
    until = [part.given.expires_at for part in parts if part.given]
    return {"terms": terms, "said": say(terms), "given_until": min(until, default=None)}


def search_page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    page = {"mixes": MIXES, "picture_form": QueryPictureForm(), **context}
    return render(request, "gallery/search.html", page, status=status)
