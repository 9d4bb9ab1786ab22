"""A person's own searches: saved ones and recent ones, to open, rename and forget."""

import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.filters import FilterForm
from gallery.forms import SearchForm, SearchNameForm
from gallery.mixing import NoSuchPicture
from gallery.models import RecentSearch, SavedSearch
from gallery.models.searches import KeptSearch
from gallery.question import Question, in_words
from gallery.searches import (
    MAX_SAVED,
    NameTaken,
    TooManySaved,
    forget_searches,
    note_search,
    rename_search,
    save_search,
)
from gallery.views.asking import question_in
from gallery.views.finding import search_page
from gallery.views.people import signed_in


@dataclass(frozen=True)
class Listed:
    """A kept search with what it says to the person; "" if something that it names is gone."""

    search: KeptSearch
    said: str


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """What a signed-in person's search form sends: notes the search and leads to its address."""
    question = question_in(request, request.POST)
    if question is None:
        wrong: dict[str, Any] = {
            "form": SearchForm(request.POST),
            "filter_form": FilterForm(request.POST, person=request.user),
            "query": request.POST.get("q", ""),
        }
        if all(wrong[name].is_valid() for name in ("form", "filter_form")):
            raise Http404  # the picture to be like does not exist for the asker
        return search_page(request, wrong, 400)
    if not question.compares and not question.filters:
        return redirect("gallery:search")
    if request.user.is_authenticated:
        note_search(owner=signed_in(request), question=question)
    return redirect(question.address())


@login_required
@require_safe
def searches(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    context = {
        "saved": listed(request, SavedSearch.objects.of(user)),
        "recent": listed(request, RecentSearch.objects.of(user)),
    }
    return render(request, "gallery/searches.html", context)


def listed(request: HttpRequest, kept: Any) -> list[Listed]:
    return [Listed(search, _said(request, search)) for search in kept]


@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keeps the search in `query`, the parameters of its address, under `name`. 400 and 409 keep the form."""
    query = request.POST.get("query", "")
    question = question_in(request, QueryDict(query))
    if question is None or not (question.compares or question.filters):
        messages.error(request, _("This search cannot be saved: something that it names is gone."))
        return redirect("gallery:search")
    form = SearchNameForm(request.POST)
    if form.is_valid():
        try:
            save_search(owner=signed_in(request), name=form.cleaned_data["name"], question=question)
        except TooManySaved:
            form.add_error(
                None,
                _("You have %(limit)d saved searches, which is the limit. Delete one first.")
                % {"limit": MAX_SAVED},
            )
        except NameTaken:
            _say_taken(form)
        else:
            messages.success(request, _("The search is saved."))
            return redirect(question.address())
    context = {"form": form, "query": query, "address": question.address()}
    return render(request, "gallery/search_name.html", context, status=_status(form))


@login_required
@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    search = get_object_or_404(SavedSearch.objects.of(signed_in(request)), pk=pk)
    if request.method != "POST":
        form = SearchNameForm(initial={"name": search.name})
        return render(request, "gallery/search_name.html", {"form": form, "search": search})
    form = SearchNameForm(request.POST)
    if form.is_valid():
        try:
            rename_search(search=search, name=form.cleaned_data["name"])
        except NameTaken:
            _say_taken(form)
        else:
            messages.success(request, _("The search has its new name."))
            return redirect("gallery:searches")
    context = {"form": form, "search": search}
    return render(request, "gallery/search_name.html", context, status=_status(form))


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Asks first."""
    search = get_object_or_404(SavedSearch.objects.of(signed_in(request)), pk=pk)
    if request.method != "POST":
        return render(request, "gallery/search_delete.html", {"search": search})
    search.delete()
    messages.success(request, _("The search is deleted."))
    return redirect("gallery:searches")


@login_required
@require_POST
def forget(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One of the recent searches."""
    get_object_or_404(RecentSearch.objects.of(signed_in(request)), pk=pk).delete()
    return redirect("gallery:searches")


@login_required
@require_http_methods(["GET", "POST"])
def clear(request: HttpRequest) -> HttpResponse:
    """All recent searches. Asks first."""
    if request.method != "POST":
        return render(request, "gallery/search_delete.html")
    forget_searches(owner=signed_in(request))
    messages.success(request, _("Your recent searches are forgotten."))
    return redirect("gallery:searches")


def _said(request: HttpRequest, search: KeptSearch) -> str:
    question: Question | None = question_in(request, QueryDict(search.query))
    if question is None:
        return ""
    try:
        return in_words(question, user=request.user)
    except NoSuchPicture:
        return ""


def _say_taken(form: SearchNameForm) -> None:
    form.add_error("name", forms.ValidationError(_("You have a saved search of this name."), code="taken"))


def _status(form: SearchNameForm) -> int:
    return 400 if form.has_error("name") and not form.has_error("name", "taken") else 409
