"""Continuing a finished picture: bit for bit what one longer run would have made."""

import json
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from PIL import Image as Pillow

from gallery.uploads import delete_image
from generator import checkpoints, continuing, jobs, runner
from generator.engine.settings import SettingsError
from generator.models import Job
from tests.generator.runs import (
    ClipThatDoes,
    bytes_of,
    checkpoint_files,
    last_state_of,
    models_with,
    run_until_killed,
)
from tests.generator.wishes import ask

pytestmark = pytest.mark.django_db(transaction=True)
STORY = {"prompt": "a seed ^ a tree ^ a forest", "steps": 12}


def made(job: Job, *, clip=None) -> Job:
    """The job, done; `clip` counts the steps."""
    runner.run(job.id, load_models=models_with(clip or ClipThatDoes(lambda: None, at_step=0)))
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    return job


def stopped(job: Job, *, at_step: int) -> Job:
    return made(job, clip=ClipThatDoes(lambda: jobs.stop(job_id=job.id), at_step=at_step))


def pixels_of(job: Job) -> bytes:
    with job.image.original.open() as file, Pillow.open(file) as picture:
        return picture.tobytes()


def test_a_picture_that_was_stopped_early_goes_on_to_the_bytes_of_one_that_was_not(alice, bob):
    early = stopped(ask(alice, **STORY), at_step=5)
    clip = ClipThatDoes(lambda: None, at_step=0)
    rest = made(continuing.continue_job(job=early, steps=7), clip=clip)
    assert (rest.parent, rest.kind, rest.owner, rest.steps) == (early, Job.Kind.CONTINUED, alice, 12)
    assert clip.steps == 7
    assert bytes_of(rest.image) == bytes_of(made(ask(bob, **STORY)).image)
    assert rest.image != early.image


def test_continued_at_once_or_in_parts_or_from_nothing_it_is_the_same_picture(alice):
    first = made(ask(alice, **STORY))
    at_once = made(continuing.continue_job(job=first, steps=6))
    part = made(continuing.continue_job(job=first, steps=2))
    in_parts = made(continuing.continue_job(job=part, steps=4))
    assert in_parts.image == at_once.image, "the same bytes, of which a person has one copy"
    with at_once.image.original.open() as file, Pillow.open(file) as picture:
        recipe = json.loads(picture.text["clipweb"])
    assert (recipe["steps"], recipe["schedule_steps"]) == (18, 12)
    assert pixels_of(at_once) != pixels_of(first)

    Job.objects.filter(pk=first.pk).update(checkpoint="")
    delete_image(image=at_once.image)
    first.refresh_from_db()
    clip = ClipThatDoes(lambda: None, at_step=0)
    from_nothing = made(continuing.continue_job(job=first, steps=6), clip=clip)
    assert clip.steps == 18
    again = made(continuing.continue_job(job=part, steps=4))
    assert again.image == from_nothing.image


def test_a_picture_continued_for_less_than_was_planned_ends_there(alice):
    early = stopped(ask(alice), at_step=4)
    longer = made(continuing.continue_job(job=early, steps=3))
    assert (longer.step, longer.schedule_steps) == (7, 24)
    assert pixels_of(longer) == pixels_of(stopped(ask(alice), at_step=7))


def test_a_picture_whose_loss_fell_no_further_ends_by_itself_and_goes_on_when_asked_to(alice):
    options = {"patience": 1, "learning_rate": 1e-4, "augmentation": 2.0}
    done = made(ask(alice, steps=60, options=options))
    assert 1 < done.step < 60
    longer = made(continuing.continue_job(job=done, steps=3))
    assert longer.step == done.step + 3
    assert "patience" not in longer.options


def test_a_continued_run_that_is_killed_goes_on_from_its_own_checkpoint(alice):
    first = made(ask(alice, steps=4))
    child = continuing.continue_job(job=first, steps=20)
    run_until_killed(child, at_step=8)
    assert made(child).step == 24
    first.refresh_from_db()
    assert sorted(checkpoint_files()) == sorted(map(last_state_of, (first, child)))


def test_the_new_job_has_a_state_of_its_own_whatever_becomes_of_the_old(alice, settings):
    first = made(ask(alice))
    child = continuing.continue_job(job=first, steps=1)
    settings.JOB_STATES_BYTES = 0
    checkpoints.sweep()
    first.refresh_from_db()
    assert (first.checkpoint, first.state_bytes) == ("", 0)
    child.refresh_from_db()
    assert checkpoint_files() == [last_state_of(child)]
    jobs.cancel(job_id=child.id)
    assert checkpoint_files() == []


def test_a_file_that_is_gone_costs_only_time(alice):
    first = made(ask(alice))
    default_storage.delete(first.checkpoint)
    assert made(continuing.continue_job(job=first, steps=1)).step == 25


def test_states_are_kept_for_some_days_and_as_long_as_they_fit_and_have_a_picture(alice, settings):
    settings.JOB_STATE_DAYS = 7
    old, older, gone, newest = (made(ask(alice, seed=seed, steps=1)) for seed in range(4))
    delete_image(image=gone.image)
    for job, days in ((old, 6), (older, 8)):
        Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timedelta(days=days))
    assert newest.state_bytes == default_storage.size(newest.checkpoint) > 0
    assert checkpoints.discard_old_states() == 2
    assert sorted(checkpoint_files()) == sorted(map(last_state_of, (old, newest)))
    settings.JOB_STATES_BYTES = newest.state_bytes
    assert checkpoints.discard_old_states() == 1
    assert checkpoint_files() == [last_state_of(newest)]


def test_what_is_not_finished_or_would_be_too_long_cannot_be_continued(alice, running_job, settings):
    with pytest.raises(continuing.NotFinished):
        continuing.continue_job(job=running_job, steps=1)
    jobs.cancel(job_id=running_job.id)
    first = made(ask(alice))
    with pytest.raises(SettingsError):
        continuing.continue_job(job=first, steps=1977)
    settings.JOBS_PER_PERSON = 0
    with pytest.raises(jobs.JobLimitReached):
        continuing.continue_job(job=first, steps=1)
    assert Job.objects.count() == 2


def address(job: Job) -> str:
    return reverse("generator:continue", args=[job.id])


def test_the_page_of_a_finished_picture_continues_it(client, alice):
    client.force_login(alice)
    early = stopped(ask(alice), at_step=4)
    page = client.get(early.get_absolute_url())
    assert page.context["continue_form"]["steps"].value() == 20
    assert "goes on from step 4" in page.content.decode()
    answer = client.post(address(early), {"steps": "3"})
    child = Job.objects.get(parent=early)
    assert answer.url == child.get_absolute_url()
    page = client.get(child.get_absolute_url()).content.decode()
    assert early.get_absolute_url() in page
    assert "step 4 of an earlier picture" in page
    assert address(child) not in page, "it is not finished"
    Job.objects.filter(pk=early.pk).update(checkpoint="")
    assert "no longer kept" in client.get(early.get_absolute_url()).content.decode()


@pytest.mark.parametrize("steps", ["", "0", "-1", "many", "1977"])
def test_bad_numbers_of_steps_are_explained_and_make_no_job(client, alice, steps):
    client.force_login(alice)
    first = made(ask(alice))
    answer = client.post(address(first), {"steps": steps})
    assert answer.status_code == 400
    assert list(answer.context["continue_form"].errors) == ["steps"]
    assert Job.objects.count() == 1


def test_not_finished_is_409_and_over_the_limit_429(client, alice, settings, job):
    client.force_login(alice)
    answer = client.post(address(job), {"steps": "1"})
    assert answer.status_code == 409
    assert "It is not finished" in answer.content.decode()
    made(job)
    settings.JOBS_PER_PERSON = 0
    assert client.post(address(job), {"steps": "1"}).status_code == 429


def test_nobody_continues_the_picture_of_another_not_even_a_moderator(client, alice, bob, admin):
    first = made(ask(alice, steps=1))
    for person in (bob, admin):
        client.force_login(person)
        assert client.post(address(first), {"steps": "1"}).status_code == 404
    assert address(first) not in client.get(first.get_absolute_url()).content.decode()
    assert Job.objects.count() == 1
