"""What the address of the classifying page asks about: chosen pictures, an album, or a search."""

import uuid
from dataclasses import dataclass

from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gallery import search as engine
from gallery.filters import FilterForm, names
from gallery.forms import SearchForm
from gallery.mixing import ModelChanged, NoSuchPicture, NotEmbedded, TermsCancel
from gallery.models import Album, Image
from gallery.question import Question, in_words
from gallery.results import Results
from gallery.zeroshot import MAX_PICTURES

MAX_CHOSEN = 50  # pictures by their ids, so that an address does not get too long for servers

Pairs = list[tuple[str, str]]


class SubjectError(Exception):
    """What is asked about cannot be had. The message is for the reader."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Subject:
    """images: at most MAX_PICTURES of the `total`. said: a search in words."""

    images: list[Image]
    total: int
    album: Album | None = None
    question: Question | None = None
    said: str = ""

    @property
    def left_out(self) -> int:
        return self.total - len(self.images)


def about(params: QueryDict) -> Pairs:
    """Those parameters of an address that say what it asks about."""
    fields = ("picture", *SearchForm.base_fields, *names())
    return [(name, value) for name in fields for value in params.getlist(name) if value]


def read_subject(person: engine.Person, params: QueryDict) -> Subject | None:
    """None if the address asks about nothing. Raises SubjectError, Http404 for what does not exist for the
    person, and encoder_client's exceptions where a search has words."""
    if chosen := params.getlist("picture"):
        images = _chosen(person, chosen)
        return Subject(images, len(images))
    question = _question(person, params)
    if not question.compares and not question.filters:
        return None
    if list(question.filters.parameters()) == ["album"] and not question.compares:
        return _album(person, question)
    return _search(person, question)


def _chosen(person: engine.Person, chosen: list[str]) -> list[Image]:
    """In the order chosen."""
    if len(chosen) > MAX_CHOSEN:
        message = ngettext(
            "At most %(limit)d picture at once. Choose fewer, or put them into an album and ask about that.",
            "At most %(limit)d pictures at once. Choose fewer, or put them into an album and ask about that.",
            MAX_CHOSEN,
        )
        raise SubjectError(message % {"limit": MAX_CHOSEN})
    try:
        ids = list(dict.fromkeys(uuid.UUID(text) for text in chosen))
    except ValueError:
        raise Http404 from None
    found = Image.objects.visible_to(person).in_bulk(ids)
    if len(found) != len(ids):
        raise Http404
    return [found[pk] for pk in ids]


def _question(person: engine.Person, params: QueryDict) -> Question:
    form, filter_form = SearchForm(params), FilterForm(params, person=person)
    if "album" in filter_form.errors:
        raise Http404
    for checked in (form, filter_form):
        for messages in checked.errors.values():
            raise SubjectError(str(messages[0]))
    like = form.cleaned_data["like"]
    return Question(
        text=form.cleaned_data["q"],
        like=get_object_or_404(Image.objects.visible_to(person), pk=like) if like else None,
        filters=filter_form.filters,
        order=form.cleaned_data["sort"],
    )


def _album(person: engine.Person, question: Question) -> Subject:
    """A whole album, in its own order."""
    album = get_object_or_404(Album.objects.visible_to(person), pk=question.filters.album)
    pictures = album.sorted(Image.objects.visible_to(person))
    return Subject(list(pictures[:MAX_PICTURES]), pictures.count(), album=album)


def _search(person: engine.Person, question: Question) -> Subject:
    try:
        said = in_words(question, user=person)
        results = _find(person, question)
    except NoSuchPicture as error:
        raise SubjectError(str(error.message), 404) from None
    except ModelChanged as error:
        raise SubjectError(str(error.message), 409) from None
    except TermsCancel:
        message = _("The terms of this mix cancel each other out, so nothing is left to search for.")
        raise SubjectError(message) from None
    except NotEmbedded:
        message = _("The model has not looked at this picture yet. Try again when it is ready.")
        raise SubjectError(message, 409) from None
    return Subject([hit.image for hit in results.hits], results.total, question=question, said=said)


def _find(person: engine.Person, question: Question) -> Results:
    if not question.compares:
        return engine.browse(user=person, filters=question.filters, size=MAX_PICTURES)
    return engine.search(
        user=person,
        text=question.text,
        like=question.like,
        filters=question.filters,
        order=question.order,
        size=MAX_PICTURES,
    )
