"""Two pictures from words beside each other."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from generator import comparing
from generator.actions import visible_job
from generator.views import SignedInRequest


@login_required
@never_cache
@require_safe
def compare(request: SignedInRequest, first_id: UUID, second_id: UUID) -> HttpResponse:
    """Both pictures, as far as they are made and kept, and both jobs' settings; 404 for one out of sight."""
    first, second = visible_job(request, first_id), visible_job(request, second_id)
    context = {"first": first, "second": second, "rows": comparing.rows(first, second)}
    return render(request, "generator/compare.html", context)
