"""Buttons of moderators on the page of a picture."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gallery.models import Image
from gallery.moderation import hiding
from gallery.moderation.forms import ReasonForm
from gallery.views.moderation.guard import REFUSALS, moderators_only, reason_for_reader
from gallery.views.outcomes import first_error
from gallery.views.people import signed_in

Decide = Callable[..., Image]


@login_required
@require_POST
@moderators_only
def hide(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    done = _("The picture is hidden from everybody but its owner.")
    return _decided(request, _visible(request, pk), hiding.hide, done)


@login_required
@require_POST
@moderators_only
def unhide(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return _decided(request, _visible(request, pk), hiding.unhide, _("The picture is shown again."))


def removed(request: HttpRequest, image: Image) -> HttpResponse:
    """For the page that asks before a picture is deleted, where a moderator has confirmed it."""
    return _decided(request, image, hiding.remove, _("The picture is removed."))


def _visible(request: HttpRequest, pk: uuid.UUID) -> Image:
    return get_object_or_404(Image.objects.visible_to(request.user), pk=pk)


def _decided(request: HttpRequest, image: Image, decide: Decide, done: str) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect(image)
    try:
        image = decide(image=image, by=signed_in(request), reason=form.cleaned_data["reason"])
    except REFUSALS as refusal:
        messages.error(request, reason_for_reader(refusal))
        return redirect(image)
    messages.success(request, done)
    return redirect("gallery:mine") if image.removed_at else redirect(image)
