"""Asking for many pictures at once, and the contact sheet of them."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from gallery.views.people import signed_in
from generator import batches, room
from generator.batch_forms import SETTINGS, BatchForm
from generator.models import Batch
from generator.refusals import RATE, REFUSALS, refuse


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Wrong input is kept and answered by 400, too many by 429, no room by 413, somebody
    who may not by 403."""
    form, status = BatchForm(), 200
    if request.method == "POST":
        form, status = BatchForm(request.POST), 400
        if form.is_valid():
            rows, columns = form.axes()
            try:
                RATE.count(request)
                return redirect(
                    batches.submit_batch(
                        owner=signed_in(request), wish=form.wish(), rows=rows, columns=columns
                    )
                )
            except REFUSALS as error:
                status = refuse(form, error, owner=signed_in(request))
    return render(request, "generator/batch_new.html", {"form": form}, status=status)


@login_required
@never_cache
@require_safe
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    return render(request, "generator/batch.html", _context(request, batch_id))


@login_required
@never_cache
@require_safe
def sheet(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The table alone, to refresh it."""
    return render(request, "generator/_sheet.html", _context(request, batch_id))


def _context(request: HttpRequest, batch_id: UUID) -> dict[str, object]:
    batch = get_object_or_404(Batch.objects.visible_to(request.user), pk=batch_id)
    return {
        "batch": batch,
        "rows": batches.table(batch),
        "row_label": SETTINGS.get(batch.row_setting, ""),
        "column_label": SETTINGS.get(batch.column_setting, ""),
        "is_finished": not batch.jobs.unfinished().exists(),
        "has_no_room": room.is_short(),
    }
