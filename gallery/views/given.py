"""Searching by a picture that is not stored."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gallery import given
from gallery.encoder_client import EncoderFailed, EncoderRefused, EncoderUnavailable
from gallery.filters import FilterForm
from gallery.forms import QueryPictureForm, SearchForm
from gallery.query import GIVEN
from gallery.question import Question
from gallery.rates import TooOften
from gallery.views.finding import search_page
from gallery.views.outcomes import refusal_status
from gallery.views.people import signed_in


@require_POST
def search_by_picture(request: HttpRequest) -> HttpResponse:
    """Takes the file in `file` and leads to the address of its search, among what the filters leave.

    400 or 413 with the reason for a file that cannot be used, 429, 503.
    """
    form = QueryPictureForm(request.POST, request.FILES)
    filter_form = FilterForm(request.POST, person=request.user)
    forms = {"form": SearchForm(), "picture_form": form, "filter_form": filter_form}
    if not (form.is_valid() and filter_form.is_valid()):
        return search_page(request, forms, 400)
    asker = signed_in(request) if request.user.is_authenticated else None
    try:
        given.RATE.count(request)
        picture = given.remember_vector(file=form.cleaned_data["file"], asker=asker)
    except TooOften as error:
        form.add_error("file", error.words)
        return search_page(request, forms, 429)
    except ValidationError as error:
        form.add_error("file", error.messages)
        return search_page(request, forms, refusal_status(error))
    except (EncoderUnavailable, EncoderFailed):
        return search_page(request, {**forms, "encoder_away": True}, 503)
    except EncoderRefused:
        form.add_error("file", _("The model cannot read this picture."))
        return search_page(request, forms, 400)
    return redirect(Question(text=f"{GIVEN}{picture.pk}", filters=filter_form.filters).address())
