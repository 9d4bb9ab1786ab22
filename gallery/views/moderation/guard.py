"""Pages of moderators: for everybody else there are none. And why a decision could not be made."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from gallery.models.people import is_moderator
from gallery.moderation.actions import UnfitActions
from gallery.moderation.cases import AlreadyDecided, HeldByAnother
from gallery.moderation.decisions import AlreadyUndone, DecidedSince
from gallery.moderation.things import ThingGone

View = Callable[..., HttpResponseBase]
REFUSALS = (UnfitActions, HeldByAnother, AlreadyDecided, AlreadyUndone, DecidedSince, ThingGone)


def moderators_only(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_moderator(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def reason_for_reader(refusal: Exception) -> str:
    """What a page says about one of REFUSALS."""
    match refusal:
        case UnfitActions():
            return str(refusal)
        case HeldByAnother():
            until = time_format(timezone.localtime(refusal.until))
            return _("%(name)s is looking at this case until %(time)s.") % {
                "name": refusal.holder,
                "time": until,
            }
        case AlreadyDecided():
            return _("This case has been decided meanwhile.")
        case AlreadyUndone():
            return _("This decision was taken back before.")
        case DecidedSince():
            return _("A later decision about the same thing stands. Take that back first.")
        case _:
            return _("It has been deleted for good meanwhile.")


def status_of(refusal: Exception) -> int:
    """Of the answer: what was sent is wrong, or it does not fit how things stand."""
    return 400 if isinstance(refusal, UnfitActions) else 409
