"""What the buttons of a job do: each authorises, calls one function, says what came of it, and leads back."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from gallery.views.people import signed_in
from generator import arranging, jobs, pausing
from generator.models import Job


class ArrangeForm(forms.Form):
    """A change to one job's place. to: the job whose place it takes."""

    job = forms.UUIDField()
    action = forms.ChoiceField(choices=[(action, action) for action in ("up", "down", "move")])
    to = forms.UUIDField(required=False)


@login_required
@require_POST
def stop(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    if jobs.stop(job_id=job.id):
        messages.success(request, _("It stops after this step, and the picture so far is kept."))
    elif job.state in {Job.State.QUEUED, Job.State.PAUSED}:
        messages.warning(request, _("It has not begun, so there is nothing to keep yet. You can cancel it."))
    else:
        messages.warning(request, _("It is ending or has ended already."))
    return _back(request, job)


@login_required
@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    if jobs.cancel(job_id=job.id):
        messages.success(request, _("The picture is no longer being made."))
    else:
        messages.warning(request, _("This had already ended, so there was nothing to cancel."))
    return _back(request, job)


@login_required
@require_POST
def pause(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    if pausing.pause(job_id=job.id):
        messages.success(request, _("It is paused. Nothing that was done is lost."))
    else:
        messages.warning(request, _("It is paused, is ending or has ended already."))
    return _back(request, job)


@login_required
@require_POST
def resume(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = visible_job(request, job_id)
    if pausing.resume(job_id=job.id):
        messages.success(request, _("It goes on where it stood as soon as it is your turn."))
    else:
        messages.warning(request, _("It was not paused any more."))
    return _back(request, job)


@login_required
@require_POST
def pause_all(request: HttpRequest) -> HttpResponse:
    count = pausing.pause_all(owner=signed_in(request))
    message = ngettext("%(count)d picture is paused.", "%(count)d pictures are paused.", count)
    messages.success(request, message % {"count": count})
    return _to_queue()


@login_required
@require_POST
def resume_all(request: HttpRequest) -> HttpResponse:
    count = pausing.resume_all(owner=signed_in(request))
    message = ngettext("%(count)d picture goes on.", "%(count)d pictures go on.", count)
    messages.success(request, message % {"count": count})
    return _to_queue()


@login_required
@require_POST
def arrange(request: HttpRequest) -> HttpResponse:
    """Move one's own waiting job to the place of another, or by one place."""
    form = ArrangeForm(request.POST)
    if not form.is_valid() or (form.cleaned_data["action"] == "move" and not form.cleaned_data["to"]):
        raise BadRequest("The page's own buttons send nothing of the kind.")
    own = Job.objects.visible_to(request.user).filter(owner=signed_in(request)).select_related("owner")
    job = get_object_or_404(own, pk=form.cleaned_data["job"])
    try:
        if form.cleaned_data["action"] == "move":
            arranging.move(job=job, to=get_object_or_404(own, pk=form.cleaned_data["to"]))
        else:
            arranging.move_by(job=job, step=-1 if form.cleaned_data["action"] == "up" else 1)
    except arranging.NotWaiting:
        messages.warning(request, _("It has begun meanwhile, so it has no place in the queue any more."))
    return _to_queue(job)


@login_required
@require_POST
def put_first(request: HttpRequest, job_id: UUID) -> HttpResponse:
    done = _("It comes before all other pictures that have not begun.")
    return _moderated(request, job_id, arranging.put_first, done)


@login_required
@require_POST
def put_back(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return _moderated(request, job_id, arranging.put_back, _("It waits for its owner's turn again."))


def visible_job(request: HttpRequest, job_id: UUID) -> Job:
    """Raises Http404 where there is none, or none that the one who asks may see."""
    return get_object_or_404(
        Job.objects.visible_to(request.user).select_related("image", "parent"), pk=job_id
    )


def _moderated(request: HttpRequest, job_id: UUID, change: Callable[..., bool], done: str) -> HttpResponse:
    """A moderator's change; for all others there is no such button, not even for jobs of their own."""
    job = visible_job(request, job_id)
    try:
        changed = change(job_id=job.id, by=signed_in(request))
    except PermissionDenied:
        raise Http404 from None
    if changed:
        messages.success(request, done)
    else:
        messages.warning(request, _("It does not wait any more, or is there already."))
    return _back(request, job)


def _back(request: HttpRequest, job: Job) -> HttpResponse:
    """To where the button stood."""
    return _to_queue(job) if request.POST.get("at") == "queue" else redirect(job)


def _to_queue(job: Job | None = None) -> HttpResponse:
    """The anchor brings the eye and the keyboard back."""
    return redirect(reverse("generator:studio") + (f"#job-{job.id}" if job else "#jobs-heading"))
