"""What is left of the way to a picture: the frames of its filmstrip, and time-lapses of them."""

from typing import cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from generator import filmstrip, time_lapses
from generator.actions import visible_job
from generator.models import Job, KeptFrame, TimeLapse


class TimeLapseForm(forms.Form):
    format = forms.ChoiceField(label=gettext_lazy("Format"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = cast(forms.ChoiceField, self.fields["format"])
        offered = time_lapses.formats()
        field.choices = [(each.value, each.label) for each in offered]
        if TimeLapse.Format.MP4 not in offered:
            field.help_text = _("Videos as MP4 are on offer once ffmpeg is installed on the server.")


@login_required
@require_safe
def kept_frame(request: HttpRequest, job_id: UUID, step: int) -> HttpResponse:
    """One frame of the filmstrip, as WebP."""
    job = visible_job(request, job_id)
    frame = next((frame for frame in filmstrip.frames_of(job) if frame.step == step), None)
    if frame is None:
        raise Http404(_("There is no frame of this step."))
    etag = f'"{frame.pk}"'
    response = get_conditional_response(request, etag=etag) or _file(frame, "image/webp")
    response["ETag"] = etag
    return response


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def time_lapse(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask for a time-lapse, see how far it is, download it. 400 for a format that is not on offer, 409 while
    the job has not ended or has no frames."""
    job, status = visible_job(request, job_id), 200
    form = TimeLapseForm(request.POST or None)
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                film = time_lapses.ask(job=job, format=TimeLapse.Format(form.cleaned_data["format"]))
            except time_lapses.NotYet:
                form.add_error(None, _("There are no frames to show, or the picture is still being made."))
                status = 409
            else:
                if film.state == TimeLapse.State.WAITING:
                    is_zoom = job.has_zoomed
                    said = (
                        _("The zoom video is in the queue.")
                        if is_zoom
                        else _("The time-lapse is in the queue.")
                    )
                    messages.success(request, said)
                return redirect("generator:time-lapse", job.pk)
    return render(request, "generator/time_lapse.html", _context(job, form), status=status)


@login_required
@require_safe
def time_lapse_file(request: HttpRequest, job_id: UUID, format: str) -> HttpResponse:
    job = visible_job(request, job_id)
    films = time_lapses.films_of(job).filter(state=TimeLapse.State.DONE).select_related("job")
    film = get_object_or_404(films, format=format)
    response = _file(film, time_lapses.CONTENT_TYPES[film.format])
    disposition = content_disposition_header(True, time_lapses.file_name(film))
    response["Content-Disposition"] = disposition or "attachment"
    return response


def _context(job: Job, form: TimeLapseForm) -> dict[str, object]:
    frames = filmstrip.frames_of(job)
    films = list(time_lapses.films_of(job).order_by("-asked_at"))
    return {
        "job": job,
        "form": form,
        "count": len(frames),
        "can_ask": time_lapses.can_be_made(job, frames),
        "films": films,
        "waits": any(film.state == TimeLapse.State.WAITING for film in films),
    }


def _file(row: KeptFrame | TimeLapse, content_type: str) -> HttpResponse:
    """Kept by the reader's browser alone, which asks each time whether it may still show it."""
    try:
        with default_storage.open(row.name) as file:
            response = HttpResponse(file.read(), content_type=content_type)
    except FileNotFoundError:
        raise Http404 from None
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"  # a file is never a page
    return response
