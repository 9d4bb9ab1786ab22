"""The filmstrip: previews of a job that are kept, to see afterwards how its picture came about.

There are MOST of them at the most, spread evenly over the steps: of each span of steps the first one. When
the steps become too many, two spans become one of twice the length and every second frame goes. A run that
zooms keeps what it zooms into, up to MOST_ZOOMED, and nothing between, so that the zoom video moves evenly:
its first spans are as long as it is from zoom to zoom.

Files are written in a thread beside the run, their rows by the run itself, as long as it holds the job; so a
file without a row is all that a kill can leave, and the nightly check removes that.
"""

from __future__ import annotations

import io
import logging
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, Self

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from PIL import Image as Pillow

from gallery.archive import Entry
from gallery.models import User
from generator.engine.rhythm import Rhythm
from generator.models import Job, JobQuerySet, KeptFrame, TimeLapse

logger = logging.getLogger(__name__)

FOLDER = "frames"
MOST = 60  # frames of a job
MOST_ZOOMED = 120  # of a job that zooms
MOST_WAITING = (
    4  # frames that are not written yet; where the storage is slower than the run, some are left out
)
QUALITY = 85
STILL = Rhythm()


class Filmstrip:
    """`with Filmstrip(job) as strip:` around a run; what was not noted before the run let go is given up."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._zooming = job.zooming
        self._kept = set(KeptFrame.objects.filter(job=job).values_list("step", flat=True))
        self._waiting: deque[tuple[int, float, Future[str]]] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="filmstrip")

    def has_to_see(self, step: int) -> bool:
        """Whether the run has to show this step for the zoom video, however little it shows otherwise."""
        return bool(self._zooming) and self._is_wanted(step, is_last=False)

    def keep(self, *, step: int, loss: float, pixels: Any, is_last: bool = False) -> None:
        """Keep this preview if it has a place on the strip. `pixels`: (H, W, 3) uint8. It returns at once,
        except where the zoom video would want a frame."""
        self._note(len(self._waiting), is_patient=False)
        if not self._is_wanted(step, is_last=is_last):
            return
        if self._zooming and len(self._waiting) >= MOST_WAITING:
            self._note(1)
        if len(self._waiting) >= MOST_WAITING:
            return
        self._waiting.append((step, loss, self._writer.submit(_write, self.job, step, pixels)))

    def finish(self) -> None:
        """Note all that is on its way. Call it before the run lets go of its job."""
        self._note(len(self._waiting))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.shutdown(wait=True)
        while self._waiting:
            if name := _name_of(self._waiting.popleft()[2]):
                default_storage.delete(name)

    def _is_wanted(self, step: int, *, is_last: bool) -> bool:
        known = self._kept | {other for other, _loss, _file in self._waiting}
        return is_wanted(known, step=step, is_last=is_last, zooming=self._zooming)

    def _note(self, count: int, *, is_patient: bool = True) -> None:
        for _number in range(count):
            if not (is_patient or self._waiting[0][2].done()):
                return
            step, loss, file = self._waiting.popleft()
            if (name := _name_of(file)) and not self._add(step, loss, name):
                default_storage.delete(name)

    @transaction.atomic
    def _add(self, step: int, loss: float, name: str) -> bool:
        """False when this run does not hold the job any more, or the step has its frame."""
        held = Job.objects.running().filter(pk=self.job.pk, claim=self.job.claim)
        if not held.update(heartbeat_at=timezone.now()):  # and nobody takes it until this is committed
            return False
        values = {"loss": loss, "name": name}
        _frame, created = KeptFrame.objects.get_or_create(job=self.job, step=step, defaults=values)
        self._kept.add(step)
        if surplus := surplus_of(self._kept, zooming=self._zooming):
            KeptFrame.objects.filter(job=self.job, step__in=surplus).delete()
            self._kept -= surplus
        return created


def span_at(step: int, *, zooming: Rhythm = STILL) -> int:
    """How many steps share one place on a strip that has come so far."""
    span, most = (zooming.every, MOST_ZOOMED) if zooming else (1, MOST)
    while step > (most - 1) * span:
        span *= 2
    return span


def is_wanted(kept: Iterable[int], *, step: int, is_last: bool, zooming: Rhythm = STILL) -> bool:
    """Whether the step has a place among those that are kept: the last one always has."""
    known = set(kept)
    if step in known or is_last:
        return step not in known
    if zooming and not zooming.has_beat(step):
        return False
    span = span_at(max(known | {step}), zooming=zooming)
    return all((other - 1) // span != (step - 1) // span for other in _in_rhythm(known, zooming))


def _in_rhythm(steps: Iterable[int], zooming: Rhythm) -> list[int]:
    """Without the last one of a run that another goes on from, where that did not end with a zoom."""
    return [step for step in steps if not zooming or zooming.has_beat(step)]


def surplus_of(kept: Iterable[int], *, zooming: Rhythm = STILL) -> set[int]:
    """Which of these steps go: all but the first of each span, and the newest."""
    steps = sorted(kept)
    span = span_at(steps[-1], zooming=zooming)
    firsts: dict[int, int] = {}
    for step in _in_rhythm(steps, zooming):
        firsts.setdefault((step - 1) // span, step)
    return set(steps) - set(firsts.values()) - {steps[-1]}


def frames_of(job: Job) -> list[KeptFrame]:
    """The strip, in order. `job`: one that the reader may see. See shown()."""
    return list(shown(job.frames.all()).order_by("step"))


def shown(frames: QuerySet[KeptFrame]) -> QuerySet[KeptFrame]:
    """Those that may still be seen by who may see their jobs: none of a job that came to nothing, or of a
    picture that is deleted or in the trash, also where another picture goes on from it."""
    has_picture = Q(job__image__isnull=False, job__image__trashed_at=None)
    return frames.filter(~Q(job__state__in=Job.ENDED) | has_picture, source__trashed_at=None)


def of_person(user: User) -> QuerySet[KeptFrame]:
    """Of all of a person's jobs, for them to take along."""
    own = KeptFrame.objects.filter(job__owner=user)
    return shown(own).select_related("job").order_by("job__created_at", "step")


def entry_of(frame: KeptFrame) -> Entry:
    """The frame's file in an archive. Its size is left open: to ask a storage for each takes long."""
    name = f"{FOLDER}/{frame.job_id}/{frame.step:04d}.webp"
    return Entry(name, frame.name, size=0, added=timezone.localtime(frame.job.created_at))


def share(*, job: Job, to: Job) -> None:
    """Let the strip of a job that goes on from another begin with what that one has; they share the files."""
    frames = frames_of(job)
    KeptFrame.objects.bulk_create(
        KeptFrame(
            job=to,
            step=frame.step,
            loss=frame.loss,
            name=frame.name,
            source_id=frame.source_id or job.image_id,
        )
        for frame in frames
    )


def discard(*, jobs: JobQuerySet) -> None:
    """What those of the jobs have left that came to nothing or whose picture is deleted."""
    gone = jobs.ended().filter(image=None)
    KeptFrame.objects.filter(job__in=gone).delete()
    TimeLapse.objects.filter(job__in=gone).delete()


def named(names: Iterable[str]) -> set[str]:
    """Those of the files that a row names."""
    return set(KeptFrame.objects.filter(name__in=list(names)).values_list("name", flat=True))


def delete_file(*, instance: KeptFrame, **_signal: Any) -> None:
    """With its row, however that goes: alone, with its job, its picture, or its person. What was made of a
    strip that others' frames go from goes as well."""
    if instance.source_id:
        TimeLapse.objects.filter(job=instance.job_id).delete()
    transaction.on_commit(partial(_delete_unnamed, instance.name))


def _delete_unnamed(name: str) -> None:
    if not named([name]):
        default_storage.delete(name)


def _write(job: Job, step: int, pixels: Any) -> str:
    """In a thread of its own: no database. Returns the file's name."""
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "WEBP", quality=QUALITY, method=2)
    claim = job.claim.hex[:8] if job.claim else "none"
    name = f"{FOLDER}/{job.id.hex[:2]}/{job.id.hex}-{step}-{claim}.webp"
    return default_storage.save(name, ContentFile(buffer.getvalue()))


def _name_of(file: Future[str]) -> str:
    try:
        return file.result()
    except OSError as error:  # such as a full disk, of which the next checkpoint tells as well
        logger.warning("A frame could not be kept: %s", error)
        return ""
