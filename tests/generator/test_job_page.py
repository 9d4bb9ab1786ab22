"""The page of a picture in the making, without scripts: who may see it, and what it says in each state."""

import uuid

import pytest
from django.urls import reverse

from gallery.models import Image
from gallery.trash import move_to_trash
from gallery.uploads import store_image
from generator import jobs, progress
from generator.models import Job
from tests.gallery.drawing import png

FRAME = progress.Frame(step=3, total=24, loss=0.5, picture=b"\xff\xd8 the picture")
PAGES = ["generator:job", "generator:status", "generator:frame"]


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def url(name: str, job: Job) -> str:
    return reverse(name, args=[job.id])


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("person", "status"), [("alice", 200), ("admin", 200), ("bob", 404)])
def test_a_job_is_seen_by_its_owner_and_by_moderators_alone(
    client, request, running_job, name, person, status
):
    progress.publish(running_job.id, FRAME)
    client.force_login(request.getfixturevalue(person))
    assert client.get(url(name, running_job)).status_code == status


@pytest.mark.parametrize("name", [*PAGES, "generator:cancel"])
def test_who_is_not_signed_in_is_asked_to(client, running_job, name):
    for answer in (client.get(url(name, running_job)), client.post(url(name, running_job))):
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("account_login"))
    running_job.refresh_from_db()
    assert running_job.state == Job.State.RUNNING


@pytest.mark.parametrize("name", [*PAGES, "generator:cancel"])
def test_an_unknown_job_is_not_found(alices, name):
    address = reverse(name, args=[uuid.uuid4()])
    answer = alices.post(address) if name == "generator:cancel" else alices.get(address)
    assert answer.status_code == 404


def test_the_owner_cancels(alices, job):
    answer = alices.post(url("generator:cancel", job), follow=True)
    assert answer.status_code == 200
    assert "no longer being made" in answer.content.decode()
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert "already ended" in alices.post(url("generator:cancel", job), follow=True).content.decode()


def test_a_moderator_may_cancel_and_another_member_may_not(client, job, bob, admin):
    client.force_login(bob)
    assert client.post(url("generator:cancel", job)).status_code == 404
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
    client.force_login(admin)
    assert client.post(url("generator:cancel", job)).status_code == 302
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_the_owner_stops_a_running_job_and_the_page_says_what_becomes_of_it(alices, job):
    assert "has not begun" in alices.post(url("generator:stop", job), follow=True).content.decode()
    jobs.claim(job_id=job.id)
    page = alices.post(url("generator:stop", job), follow=True).content.decode()
    assert "the picture so far is kept" in page
    assert "Being stopped" in page
    assert url("generator:stop", job) not in page
    assert "It is ending" in alices.post(url("generator:stop", job), follow=True).content.decode()


@pytest.mark.parametrize("name", ["generator:stop", "generator:cancel"])
def test_another_member_stops_nothing(client, running_job, bob, name):
    client.force_login(bob)
    assert client.post(url(name, running_job)).status_code == 404
    running_job.refresh_from_db()
    assert running_job.state == Job.State.RUNNING


def test_a_picture_that_was_stopped_says_after_which_step(alices, running_job, alice):
    image = Image.objects.create(owner=alice, sha256="a", byte_size=1, width=1, height=1)
    jobs.finish(job=running_job, step=3, store=lambda: image)
    assert "3 of 24, stopped early" in alices.get(url("generator:job", running_job)).content.decode()


def test_looking_cancels_nothing(alices, job):
    assert alices.get(url("generator:cancel", job)).status_code == 405


def test_the_frame_is_the_newest_preview_and_is_kept_nowhere(alices, running_job):
    assert alices.get(url("generator:frame", running_job)).status_code == 404
    progress.publish(running_job.id, FRAME)
    answer = alices.get(url("generator:frame", running_job))
    assert answer.content == FRAME.picture
    assert answer["Content-Type"] == "image/jpeg"
    assert "no-store" in answer["Cache-Control"]
    jobs.fail(job=running_job, failure=Job.Failure.ENGINE, detail="")
    assert alices.get(url("generator:frame", running_job)).status_code == 404


def test_while_it_is_made_the_page_shows_the_frame_and_reloads_itself_without_scripts(alices, running_job):
    jobs.record_step(job=running_job, step=3, loss=0.5)
    progress.publish(running_job.id, FRAME)
    page = alices.get(url("generator:job", running_job)).content.decode()
    assert '<noscript><meta http-equiv="refresh"' in page
    assert f"{url('generator:frame', running_job)}?step=3" in page
    assert "Step 3 of 24" in page
    assert url("generator:cancel", running_job) in page


def test_a_waiting_job_says_how_many_come_before_it(alices, alice, bob, job):
    from tests.generator.wishes import ask

    last = ask(alice)
    ask(bob)  # has had none yet, and so goes before Alice's second
    assert "2 pictures come before this one" in alices.get(url("generator:job", last)).content.decode()


def test_a_finished_job_shows_its_picture_and_reloads_no_more(alices, alice, running_job):
    image = Image.objects.create(owner=alice, sha256="a", byte_size=1, width=1, height=1)
    jobs.finish(job=running_job, step=24, store=lambda: image)
    page = alices.get(url("generator:job", running_job)).content.decode()
    assert "http-equiv" not in page
    assert reverse("gallery:original", args=[image.id]) in page
    assert reverse("gallery:picture", args=[image.id]) in page
    assert url("generator:cancel", running_job) not in page


def test_a_failed_job_says_why_and_the_details_to_moderators_alone(client, alice, admin, running_job):
    jobs.fail(job=running_job, failure=Job.Failure.MODELS, detail="no file model.safetensors")
    client.force_login(alice)
    page = client.get(url("generator:job", running_job)).content.decode()
    assert "could not be loaded" in page
    assert "model.safetensors" not in page
    client.force_login(admin)
    assert "model.safetensors" in client.get(url("generator:job", running_job)).content.decode()


def test_without_valkey_the_page_still_stands(alices, running_job, settings):
    caches = settings.CACHES
    settings.CACHES = {"default": {**caches["default"], "LOCATION": "unix:///nowhere/valkey.sock"}}
    assert "Step 0 of 24" in alices.get(url("generator:job", running_job)).content.decode()


def test_a_finished_picture_that_is_in_the_trash_is_told_as_deleted(alices, job, alice):
    image = store_image(owner=alice, file=png())
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE, image=image)
    assert image.get_absolute_url() in alices.get(url("generator:job", job)).content.decode()
    move_to_trash(images=Image.objects.all())
    page = alices.get(url("generator:job", job)).content.decode()
    assert "The picture has been deleted since." in page
    for text in (page, alices.get(reverse("generator:studio")).content.decode()):
        assert str(image.pk) not in text
