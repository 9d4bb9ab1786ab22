"""Going on with a finished picture: a new job that starts where the old one ended.

It keeps the schedule of the first one. A picture that was stopped early goes on as if it had not been, up to
where it was meant to end, and has the same bytes then; further steps are taken in the last scene, with the
learning rate that it ended with. So a run of 80 steps continued by 40 equals one that was continued by 20 and
again by 20, and where the state it ended in is no longer kept, the steps before are made again with the same
result. One that ended by itself loses its patience, as it would end again at once.
"""

from django.db import transaction

from generator import checkpoints, filmstrip, jobs
from generator.engine.settings import LIMITS
from generator.models import Job


class NotFinished(Exception):
    """Only a picture that is done, in full or stopped early, can be continued."""


def most_steps(job: Job) -> int:
    """How many further steps the engine takes at most."""
    return int(LIMITS["steps"][1]) - job.step


def continue_job(*, job: Job, steps: int) -> Job:
    """Put a job in the queue that takes `steps` more than `job`, for the same owner.

    Raises NotFinished, or what jobs.submit raises: SettingsError for too many steps, JobLimitReached,
    ValidationError.
    """
    if job.state != Job.State.DONE:
        raise NotFinished(f"Job {job.id} is {job.state}")
    total, schedule = job.step + steps, job.schedule_steps or job.steps
    wish = jobs.wish_of(job)
    wish["steps"] = total
    wish["schedule_steps"] = 0 if schedule == total else schedule
    wish["options"] = {name: value for name, value in job.options.items() if name != "patience"}
    recipes = jobs.check(owner=job.owner, wishes=[wish])
    with transaction.atomic():
        (child,) = jobs.create(owner=job.owner, recipes=recipes, parent=job, kind=Job.Kind.CONTINUED)
        if job.checkpoint and (name := checkpoints.copy(job=job, to=child)):
            child.checkpoint, child.checkpoint_step, child.step = name, job.checkpoint_step, job.step
            child.losses = job.losses
            child.save(update_fields=["checkpoint", "checkpoint_step", "step", "losses"])
        filmstrip.share(job=job, to=child)
    return child
