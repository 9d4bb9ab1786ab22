"""A full disk: the queue waits and says so, nothing is lost, and it goes on by itself."""

import errno
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from gallery.models import Image
from generator import estimates, recovery, room, runner
from generator.models import Job
from tests.generator.runs import bytes_of
from tests.generator.wishes import ask

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room_for(settings):
    """Lets the storage have room for so many more files."""
    enough = settings.STORAGES

    def fill(files: int | None) -> None:
        full = {"BACKEND": "tests.generator.full_storage.FullStorage", "OPTIONS": {"files": files}}
        settings.STORAGES = enough if files is None else {**enough, "default": full}

    return fill


@pytest.fixture
def full_disk(settings):
    settings.JOB_MIN_FREE_BYTES = 10**18


@pytest.mark.parametrize(("files", "from_step"), [(0, 0), (1, 10), (2, 20), (3, 20)])
def test_a_job_that_finds_no_room_is_given_back_and_goes_on_where_it_stood(
    job, bob, tiny_models, room_for, valkey, files, from_step
):
    room_for(files)  # for two checkpoints, the last state and the picture
    runner.run_next(load_models=tiny_models)
    job.refresh_from_db()
    assert (job.state, job.claim, job.checkpoint_step) == (Job.State.QUEUED, None, from_step)
    assert job.attempts == 0, "a full disk is no fault of the job's"
    assert not Image.objects.exists()
    assert room.is_short()

    runner.run_next(load_models=tiny_models)
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED, "nothing is taken up meanwhile"
    room_for(None)
    cache.delete(room.NOTE)  # as it does by itself after a while
    runner.run_next(load_models=tiny_models)
    other = ask(bob)
    runner.run(other.id, load_models=tiny_models)
    for each in (job, other):
        each.refresh_from_db()
    assert bytes_of(job.image) == bytes_of(other.image)


def test_tasks_that_were_passed_over_come_back_when_there_is_room(job, settings, tiny_models, full_disk):
    runner.run_next(load_models=tiny_models)
    OrmQ.objects.all().delete()
    Job.objects.update(enqueued_at=timezone.now() - timedelta(hours=1))
    assert recovery.requeue_stale() == 0
    settings.JOB_MIN_FREE_BYTES = 0
    assert recovery.requeue_stale() == 1
    runner.run_next(load_models=tiny_models)
    job.refresh_from_db()
    assert job.state == Job.State.DONE


@pytest.mark.parametrize(
    ("error", "is_want_of_room"),
    [
        (OSError(errno.ENOSPC, "no space"), True),
        (OSError(errno.EDQUOT, "over quota"), True),
        (OSError(errno.EACCES, "not allowed"), False),
        (OperationalError("database or disk is full"), True),
        (OperationalError("database is locked"), False),
        (ValueError("disk is full"), False),
    ],
)
def test_want_of_room_is_told_from_other_troubles(error, is_want_of_room):
    assert room.is_want_of_room(error) == is_want_of_room


def test_people_read_that_the_queue_waits_and_promises_nothing(client, alice, job, full_disk):
    client.force_login(alice)
    estimates.record(work="64x64", seconds=10)
    for address in (reverse("generator:studio"), reverse("generator:jobs"), job.get_absolute_url()):
        page = client.get(address).content.decode()
        assert "The disk is full, so the queue waits." in page
        assert "Expected" not in page
        assert "starts in a moment" not in page
        assert "What can be done" not in page


def test_admins_read_what_to_do(client, admin, settings, full_disk):
    client.force_login(admin)
    assert reverse("status") in client.get(reverse("generator:studio")).content.decode()
    assert "Free at least" in client.get(reverse("status")).content.decode()
    settings.JOB_MIN_FREE_BYTES = 0
    assert "Free at least" not in client.get(reverse("status")).content.decode()
