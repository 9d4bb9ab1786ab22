"""What the tests play runs with: models to which something happens, and what a run leaves behind."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from django_q.models import OrmQ

from gallery.models import Image
from generator import jobs, runner
from generator.models import Job
from generator.runner import Models
from tests.engine.tiny import TinyClip, TinyVqgan


class Killed(BaseException):
    """The end of the process, as far as one process can play it."""


class ClipThatDoes(TinyClip):
    """The tiny CLIP, with something that happens to it as it judges the nth step's views."""

    def __init__(self, action, *, at_step: int) -> None:
        super().__init__()
        self.action, self.at_step, self.steps = action, at_step, 0

    def encode_pixels(self, pixels):
        self.steps += 1
        if self.steps == self.at_step:
            self.action()
        return super().encode_pixels(pixels)


def models_with(clip):
    return lambda: Models(vqgan=TinyVqgan(), clip=clip)


def kill():
    raise Killed


def fall_silent(job: Job) -> None:
    Job.objects.filter(pk=job.id).update(heartbeat_at=timezone.now() - timedelta(hours=1))


def run_until_killed(job: Job, *, at_step: int) -> None:
    with pytest.raises(Killed):
        runner.run(job.id, load_models=models_with(ClipThatDoes(kill, at_step=at_step)))
    fall_silent(job)


def with_checkpoint(job: Job) -> str:
    name = default_storage.save(f"checkpoints/{job.id.hex}.x.10.pt", ContentFile(b"state"))
    jobs.record_checkpoint(job=job, step=10, name=name)
    return name


def store_nothing() -> Image:
    raise AssertionError("nothing must be stored")


def tasks_of(job: Job) -> int:
    return sum(row.args()[0] == str(job.id) for row in OrmQ.objects.filter(key="generate"))


def bytes_of(image: Image) -> bytes:
    with image.original.open() as file:
        return file.read()


def checkpoint_files() -> list[str]:
    return default_storage.listdir("checkpoints")[1] if default_storage.exists("checkpoints") else []


def last_state_of(job: Job) -> str:
    """The name of the file that a finished job can be continued from."""
    return job.checkpoint.removeprefix("checkpoints/")
