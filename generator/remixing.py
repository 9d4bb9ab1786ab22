"""Making a picture again with something changed: what is noted of where it comes from."""

from typing import Any
from uuid import UUID

from gallery.models import User
from generator.models import Job


def origin_of(job_id: UUID | None, *, user: User) -> dict[str, Any]:
    """The fields that say what a wish was changed from, for jobs.submit; none where that job is not there.

    A job out of the person's sight is as one that is not there: the wish stands on its own, and nothing of
    the other is told.
    """
    if job_id is None:
        return {}
    parent = Job.objects.visible_to(user).filter(pk=job_id).first()
    return {"parent": parent, "kind": Job.Kind.REMIXED} if parent else {}
