"""For admins: which model serves, which one is on its way, and pictures that it fails with."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.paginator import EmptyPage, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from gallery import changeover, preparation, reembedding, serving
from gallery.models import EncodingModel, Image, PendingVector, Serving
from gallery.views.choosing import chosen_ids
from gallery.views.paging import page_number

ROWS_A_PAGE = 50
VECTORS, PICTURES = "vectors", "pictures"  # what failed: with a model, or in the preparation

View = Callable[..., HttpResponse]


def admins_only(view: View) -> View:
    """For everybody else there is no such page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (request.user.is_active and request.user.is_staff):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@never_cache
@require_safe
@admins_only
def models(request: HttpRequest) -> HttpResponse:
    """`?part=1` gives the part that the page's script refreshes."""
    state = Serving.objects.select_related("current", "next").first()
    context: dict[str, Any] = {
        "state": state,
        "known": changeover.known_models(state),
        "unloadable": changeover.unloadable(),
        "vectors_failed": changeover.troubled_vectors().count(),
        "pictures_failed": changeover.troubled_pictures().count(),
    }
    if state and (state.next or state.is_filling):
        context["progress"] = changeover.progress(Image.objects.all(), state.next or state.current)
        context |= {"now": timezone.now(), "done_at": changeover.expected_end(state, context["progress"])}
    template = "gallery/_models.html" if request.GET.get("part") else "gallery/models.html"
    return render(request, template, context)


@require_POST
@admins_only
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    model = get_object_or_404(EncodingModel, pk=pk)
    if Serving.objects.exists() and serving.begin(model=model):
        messages.success(request, _("%(model)s is being prepared.") % {"model": model})
    else:
        messages.info(request, _("%(model)s serves or is being prepared already.") % {"model": model})
    return redirect("gallery:models")


@require_POST
@admins_only
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    model = get_object_or_404(EncodingModel, pk=pk)
    if serving.cancel(model=model):
        text = _("Cancelled: search stays with the present model. What was made is kept for a day.")
        messages.success(request, text)
    else:
        messages.info(request, _("%(model)s was not being prepared any more.") % {"model": model})
    return redirect("gallery:models")


@never_cache
@require_safe
@admins_only
def failures(request: HttpRequest) -> HttpResponse:
    """?of=vectors or ?of=pictures; ?state=waiting or ?state=aside for a part of them."""
    of, state = _asked(request.GET.get("of"), request.GET.get("state"))
    rows = _rows(of, state)
    try:
        page = Paginator(rows, ROWS_A_PAGE).page(page_number(request))
    except EmptyPage:
        raise Http404 from None
    context = {"of": of, "state": state, "page_obj": page, "page_query": f"of={of}&state={state}&"}
    counts = {"vectors": _rows(VECTORS, "").count(), "pictures": _rows(PICTURES, "").count()}
    return render(request, "gallery/failures.html", {**context, "counts": counts})


@require_POST
@admins_only
def try_again(request: HttpRequest) -> HttpResponse:
    """The chosen ones of a list, or with `all` every one of it."""
    of, state = _asked(request.POST.get("of"), request.POST.get("state"))
    rows = _rows(of, state)
    if "all" not in request.POST:
        rows = rows.filter(pk__in=_chosen(request, of))
    count = _tried_again(rows)
    if count:
        text = ngettext("%(count)d picture is tried again.", "%(count)d pictures are tried again.", count)
        messages.success(request, text % {"count": count})
    else:
        messages.warning(request, _("Choose pictures first."))
    return redirect(f"{reverse('gallery:failures')}?of={of}&state={state}")


@never_cache
@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    """The word on search pages, for the script that keeps it new. ?since=the model that served when the page
    was made: if another one does now, the notice says so."""
    since = request.GET.get("since", "")
    if not (since.isascii() and since.isdigit()):
        return HttpResponseBadRequest()
    state = Serving.objects.first()
    context = {
        "notice": changeover.notice_for(request.user),
        "has_flipped": state is not None and str(state.current_id) != since,
    }
    return render(request, "gallery/_model_notice.html", context)


def _asked(of: str | None, state: str | None) -> tuple[str, str]:
    """Raises Http404 for a list that there is not."""
    of, state = of or VECTORS, state or ""
    if of not in {VECTORS, PICTURES} or state not in {"", "waiting", "aside"}:
        raise Http404
    return of, state


def _rows(of: str, state: str) -> QuerySet[Any]:
    rows = changeover.troubled_vectors() if of == VECTORS else changeover.troubled_pictures()
    return rows.filter(retry_at__isnull=state == "aside") if state else rows


def _chosen(request: HttpRequest, of: str) -> list[Any]:
    if of == PICTURES:
        return list(chosen_ids(request))
    return [int(text) for text in request.POST.getlist("vector") if text.isascii() and text.isdigit()]


def _tried_again(rows: QuerySet[Any]) -> int:
    if rows.model is PendingVector:
        keys = list(rows.values_list("pk", flat=True))
        return reembedding.try_again(pending=PendingVector.objects.filter(pk__in=keys))
    images = list(rows)
    for image in images:
        preparation.prepare_again(image=image)
    return len(images)
