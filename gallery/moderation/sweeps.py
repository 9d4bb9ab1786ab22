"""Applying a policy to the pictures that are here already, in the background.

A sweep goes through all pictures in the order of their ids, a slice at a time. A slice is one transaction: it
claims the sweep's row, does what the policy says about its pictures, moves the row on and asks for the next
slice. Killed in the middle it has done nothing; delivered twice, it finds its number gone. A slice whose task
was lost gets another one.

What a picture gets is what it would get coming in, but that nothing is refused any more: what the policy
refuses is held for review. Left alone is what people have decided about, and what nobody sees anyway.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop
from django_q.tasks import async_task

from gallery.models import AuditEntry, Case, Decision, Embedding, Image, Policy, Sweep, User
from gallery.moderation import audit, policies
from gallery.moderation.checks import act_on
from gallery.moderation.checks.verdicts import Result
from gallery.moderation.checks.written import verdict_on

SLICE = 200  # pictures compared in one transaction
MOST_CAUGHT = 25  # of them that something happens to: each takes some milliseconds, and others wait to write
LOST_AFTER = timedelta(minutes=1)  # a slice takes a second; if none has come by then, its task may be lost
MOST_COUNTED = 50_000  # pictures of the look ahead: a few seconds
IDLE = gettext_noop("The model was changed meanwhile.")

Row = tuple[uuid.UUID, float]  # a picture's id and its score


class CannotApply(Exception):
    """The policy is not in force, is idle, or says nothing about pictures."""


class AlreadyRunning(Exception):
    """It is being applied just now."""


@dataclass(frozen=True)
class Reach:
    """What a sweep would do. total: pictures. looked_at: those that were compared for this, at most
    MOST_COUNTED. caught and left_alone: of these."""

    total: int
    looked_at: int
    caught: int
    left_alone: int


def can_apply(policy: Policy) -> bool:
    return bool(policy.is_active and policy.texts and policies.is_current(policy))


def reach(policy: Policy) -> Reach:
    """Counts, without a look at any picture: also of those that people keep to themselves. As ids are random,
    the first are as good as any."""
    looked_at = caught = left_alone = 0
    last: uuid.UUID | None = None
    while looked_at < MOST_COUNTED and (rows := _rows(policy, last, 2000)):
        over = [image_id for image_id, score in rows if score >= policy.threshold]
        eligible = len(_eligible(policy, over))
        looked_at, caught = looked_at + len(rows), caught + eligible
        left_alone, last = left_alone + len(over) - eligible, rows[-1][0]
    return Reach(_vectors(policy).count(), looked_at, caught, left_alone)


def start_sweep(*, policy: Policy, by: User) -> Sweep:
    """Begins to apply the policy. Raises CannotApply or AlreadyRunning."""
    try:
        with transaction.atomic():
            policy = Policy.objects.select_for_update().get(pk=policy.pk)
            if not can_apply(policy):
                raise CannotApply
            sweep = Sweep.objects.create(policy=policy, by=by, total=_vectors(policy).count())
            _log(sweep, by, f"“{policy.name}” is applied to {sweep.total} pictures that are here")
            _enqueue(sweep)
    except IntegrityError:
        raise AlreadyRunning from None
    return sweep


@transaction.atomic
def stop_sweep(*, sweep: Sweep, by: User) -> bool:
    """Ends it where it is; what it has done stays. False if it has ended before."""
    stopped = bool(Sweep.objects.filter(pk=sweep.pk).stop())
    if stopped:
        sweep.refresh_from_db()
        _log(sweep, by, f"stopped: {_counts(sweep)}")
    return stopped


@transaction.atomic
def do_slice(*, sweep_id: uuid.UUID, number: int) -> None:
    """The slice with this number, if it is the next one."""
    rows = Sweep.objects.running().select_for_update(of=("self",)).select_related("policy")
    sweep = rows.filter(pk=sweep_id, slices=number).first()
    if sweep is None:
        return
    policy = sweep.policy
    if not can_apply(policy):
        Sweep.objects.filter(pk=sweep.pk).stop(IDLE)
        return
    looked_at, caught, left_alone = _judge(policy, _rows(policy, sweep.last, SLICE))
    sweep.slices, sweep.touched_at = number + 1, timezone.now()
    if looked_at:
        sweep.last = looked_at[-1]
    else:
        sweep.state, sweep.ended_at = Sweep.State.DONE, sweep.touched_at
    sweep.looked_at += len(looked_at)
    sweep.caught += caught
    sweep.left_alone += left_alone
    sweep.save()
    if looked_at:
        _enqueue(sweep)
    else:
        _log(sweep, None, f"done: {_counts(sweep)}")


def requeue_lost() -> int:
    """Gives another task to sweeps whose last one was lost. Returns how many."""
    now = timezone.now()
    late = Sweep.objects.running().filter(touched_at__lt=now - LOST_AFTER)
    asked = [sweep for sweep in late if late.filter(pk=sweep.pk).update(touched_at=now)]
    for sweep in asked:
        _enqueue(sweep)
    return len(asked)


def _judge(policy: Policy, rows: Sequence[Row]) -> tuple[list[uuid.UUID], int, int]:
    """Acts on what is caught among the rows, until that is enough for one slice. Returns which pictures are
    done with, and how many were caught and left alone."""
    over = {image_id: score for image_id, score in rows if score >= policy.threshold}
    images = {image.pk: image for image in _held_still(_eligible(policy, over))}
    done: list[uuid.UUID] = []
    caught = left_alone = 0
    for image_id, score in rows:
        if caught == MOST_CAUGHT:
            break
        done.append(image_id)
        if image_id in images:
            verdict = verdict_on(policy, score, _result(policy))
            caught += bool(act_on(image=images[image_id], verdicts=[verdict]))
        elif image_id in over:
            left_alone += 1
    return done, caught, left_alone


def _result(policy: Policy) -> Result:
    """What is stored already cannot be refused: a moderator looks at it."""
    return Result.HOLD if policy.result == Result.REFUSE else Result(policy.result)


def _vectors(policy: Policy) -> QuerySet[Embedding]:
    """Pictures that still wait for their checks get this policy's by themselves."""
    return Embedding.objects.filter(
        model_id=policy.model_id, image__removed_at=None, image__awaits_checks=False
    )


def _rows(policy: Policy, last: uuid.UUID | None, count: int) -> list[Row]:
    after = Q(image_id__gt=last) if last else Q()
    vectors = _vectors(policy).filter(after).order_by("image_id")
    found = list(vectors.values_list("image_id", "vector")[:count])
    if not found:
        return []
    scores = policy.scores(np.stack([np.frombuffer(bytes(vector), "<f4") for _id, vector in found]))
    return [(image_id, float(score)) for (image_id, _vector), score in zip(found, scores, strict=True)]


def _eligible(policy: Policy, over: Sequence[uuid.UUID] | dict[uuid.UUID, float]) -> set[uuid.UUID]:
    """Those that something is to happen to."""
    ids = list(over)
    done = Q(is_marked_safe=True) | Q(is_hidden=True)
    if _result(policy) == Result.BLUR:
        done |= Q(is_blurred=True)
    open_ones = set(Image.objects.filter(pk__in=ids).exclude(done).values_list("pk", flat=True))
    return open_ones - set(_decided(ids))


def _decided(ids: Sequence[uuid.UUID]) -> Iterator[uuid.UUID]:
    """Those about which a moderator has decided something that stands, or taken back what a check did."""
    by_people = Q(by__isnull=False, undone_at=None) | Q(by=None, undone_at__isnull=False)
    keys = Decision.objects.filter(
        by_people, case__kind=Case.Kind.IMAGE, case__key__in=[str(image_id) for image_id in ids]
    )
    return map(uuid.UUID, keys.values_list("case__key", flat=True))


def _held_still(ids: set[uuid.UUID]) -> QuerySet[Image]:
    """Nobody deletes them before the slice is through with them."""
    return Image.objects.select_for_update(of=("self",)).select_related("owner").filter(pk__in=ids)


def _enqueue(sweep: Sweep) -> None:
    transaction.on_commit(
        lambda: async_task("gallery.tasks.apply_policy", str(sweep.pk), sweep.slices), robust=True
    )


def _counts(sweep: Sweep) -> str:
    return f"{sweep.looked_at} compared, {sweep.caught} caught, {sweep.left_alone} left alone"


def _log(sweep: Sweep, by: User | None, reason: str) -> None:
    """About the policy, whose state stays as it is."""
    kind, action = AuditEntry.Kind.SETTING, AuditEntry.Action.APPLY
    audit.record(actor=by, action=action, kind=kind, key=sweep.policy_id, reason=reason)
