"""What a request asks to search for, in its own address or in that of the page that it comes from."""

from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from gallery.filters import FilterForm
from gallery.forms import SearchForm
from gallery.models import Image
from gallery.question import Question


def question_behind(request: HttpRequest) -> Question:
    """The search from whose results this page was opened; an empty one if it was not, or nobody can tell."""
    try:
        behind = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # no address at all
        return Question()
    if behind.netloc != request.get_host() or behind.path != reverse("gallery:search"):
        return Question()
    return question_in(request, QueryDict(behind.query)) or Question()


def question_in(request: HttpRequest, parameters: QueryDict) -> Question | None:
    """None if the parameters are not in order, or name a picture that the asker may not see."""
    form, filter_form = SearchForm(parameters), FilterForm(parameters, person=request.user)
    if not (form.is_valid() and filter_form.is_valid()):
        return None
    like_id = form.cleaned_data["like"]
    like = Image.objects.visible_to(request.user).filter(pk=like_id).first() if like_id else None
    if like_id and like is None:
        return None
    return Question(
        text=form.cleaned_data["q"],
        like=like,
        filters=filter_form.filters,
        order=form.cleaned_data["sort"],
    )
