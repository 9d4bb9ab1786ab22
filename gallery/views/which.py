"""Which of these? Labels of the reader's own on one picture or several."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gallery.encoder_client import EncoderFailed, EncoderRefused, EncoderUnavailable
from gallery.forms import MAX_CHOSEN, LabelsForm
from gallery.models import Image
from gallery.zeroshot import classify


@require_safe
def which(request: HttpRequest) -> HttpResponse:
    """?picture=…&picture=…&labels=…; without labels it asks for them. Nothing is stored."""
    chosen = request.GET.getlist("picture")
    if len(chosen) > MAX_CHOSEN:
        return _page(request, {"too_many": True, "limit": MAX_CHOSEN, "form": LabelsForm()}, status=400)
    images = _chosen_images(request, chosen)
    form = LabelsForm(request.GET if "labels" in request.GET else None)
    context: dict = {"images": images, "form": form}
    if not images or not form.is_bound:
        return _page(request, context)
    if not form.is_valid():
        return _page(request, context, status=400)
    try:
        matrix = classify(images=images, labels=form.cleaned_data["labels"])
    except (EncoderUnavailable, EncoderFailed):
        return _page(request, {**context, "encoder_away": True}, status=503)
    except EncoderRefused as error:
        return _page(request, {**context, "refused": str(error)}, status=400)
    return _page(request, {**context, "matrix": matrix})


def _chosen_images(request: HttpRequest, chosen: list[str]) -> list[Image]:
    """In the order chosen. Raises Http404 if one of them does not exist for the reader."""
    try:
        ids = list(dict.fromkeys(uuid.UUID(text) for text in chosen))
    except ValueError:
        raise Http404 from None
    found = Image.objects.visible_to(request.user).in_bulk(ids)
    if len(found) != len(ids):
        raise Http404
    return [found[pk] for pk in ids]


def _page(request: HttpRequest, context: dict, *, status: int = 200) -> HttpResponse:
    return render(request, "gallery/which.html", context, status=status)
