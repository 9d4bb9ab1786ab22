"""What a run needs before its first step: this process's models, and all that its picture is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError

from generator import jobs, perceptors, pictures, upscaling
from generator.engine.enlargement import LANCZOS
from generator.engine.settings import GenerateSettings, SettingsError
from generator.models import Job

if TYPE_CHECKING:  # torch is loaded by the worker that runs a job, and by nobody who only imports this module
    import numpy as np
    from numpy.typing import NDArray

    from generator.engine.drawers import Decoder
    from generator.engine.goals import Perceptor
    from generator.engine.judges import Perceptors
    from generator.engine.loop import Step
    from generator.engine.pictures import Pictures
    from generator.engine.upscaler import Upscaler


class JobFailed(Exception):
    """This job cannot be done, now or later, and why."""

    def __init__(self, failure: Job.Failure, detail: object) -> None:
        super().__init__(f"{failure}: {detail}")
        self.failure = failure
        self.detail = str(detail)


@dataclass(frozen=True)
class Models:
    """clip: what judges where a wish names nothing; load_perceptor: gives what it names; load_upscaler: gives
    what enlarges, if there is such a network."""

    vqgan: Decoder
    clip: Perceptor
    load_perceptor: Callable[[str], Perceptor] = perceptors.load
    load_upscaler: Callable[[], Upscaler | None] = upscaling.load


@dataclass(frozen=True)
class Making:
    """All that one picture is made from."""

    recipe: GenerateSettings
    models: Models
    pictures: Pictures
    perceptors: Perceptors
    upscaler: Upscaler | None = None

    def steps(self, resume: dict[str, Any] | None = None) -> Iterator[Step]:
        """From the start, or from a state. Raises what the engine does, at the first step or later."""
        from generator.engine.loop import generate

        return generate(
            self.recipe,
            self.models.vqgan,
            self.models.clip,
            resume=resume,
            pictures=self.pictures,
            perceptors=self.perceptors,
        )

    def enlarged(self, pixels: NDArray[np.uint8], after_tile: Callable[[], None]) -> NDArray[np.uint8]:
        """A step's picture, (H, W, 3) or (H, W, 4) uint8, in the size that is kept.

        after_tile: called between parts of the work, may raise.
        """
        from generator.engine.enlargement import enlarge

        return enlarge(
            pixels,
            self.recipe.enlarge,
            upscaler=self.upscaler,
            repeats=self.recipe.repeats,
            threads=self.recipe.threads,
            after_tile=after_tile,
        )

    @property
    def enlarged_by(self) -> str:
        """For the recipe: the network's id, or how else it is done; empty where nothing is enlarged."""
        if self.recipe.enlarge == 1:
            return ""
        return self.upscaler.model_id if self.upscaler else LANCZOS

    @property
    def judged_by(self) -> str:
        """The ids of the CLIP models, for the recipe."""
        judging = [self.perceptors[name] for name in self.recipe.perceptor_names] or [self.models.clip]
        return " + ".join(each.model_id for each in judging)


@cache
def models_of_this_process() -> Models:
    """The models of the settings, loaded once a process, after its fork."""
    from gallery.clip.model import WeightsError, load_clip
    from generator.engine.vqgan import VqganError, VqganSource, load_vqgan

    source = VqganSource()
    if settings.VQGAN_CHECKPOINT:
        source = VqganSource(weights=Path(settings.VQGAN_CHECKPOINT), config=Path(settings.VQGAN_CONFIG))
    try:
        clip = load_clip(perceptors.config_of(perceptors.USUAL))
        return Models(vqgan=load_vqgan(source), clip=clip)
    except (WeightsError, VqganError) as error:
        raise JobFailed(Job.Failure.MODELS, error) from error


def gather(job: Job, models: Models) -> Making:
    """Raises JobFailed for what is no longer there, or no longer for the job's owner to see."""
    recipe = recipe_for(job)
    return Making(
        recipe,
        models,
        _pictures(job, recipe),
        _perceptors(recipe, models),
        _upscaler(recipe, models),
    )


def recipe_for(job: Job) -> GenerateSettings:
    """The engine's settings of a job, with as many threads as are set. Raises JobFailed."""
    try:
        return replace(jobs.recipe_of(jobs.wish_of(job)), threads=settings.TORCH_THREADS)
    except SettingsError as error:
        raise JobFailed(Job.Failure.SETTINGS, error) from error


def _pictures(job: Job, recipe: GenerateSettings) -> Pictures:
    """What of the gallery the picture is made from, as far as the job's owner may see it now."""
    try:
        return pictures.load(recipe.pictures, user=job.owner)
    except pictures.PictureGone as error:
        raise JobFailed(Job.Failure.PICTURE, error) from error


def _upscaler(recipe: GenerateSettings, models: Models) -> Upscaler | None:
    """Loaded before the first step, so that nothing is drawn which could not be finished."""
    if recipe.enlarge == 1:
        return None
    from generator.engine.upscaler_files import UpscalerError

    try:
        upscaling.check_size(width=recipe.width, height=recipe.height, times=recipe.enlarge)
        return models.load_upscaler()
    except ValidationError as error:
        raise JobFailed(Job.Failure.SETTINGS, "; ".join(error.messages)) from error
    except UpscalerError as error:
        raise JobFailed(Job.Failure.MODELS, error) from error


def _perceptors(recipe: GenerateSettings, models: Models) -> Perceptors:
    """The CLIP models that are named; the usual one is not loaded twice."""
    if not recipe.perceptors:
        return {}
    from gallery.clip.model import WeightsError

    usual = perceptors.config_of(perceptors.USUAL)
    try:
        return {
            name: models.clip if perceptors.config_of(name) == usual else models.load_perceptor(name)
            for name in recipe.perceptor_names
        }
    except (perceptors.PerceptorGone, WeightsError) as error:
        raise JobFailed(Job.Failure.PERCEPTOR, error) from error
