"""Pages of moderators. For everybody else there are none."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from gallery.models.people import is_moderator

View = Callable[..., HttpResponseBase]


def moderators_only(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_moderator(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded
