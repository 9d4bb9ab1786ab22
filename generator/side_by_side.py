"""Several jobs beside each other, and what sets each apart from the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gallery.models import User
from generator.engine.settings import OPTIONS
from generator.models import Job
from generator.option_fields import describe

if TYPE_CHECKING:
    from generator.option_kinds import Text

MOST = 12  # jobs on one page


@dataclass(frozen=True)
class Entry:
    """One job on the page, with label and value of what it does not have in common with all others."""

    job: Job
    differences: list[tuple[Text, Text]]


def address(jobs: Iterable[Job]) -> str:
    """Of the page that shows them."""
    query = QueryDict(mutable=True)
    query.setlist("job", [str(job.pk) for job in jobs])
    return f"{reverse('generator:side_by_side')}?{query.urlencode()}"


def entries(ids: Sequence[str], *, user: User) -> list[Entry]:
    """The jobs in the order asked for, each once. Empty where one is not there or out of sight, where none or
    more than MOST are asked for."""
    wanted = list(dict.fromkeys(ids))
    if not 0 < len(wanted) <= MOST:
        return []
    try:
        found = Job.objects.visible_to(user).select_related("image").in_bulk(wanted)
    except ValidationError:  # not the form of an id
        return []
    jobs = {str(pk): job for pk, job in found.items()}
    if jobs.keys() != set(wanted):
        return []
    return _told_apart([jobs[pk] for pk in wanted])


def _told_apart(jobs: list[Job]) -> list[Entry]:
    seeds = len({job.seed for job in jobs}) > 1
    apart = [
        name for name, usual in OPTIONS.items() if len({job.options.get(name, usual) for job in jobs}) > 1
    ]
    return [
        Entry(
            job,
            [
                *describe({name: job.options.get(name, OPTIONS[name]) for name in apart}),
                *([(_("Seed"), str(job.seed))] if seeds else []),
            ],
        )
        for job in jobs
    ]
