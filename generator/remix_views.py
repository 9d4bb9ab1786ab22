"""Making another picture like one whose file somebody has: the studio's form, filled in from its recipe."""

from typing import BinaryIO, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from gallery.rates import Rate, TooOften
from gallery.validation import validate_picture
from gallery.views.outcomes import refusal_status
from generator import recipes
from generator.engine.settings import GenerateSettings
from generator.forms import SIZES, JobForm, initial_of, sides_of
from generator.recipes import Recipe
from generator.remix_form import RemixForm
from generator.views import SignedInRequest, studio_page

RATE = Rate("remixes")
NAMES_TOLD = 10
UNUSABLE = 422


@login_required
@never_cache
@require_POST
def remix(request: SignedInRequest) -> HttpResponse:
    """The studio's page with the form as the recipe in `file` says; nothing is stored or asked for yet.

    400 without a file, 413 for one that is too large, 422 for one that is no picture or has no recipe that
    can be used, 429, 503.
    """
    remix_form = RemixForm(request.POST, request.FILES)
    status = 400
    if remix_form.is_valid():
        file = remix_form.cleaned_data["file"]
        try:
            RATE.count(request)
            validate_picture(file)
            recipe = recipes.read_recipe(cast(BinaryIO, file))
        except TooOften as error:
            remix_form.add_error("file", error.words)
            status = 429
        except ValidationError as error:
            remix_form.add_error("file", error.messages)
            refusal = refusal_status(error)
            status = UNUSABLE if refusal == 400 else refusal
        except recipes.NoRecipe:
            remix_form.add_error(
                "file", _("This file does not say how it was made. PNG files that were made here do.")
            )
            status = UNUSABLE
        except recipes.BrokenRecipe as error:
            reason = _("The recipe in this file cannot be used (%(reason)s).") % {"reason": error}
            remix_form.add_error("file", reason)
            status = UNUSABLE
        else:
            _tell(request, recipe)
            form = JobForm(initial=_initial(recipe.settings), owner=request.user)
            return studio_page(request, form=form)
    return studio_page(request, form=JobForm(owner=request.user), remix_form=remix_form, status=status)


def _initial(settings: GenerateSettings) -> dict[str, object]:
    return initial_of(settings.prompt, settings.width, settings.height, settings.steps, settings.options)


def _tell(request: SignedInRequest, recipe: Recipe) -> None:
    """Whatever the form does not show of the recipe."""
    settings = recipe.settings
    words = _(
        "The form is filled in from the file. Its seed was %(seed)s; another one gives another picture."
    )
    messages.success(request, words % {"seed": settings.seed})
    if not _has_sides(settings):
        words = _("Its size of %(width)s × %(height)s pixels is not among those on offer.")
        messages.warning(request, words % {"width": settings.width, "height": settings.height})
    if recipe.unknown:
        names = ", ".join(name[:40] for name in recipe.unknown[:NAMES_TOLD])
        words = ngettext(
            "%(count)s setting of the file is not known here and left out: %(names)s",
            "%(count)s settings of the file are not known here and left out: %(names)s",
            len(recipe.unknown),
        )
        messages.warning(request, words % {"count": localize(len(recipe.unknown)), "names": names})


def _has_sides(settings: GenerateSettings) -> bool:
    initial = _initial(settings)
    size, shape = cast(int, initial["size"]), cast(str, initial["shape"])
    return size in SIZES and sides_of(size, shape) == (settings.width, settings.height)
