"""What the tests ask for: quick to make with the tiny models."""

from gallery.models import User
from generator import jobs
from generator.models import Job

WISH = {"prompt": "a red heart", "seed": 7, "steps": 24, "width": 64, "height": 64}


def ask(owner: User, **changes) -> Job:
    (job,) = jobs.submit(owner=owner, wishes=[jobs.Wish(**{**WISH, **changes})])
    return job
