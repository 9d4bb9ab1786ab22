"""Where a picture comes from and what came of it: jobs that were continued, or changed and made again.

A tree of what the reader sees. Where the line leads out of sight it ends, on either side: what lies behind a
hidden job is not shown either, because it would tell that there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser

from gallery.models import User
from generator.models import Job

MOST_BEFORE = 6  # generations
MOST_AFTER = 6
MOST_JOBS = 40  # that came of one, in all


@dataclass
class Branch:
    job: Job
    is_self: bool = False  # the job that the tree is shown for
    branches: list[Branch] = field(default_factory=list)  # what came of it, the oldest first


@dataclass(frozen=True)
class Lineage:
    """The tree from its eldest job on. `branch` is the job itself, wherever in it."""

    root: Branch
    branch: Branch
    has_earlier: bool  # more came before than is shown
    has_further: bool

    @property
    def has_relatives(self) -> bool:
        return self.root is not self.branch or bool(self.branch.branches)


def trace(job: Job, *, user: User | AnonymousUser) -> Lineage:
    """The lineage of a job that `user` sees, in at most MOST_BEFORE + MOST_AFTER + 2 queries."""
    branch = Branch(job, is_self=True)
    has_further = _grow(branch, user)
    root, has_earlier = branch, False
    for distance, ancestor in enumerate(_ancestors(job, user)):
        if distance == MOST_BEFORE:
            has_earlier = True
            break
        root = Branch(ancestor, branches=[root])
    return Lineage(root, branch, has_earlier, has_further)


def _ancestors(job: Job, user: User | AnonymousUser) -> Iterator[Job]:
    visible = Job.objects.visible_to(user).select_related("image")
    while job.parent_id and (parent := visible.filter(pk=job.parent_id).first()):
        yield (job := parent)


def _grow(root: Branch, user: User | AnonymousUser) -> bool:
    """Adds what came of the job, generation by generation; whether there is more."""
    visible = Job.objects.visible_to(user).select_related("image").order_by("created_at", "id")
    generation, room = {root.job.pk: root}, MOST_JOBS
    for _number in range(MOST_AFTER):
        children = list(visible.filter(parent__in=generation)[: room + 1])
        fitting, following = children[:room], {}
        for child in fitting:
            following[child.pk] = Branch(child)
            generation[child.parent_id].branches.append(following[child.pk])  # type: ignore[index]  # a child has one
        if len(children) > room:
            return True
        room -= len(fitting)
        generation = following
        if not generation:
            return False
    return visible.filter(parent__in=generation).exists()
