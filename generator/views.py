from typing import TypeVar
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.models import Image, User
from generator import (
    continuing,
    enlarging,
    estimates,
    jobs,
    outlook,
    progress,
    remixing,
    room,
    side_by_side,
    turns,
)
from generator.actions import visible_job
from generator.continue_form import ContinueForm
from generator.forms import JobForm, initial_of, nearest_shape
from generator.models import Job
from generator.option_fields import describe
from generator.refusals import RATE, REFUSALS, refuse
from generator.remix_form import RemixForm

JOBS_A_PAGE = 20

Row = TypeVar("Row", bound=Model)


class SignedInRequest(HttpRequest):
    """What a view behind `login_required` gets."""

    user: User


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def studio(request: SignedInRequest) -> HttpResponse:
    """Ask for a picture, see one's own jobs. Wrong input is kept and answered by 400, too many by 429, no
    room by 413, somebody who may not by 403. `?like=` an earlier job fills the form in as it was then, but
    for the seed, or with `&larger` for twice its size; `?init=` a picture of the gallery begins with that."""
    initial = {**_as_before(request), **_from_picture(request)}
    form, status = JobForm(initial=initial, owner=request.user), 200
    if request.method == "POST":
        form, status = JobForm(request.POST, owner=request.user), 400
        if form.is_valid():
            try:
                RATE.count(request)
                origin = remixing.origin_of(form.cleaned_data["like"], user=request.user)
                submitted = jobs.submit(owner=request.user, wishes=form.wishes(), **origin)
                return redirect(_page_of(submitted, form))
            except REFUSALS as error:
                status = refuse(form, error, owner=request.user)
    return studio_page(request, form=form, status=status)


def studio_page(
    request: SignedInRequest, *, form: JobForm, remix_form: RemixForm | None = None, status: int = 200
) -> HttpResponse:
    context = {"form": form, "remix_form": remix_form or RemixForm(), **_own_jobs(request)}
    return render(request, "generator/studio.html", context, status=status)


@login_required
@never_cache
@require_safe
def own_jobs(request: SignedInRequest) -> HttpResponse:
    """The list of the studio page, to refresh it."""
    return render(request, "generator/_jobs.html", _own_jobs(request))


@login_required
@never_cache
@require_safe
def job(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    return render(request, "generator/job.html", _job_context(job, request.user))


@login_required
@never_cache
@require_safe
def status(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """The part of the job's page that changes."""
    job = visible_job(request, job_id)
    return render(request, "generator/_job.html", _job_context(job, request.user))


@login_required
@never_cache
@require_POST
def continue_job(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """A new job that goes on from one's own finished one. 409 where it is not finished, else as `studio`."""
    job = visible_job(request, job_id)
    if job.owner != request.user:
        raise Http404
    form, status = ContinueForm(request.POST, job=job), 400
    if form.is_valid():
        try:
            RATE.count(request)
            return redirect(continuing.continue_job(job=job, steps=form.cleaned_data["steps"]))
        except continuing.NotFinished:
            form.add_error(None, _("It is not finished, so it cannot be continued."))
            status = 409
        except REFUSALS as error:
            status = refuse(form, error, owner=request.user)
    context = {**_job_context(job, request.user), "continue_form": form}
    return render(request, "generator/job.html", context, status=status)


@login_required
@never_cache
@require_safe
def frame(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """The newest preview of a job that is being made; 404 while there is none and once it has ended."""
    job = visible_job(request, job_id)
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
    job = _named(Job.objects.visible_to(request.user), asked, _("There is no such picture in the making."))
    if "larger" in request.GET and enlarging.may_enlarge(job):
        words = _("The form is filled in to draw the picture on at twice its size. Check it and send it.")
        messages.info(request, words)
        return {**enlarging.initial_for(job), "like": job.id}
    initial = initial_of(job.prompt, job.width, job.height, job.steps, job.options)
    return {**initial, "like": job.id}


def _from_picture(request: SignedInRequest) -> dict[str, object]:
    """The form's first values for a picture made from another. Raises Http404 for one out of sight."""
    asked = request.GET.get("init")
    if not asked:
        return {}
    image = _named(Image.objects.visible_to(request.user), asked, _("There is no such picture."))
    return {"init_picture": str(image.pk), "shape": nearest_shape(image.width, image.height)}


def _named(rows: "QuerySet[Row]", pk: str, otherwise: str) -> Row:
    """The row of that id as an address has it. Raises Http404 with a sentence."""
    try:
        row = rows.filter(pk=pk).first()
    except ValidationError:  # not the form of an id
        row = None
    if row is None:
        raise Http404(otherwise)
    return row


def _job_context(job: Job, user: User) -> dict[str, object]:
    waits = job.state == Job.State.QUEUED
    is_on_its_way = not (job.is_finished or job.state == Job.State.PAUSED)
    return {
        "job": job,
        "continue_form": ContinueForm(job=job) if _may_continue(job, user) else None,
        "may_enlarge": enlarging.may_enlarge(job),
        "has_no_room": room.is_short(),
        "options": describe(job.options),
        "frame": None if job.is_finished else progress.snapshot(job.id),
        "ahead": turns.count_ahead(job) if waits else 0,
        "expected": estimates.expected().get(job.id) if is_on_its_way else None,
    }


def _may_continue(job: Job, user: User) -> bool:
    return job.owner == user and job.state == Job.State.DONE and continuing.most_steps(job) > 0


def _own_jobs(request: SignedInRequest) -> dict[str, object]:
    """Own jobs alone, also for those who may see everyone's: they find the others in the administration."""
    own = Job.objects.visible_to(request.user).filter(owner=request.user).select_related("image")
    ended = Paginator(own.ended(), JOBS_A_PAGE).get_page(request.GET.get("page"))
    queue = outlook.own_queue(request.user) if ended.number == 1 else []
    return {"page_obj": ended, "queue": queue, "has_no_room": room.is_short()}
