from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.models import Image, User
from generator import jobs, progress, side_by_side, turns
from generator.forms import JobForm, nearest_shape, shape_of
from generator.models import Job
from generator.option_fields import describe

JOBS_A_PAGE = 20


class SignedInRequest(HttpRequest):
    """What a view behind `login_required` gets."""

    user: User


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def studio(request: SignedInRequest) -> HttpResponse:
    """Ask for a picture, see one's own jobs. Wrong input is kept and answered by 400, too many by 429, no
    room by 413. `?like=` an earlier job fills the form in as it was then, but for the seed; `?init=` a
    picture of the gallery begins with that."""
    initial = {**_as_before(request), **_from_picture(request)}
    form, status = JobForm(initial=initial, owner=request.user), 200
    if request.method == "POST":
        form, status = JobForm(request.POST, owner=request.user), 400
        if form.is_valid():
            try:
                submitted = jobs.submit(owner=request.user, wishes=form.wishes())
                return redirect(_page_of(submitted, form))
            except jobs.JobLimitReached as error:
                form.add_error(None, _limit_message(error.limit))
                status = 429
            except ValidationError as error:
                form.add_error(None, error)
                status = 413
    context = {"form": form, "page_obj": _own_jobs(request)}
    return render(request, "generator/studio.html", context, status=status)


@login_required
@never_cache
@require_safe
def own_jobs(request: SignedInRequest) -> HttpResponse:
    """The list of the studio page, to refresh it."""
    return render(request, "generator/_jobs.html", {"page_obj": _own_jobs(request)})


@login_required
@never_cache
@require_safe
def job(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    return render(request, "generator/job.html", _job_context(request, job_id))


@login_required
@never_cache
@require_safe
def status(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """The part of the job's page that changes."""
    return render(request, "generator/_job.html", _job_context(request, job_id))


@login_required
@never_cache
@require_safe
def frame(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """The newest preview of a job that is being made; 404 while there is none and once it has ended."""
    job = _visible_job(request, job_id)
    newest = None if job.is_finished else progress.snapshot(job.id)
    if newest is None:
        raise Http404(_("There is no preview of this picture."))
    return HttpResponse(newest.picture, content_type=progress.PICTURE_TYPE)


@login_required
@never_cache
@require_safe
def compare_jobs(request: SignedInRequest) -> HttpResponse:
    """Several jobs side by side, `?job=` each; 404 where one is out of sight. `&part=1`: the grid alone, to
    refresh it."""
    shown = side_by_side.entries(request.GET.getlist("job"), user=request.user)
    if not shown:
        raise Http404(_("There are no such pictures in the making."))
    context = {
        "entries": shown,
        "unfinished": any(not entry.job.is_finished for entry in shown),
        "refresh_url": side_by_side.address(entry.job for entry in shown) + "&part=1",
    }
    template = "generator/_side_by_side.html" if "part" in request.GET else "generator/side_by_side.html"
    return render(request, template, context)


@login_required
@require_POST
def stop(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    job = _visible_job(request, job_id)
    if jobs.stop(job_id=job.id):
        messages.success(request, _("It stops after this step, and the picture so far is kept."))
    elif job.state == Job.State.QUEUED:
        messages.warning(request, _("It has not begun, so there is nothing to keep yet. You can cancel it."))
    else:
        messages.warning(request, _("It is ending or has ended already."))
    return redirect(job)


@login_required
@require_POST
def cancel(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    job = _visible_job(request, job_id)
    if jobs.cancel(job_id=job.id):
        messages.success(request, _("The picture is no longer being made."))
    else:
        messages.warning(request, _("This had already ended, so there was nothing to cancel."))
    return redirect(job)


def _page_of(submitted: list[Job], form: JobForm) -> Job | str:
    """Where to go on: the one job, several to compare, or the list of all."""
    if form.compares:
        return side_by_side.address(submitted)
    return submitted[0] if len(submitted) == 1 else "generator:studio"


def _as_before(request: SignedInRequest) -> dict[str, object]:
    """The form's first values; nothing where no job is named. Raises Http404 for one out of sight."""
    asked = request.GET.get("like")
    if not asked:
        return {}
    try:
        job = Job.objects.visible_to(request.user).filter(pk=asked).first()
    except ValidationError:  # not the form of an id
        job = None
    if job is None:
        raise Http404(_("There is no such picture in the making."))
    return {
        "prompt": job.prompt,
        "size": min(job.width, job.height),
        "shape": shape_of(job.width, job.height),
        "steps": job.steps,
        **job.options,
    }


def _from_picture(request: SignedInRequest) -> dict[str, object]:
    """The form's first values for a picture made from another. Raises Http404 for one out of sight."""
    asked = request.GET.get("init")
    if not asked:
        return {}
    try:
        image = Image.objects.visible_to(request.user).filter(pk=asked).first()
    except ValidationError:  # not the form of an id
        image = None
    if image is None:
        raise Http404(_("There is no such picture."))
    return {"init_picture": str(image.pk), "shape": nearest_shape(image.width, image.height)}


def _visible_job(request: SignedInRequest, job_id: UUID) -> Job:
    return get_object_or_404(Job.objects.visible_to(request.user).select_related("image"), pk=job_id)


def _job_context(request: SignedInRequest, job_id: UUID) -> dict[str, object]:
    job = _visible_job(request, job_id)
    waits = job.state == Job.State.QUEUED
    return {
        "job": job,
        "options": describe(job.options),
        "frame": None if job.is_finished else progress.snapshot(job.id),
        "ahead": turns.count_ahead(job) if waits else 0,
    }


def _own_jobs(request: SignedInRequest) -> Page:
    """Own jobs alone, also for those who may see everyone's: they find the others in the administration."""
    own = Job.objects.visible_to(request.user).filter(owner=request.user).select_related("image")
    return Paginator(own, JOBS_A_PAGE).get_page(request.GET.get("page"))


def _limit_message(limit: int) -> str:
    return ngettext(
        "You can have %(limit)d picture in the making at a time. Wait for it or cancel it.",
        "You can have %(limit)d pictures in the making at a time. Wait for one or cancel one.",
        limit,
    ) % {"limit": limit}
