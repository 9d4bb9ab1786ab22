"""How much work goes into a picture, in four named steps, and what each takes on this machine.

What they take is measured: by every run (see estimates.py), and at the first start a few steps of each that
no run has been of yet, when nobody waits for anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import cache
from django.template.defaultfilters import floatformat
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from gallery.live import CONNECTION_ERRORS
from gallery.models import Image
from generator.engine.settings import OPTIONS, GenerateSettings
from generator.estimates import FEWEST_STEPS, Stopwatch, work_of
from generator.jobs import QUEUE
from generator.models import Job, Pace

if TYPE_CHECKING:
    from generator.loading import Models
    from generator.option_kinds import Text

MEASURED_SIZES = (128, 192, 256)  # pixels, of squares
FORESEEN_SIZES = (384, 512)  # which take long to measure, and grow as the measured ones do
PROMPT = "a red heart"
ASKED, ASKED_SECONDS = "studio:measuring", 300  # a note that somebody asked, so that nobody else does


@dataclass(frozen=True)
class Quality:
    label: Text
    about: Text
    steps: int
    options: Mapping[str, Any]  # of the engine, where not its defaults


QUALITIES = {
    "draft": Quality(_("Draft"), _("Enough to see where it leads."), 40, {"cutouts": 4}),
    "normal": Quality(_("Normal"), _("What most pictures need."), GenerateSettings.steps, {}),
    "better": Quality(_("Better"), _("Clearer shapes."), 160, {"cutouts": 8, "averaging": 0.9}),
    "best": Quality(
        _("Best"), _("As good as it gets, for a final picture."), 320, {"cutouts": 16, "averaging": 0.95}
    ),
}
OWN = "own"  # the steps and options as they stand in the form
NAMES = frozenset().union(*(quality.options for quality in QUALITIES.values()))  # of options that one sets


@dataclass(frozen=True)
class Cost:
    """seconds: of all steps, without loading the models; None where no step of the kind was measured.
    memory: bytes, at the most, of the worker with its models; None likewise. is_foreseen: nobody has made one
    yet, and smaller ones were gone by."""

    seconds: float | None
    memory: int | None
    is_foreseen: bool = False

    def __str__(self) -> str:
        """“about 25 s, 1.3 GB”."""
        if self.seconds is None:
            return gettext("not measured yet")
        said = _time(self.seconds)
        said = f"{said}, {floatformat(self.memory / 1e9, 1)} GB" if self.memory else said
        return gettext("%(cost)s, judging by smaller ones") % {"cost": said} if self.is_foreseen else said


@dataclass(frozen=True)
class Choice:
    """One of the qualities as the form shows it. values: of the fields that it sets."""

    name: str
    label: Text
    about: Text
    cost: str
    by_size: dict[int, str]
    values: dict[str, Any]


def quality_of(steps: int, options: Mapping[str, Any]) -> str:
    """The one that gives these, or OWN."""
    chosen = {"steps": steps, **{name: options.get(name, OPTIONS[name]) for name in NAMES}}
    return next((name for name in QUALITIES if values_of(name) == chosen), OWN)


def values_of(name: str) -> dict[str, Any]:
    """All that a quality sets, with the defaults of what another one sets."""
    quality = QUALITIES[name]
    return {"steps": quality.steps, **{option: OPTIONS[option] for option in NAMES}, **quality.options}


def choices(size: int) -> list[Choice]:
    known = costs()
    return [
        Choice(
            name=name,
            label=quality.label,
            about=quality.about,
            cost=str(known[name][size]) if size in known[name] else "",
            by_size={each: str(cost) for each, cost in known[name].items()},
            values=values_of(name),
        )
        for name, quality in QUALITIES.items()
    ]


def costs() -> dict[str, dict[int, Cost]]:
    """By quality and by the size of a square."""
    paces = {pace.work: pace for pace in Pace.objects.all()}
    found = {}
    for name, quality in QUALITIES.items():
        sizes = (*MEASURED_SIZES, *FORESEEN_SIZES)
        found[name] = {size: _cost(quality, paces.get(work_of(_job(quality, size)))) for size in sizes}
        for size in FORESEEN_SIZES:
            if found[name][size].seconds is None:
                found[name][size] = _foreseen(found[name], size)
    return found


def request_measurement() -> bool:
    """Asks the queue for what no run has measured, if there is any. Safe to repeat; whether it was asked."""
    if not settings.MEASURE_QUALITIES or _is_busy():
        return False
    if next(_unknown(), None) is None:
        return False
    try:
        is_first = cache.add(ASKED, True, ASKED_SECONDS)
    except CONNECTION_ERRORS:
        return False
    if is_first:
        async_task("generator.tasks.measure_qualities", cluster=QUEUE)
    return is_first


def measure(*, load_models: Callable[[], Models]) -> int:
    """Makes a few steps of each kind that is not known, as long as nobody waits for a picture. Returns of how
    many kinds."""
    measured = 0
    for job in _unknown():
        if _is_busy():
            break
        stopwatch = Stopwatch(job)
        for _step in islice(_steps(job, load_models()), FEWEST_STEPS + 1):
            stopwatch.step_done()
        stopwatch.keep()
        measured += 1
    return measured


def _is_busy() -> bool:
    """Whether measuring would keep somebody waiting, or be kept waiting itself."""
    return Job.objects.unfinished().exists() or Image.objects.filter(status=Image.Status.PENDING).exists()


def _unknown() -> Iterator[Job]:
    for name, by_size in costs().items():
        for size in MEASURED_SIZES:
            if by_size[size].seconds is None:
                yield _job(QUALITIES[name], size)


def _steps(job: Job, models: Models) -> Iterator[Any]:
    from generator.engine.loop import generate
    from generator.loading import recipe_for

    return generate(recipe_for(job), models.vqgan, models.clip)


def _time(seconds: float) -> str:
    if seconds >= 100:
        minutes = round(seconds / 60)
        return ngettext("about %(count)d minute", "about %(count)d minutes", minutes) % {"count": minutes}
    rounded = round(seconds) if seconds < 20 else 5 * round(seconds / 5)
    return gettext("about %(seconds)d s") % {"seconds": max(1, rounded)}


def _job(quality: Quality, size: int) -> Job:
    """One that is never stored."""
    options = dict(quality.options)
    return Job(prompt=PROMPT, seed=1, steps=quality.steps, width=size, height=size, options=options)


def _foreseen(known: Mapping[int, Cost], size: int) -> Cost:
    """From the two largest that were measured: time and memory grow evenly with the pixels."""
    small, large = MEASURED_SIZES[-2:]
    shares = (size**2 - large**2) / (large**2 - small**2)

    def grown(before: float | None, after: float | None) -> float | None:
        return None if before is None or after is None else after + max(0, after - before) * shares

    memory = grown(known[small].memory, known[large].memory)
    seconds = grown(known[small].seconds, known[large].seconds)
    return Cost(seconds, None if memory is None else round(memory), is_foreseen=True)


def _cost(quality: Quality, pace: Pace | None) -> Cost:
    if pace is None:
        return Cost(None, None)
    return Cost(pace.seconds * quality.steps, pace.memory)
