"""Time-lapses: a job's filmstrip as one file to take along. The queue makes it, upkeep removes it. That of a
run that zoomed is its zoom video."""

from __future__ import annotations

import io
import logging
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.text import slugify
from django_q.tasks import async_task
from PIL import Image as Pillow

from generator.engine.prompts import plain_text
from generator.filmstrip import frames_of
from generator.models import Job, KeptFrame, TimeLapse

logger = logging.getLogger(__name__)

TASK = "generator.tasks.make_time_lapse"
FOLDER = "timelapses"
CONTENT_TYPES = {"webp": "image/webp", "gif": "image/gif", "mp4": "video/mp4"}
FEWEST = 2  # frames
KEPT_FOR = timedelta(days=1)
LOST_AFTER = timedelta(minutes=10)  # then a task that has not come back may be asked for again
PLAYS = 6000  # milliseconds, about, before the last frame
SHORTEST, LONGEST, LAST = 60, 400, 1500  # milliseconds that a frame stands
FFMPEG_SECONDS = 90  # the queue gives a task two minutes
MAX_NAME = 60  # characters


class NotYet(Exception):
    """The job has not ended, or has too few frames."""


@cache
def ffmpeg() -> str:
    """The program that makes videos: this machine's, or that of the package imageio-ffmpeg where somebody has
    installed it. Empty where there is neither."""
    if found := shutil.which("ffmpeg"):
        return found
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return ""


def formats() -> list[TimeLapse.Format]:
    """What is on offer here."""
    return [each for each in TimeLapse.Format if each != TimeLapse.Format.MP4 or ffmpeg()]


def can_be_made(job: Job, frames: Sequence[KeptFrame]) -> bool:
    return job.is_finished and len(frames) >= FEWEST


def films_of(job: Job) -> QuerySet[TimeLapse]:
    """Those that show nothing but what is to be seen now: none once the strip is empty, and none from before
    a picture that the job goes on from came into the trash."""
    if not frames_of(job):
        return job.time_lapses.none()
    trashed = job.frames.aggregate(newest=Max("source__trashed_at"))["newest"]
    return job.time_lapses.filter(asked_at__gt=trashed) if trashed else job.time_lapses.all()


@transaction.atomic
def ask(*, job: Job, format: TimeLapse.Format) -> TimeLapse:
    """The job's time-lapse in this format: the one that is there or on its way, or a new one for the queue.
    Raises NotYet."""
    if not can_be_made(job, frames_of(job)):
        raise NotYet
    lost = TimeLapse.objects.filter(
        job=job, state=TimeLapse.State.WAITING, asked_at__lt=timezone.now() - LOST_AFTER
    )
    stale = job.time_lapses.exclude(pk__in=films_of(job).values("pk"))
    stale.filter(state=TimeLapse.State.DONE).delete()
    (lost | TimeLapse.objects.filter(job=job, format=format, state=TimeLapse.State.FAILED)).delete()
    film, created = TimeLapse.objects.get_or_create(job=job, format=format)
    if created:
        transaction.on_commit(partial(async_task, TASK, str(job.pk), str(film.format)))
    return film


def make(*, job_id: UUID, format: str) -> None:
    """What `ask` asked for; nothing when it is there, or is wanted no more."""
    waiting = TimeLapse.objects.filter(job=job_id, format=format, state=TimeLapse.State.WAITING)
    film = waiting.select_related("job", "job__image").first()
    if film is None:
        return
    try:
        content = encode(_pictures_of(film.job), format=film.format)
        name = f"{FOLDER}/{film.job_id.hex}.{film.format}"
        name = default_storage.save(name, ContentFile(content))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        logger.error("The time-lapse of job %s as %s failed: %s", job_id, format, error)
        waiting.filter(pk=film.pk).update(state=TimeLapse.State.FAILED)
        return
    made = {"state": TimeLapse.State.DONE, "name": name, "byte_size": len(content)}
    if not waiting.filter(pk=film.pk).update(**made):
        default_storage.delete(name)  # deleted meanwhile, or made by another


def encode(pictures: Sequence[Pillow.Image], *, format: str) -> bytes:
    """Pictures of one size → a file that plays them and stands still at the end. Raises ValueError for none,
    subprocess.SubprocessError and OSError where ffmpeg fails."""
    if not pictures:
        raise ValueError("there are no frames")
    each = min(LONGEST, max(SHORTEST, PLAYS // len(pictures) // 10 * 10))  # GIF counts in hundredths
    if format == TimeLapse.Format.MP4:
        return _video(pictures, each)
    options: dict[str, Any] = {"duration": [*[each] * (len(pictures) - 1), LAST], "loop": 0}
    options |= {"quality": 80, "method": 2} if format == TimeLapse.Format.WEBP else {"optimize": False}
    buffer = io.BytesIO()
    first, *others = pictures
    first.save(buffer, format.upper(), save_all=True, append_images=others, **options)
    return buffer.getvalue()


def _video(pictures: Sequence[Pillow.Image], each: int) -> bytes:
    """H.264 in MP4, as every browser plays it: an even width and height, colours 4:2:0."""
    width, height = pictures[0].size
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        command = [
            *(ffmpeg() or "ffmpeg", "-loglevel", "error", "-y"),
            *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"1000/{each}"),
            *("-i", "-", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-r", "25"),
            *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(path)),
        ]
        frames = [*pictures, *[pictures[-1]] * (LAST // each)]
        raw = b"".join(picture.tobytes() for picture in frames)
        subprocess.run(  # noqa: S603 - nothing in the command is anybody's input
            command, input=raw, check=True, capture_output=True, timeout=FFMPEG_SECONDS
        )
        return path.read_bytes()


def file_name(film: TimeLapse) -> str:
    """For who downloads it."""
    words = slugify(plain_text(film.job.prompt))[:MAX_NAME].strip("-")
    ending = "-zoom" if film.job.has_zoomed else ""
    return f"{words or 'picture'}{ending}.{film.format}"


def discard_expired() -> int:
    """Remove what was asked for more than a day ago. Returns how many there were."""
    expired = TimeLapse.objects.filter(asked_at__lt=timezone.now() - KEPT_FOR)
    return sum(film.delete()[0] for film in expired)


def named(names: Iterable[str]) -> set[str]:
    """Those of the files that a row names."""
    return set(TimeLapse.objects.filter(name__in=list(names)).values_list("name", flat=True))


def delete_file(*, instance: TimeLapse, **_signal: Any) -> None:
    """With its row, however that goes."""
    if instance.name:
        transaction.on_commit(partial(default_storage.delete, instance.name))


def _pictures_of(job: Job) -> list[Pillow.Image]:
    pictures = []
    for frame in frames_of(job):
        with default_storage.open(frame.name) as file, Pillow.open(file) as picture:
            pictures.append(picture.convert("RGB"))
    return pictures
