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
from gallery.views.moderation.guard import moderators_only
from gallery.views.people import signed_in


@login_required
@require_POST
@moderators_only
def hide(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return _decide(request, pk, hiding.hide, _("The picture is hidden from everybody but its owner."))


@login_required
@require_POST
@moderators_only
def unhide(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return _decide(request, pk, hiding.unhide, _("The picture is shown again."))


def _decide(request: HttpRequest, pk: uuid.UUID, decision: Callable[..., Image], done: str) -> HttpResponse:
    by = signed_in(request)
    image = get_object_or_404(Image.objects.visible_to(by), pk=pk)
    decision(image=image, by=by)
    messages.success(request, done)
    return redirect(image)
