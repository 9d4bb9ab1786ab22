"""Whole runs, with the real engine and models that are tiny: what they leave behind, however they end."""

import io
import json
import os
import signal
import subprocess
import threading
import time
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django_q.models import OrmQ
from PIL import Image as Pillow

from clipweb.supervisor.valkey import is_answering, server_command
from gallery.models import Image
from gallery.uploads import delete_image
from generator import jobs, progress, recovery, runner, tasks
from generator.engine.loop import generate
from generator.engine.settings import GenerateSettings
from generator.heartbeat import Heartbeat
from generator.models import Job
from generator.runner import Models
from tests.engine.tiny import TinyClip, TinyVqgan
from tests.generator.runs import (
    ClipThatDoes,
    bytes_of,
    checkpoint_files,
    kill,
    last_state_of,
    models_with,
    run_until_killed,
)
from tests.generator.wishes import WISH, ask

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_leaves_a_private_picture_that_says_how_it_was_made(job, alice, tiny_models):
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert (job.state, job.step) == (Job.State.DONE, job.steps)
    assert job.image.owner == alice
    assert (job.image.title, job.image.origin, job.image.visibility) == (
        "a red heart",
        "generated",
        "private",
    )
    with Pillow.open(io.BytesIO(bytes_of(job.image))) as picture:
        assert picture.size == (64, 64)
        recipe = json.loads(picture.text["clipweb"])
    assert {name: recipe[name] for name in WISH} == WISH
    assert recipe["clip"] == "tiny"
    assert checkpoint_files() == [last_state_of(job)]


def test_a_picture_from_several_texts_is_called_by_what_leads_to_it(alice, tiny_models):
    job = ask(alice, prompt="a seed ^ a tree:2 | night:-0.5", steps=4)
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert job.image.title == "a seed → a tree"


def test_the_same_wish_gives_the_same_bytes_to_two_people(job, bob, tiny_models):
    other = ask(bob)
    for each in (job, other):
        runner.run(each.id, load_models=tiny_models)
        each.refresh_from_db()
    assert job.image != other.image
    assert bytes_of(job.image) == bytes_of(other.image)


def test_asking_again_for_the_same_gives_the_picture_that_is_there(job, alice, tiny_models):
    again = ask(alice)
    runner.run(job.id, load_models=tiny_models)
    runner.run(again.id, load_models=tiny_models)
    job.refresh_from_db()
    again.refresh_from_db()
    assert again.state == Job.State.DONE
    assert again.image == job.image
    assert Image.objects.count() == 1


def test_a_task_that_comes_twice_makes_one_picture(job, tiny_models):
    runner.run(job.id, load_models=tiny_models)
    runner.run(job.id, load_models=models_with(ClipThatDoes(kill, at_step=1)))
    assert Image.objects.count() == 1


def test_after_a_crash_the_run_goes_on_from_the_checkpoint_to_the_same_bytes(job, bob, tiny_models):
    run_until_killed(job, at_step=18)
    job.refresh_from_db()
    assert (job.state, job.step, job.checkpoint_step) == (Job.State.RUNNING, 17, 10)

    OrmQ.objects.all().delete()  # the task went with its worker
    assert recovery.requeue_stale() == 1
    clip = ClipThatDoes(
        kill, at_step=job.steps - 10 + 1
    )  # more steps than are left would be steps done twice
    runner.run(job.id, load_models=models_with(clip))
    job.refresh_from_db()
    assert (job.state, clip.steps) == (Job.State.DONE, 14)

    uninterrupted = ask(bob)
    runner.run(uninterrupted.id, load_models=tiny_models)
    uninterrupted.refresh_from_db()
    assert bytes_of(job.image) == bytes_of(uninterrupted.image)
    assert sorted(checkpoint_files()) == sorted(map(last_state_of, (job, uninterrupted)))


@pytest.mark.parametrize("damage", ["removed", "cut", "changed", "of another run"])
def test_with_a_broken_checkpoint_the_run_starts_again(job, bob, tiny_models, damage, caplog):
    run_until_killed(job, at_step=18)
    job.refresh_from_db()
    path = Path(default_storage.path(job.checkpoint))
    data = path.read_bytes()
    if damage == "removed":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "changed":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    else:
        Job.objects.update(seed=8)
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert "starts again" in caplog.text

    uninterrupted = ask(bob, seed=job.seed)
    runner.run(uninterrupted.id, load_models=tiny_models)
    uninterrupted.refresh_from_db()
    assert bytes_of(job.image) == bytes_of(uninterrupted.image)


def test_a_cancelled_run_stops_within_a_step_and_leaves_nothing(job):
    clip = ClipThatDoes(lambda: jobs.cancel(job_id=job.id), at_step=13)
    runner.run(job.id, load_models=models_with(clip))
    job.refresh_from_db()
    assert (job.state, clip.steps) == (Job.State.CANCELLED, 13)
    assert not Image.objects.exists()
    assert checkpoint_files() == []
    assert progress.snapshot(job.id) is None


def test_a_stopped_run_keeps_the_picture_of_that_step(job):
    clip = ClipThatDoes(lambda: jobs.stop(job_id=job.id), at_step=13)
    runner.run(job.id, load_models=models_with(clip))
    job.refresh_from_db()
    assert (job.state, job.step, clip.steps) == (Job.State.DONE, 13, 13)
    with Pillow.open(io.BytesIO(bytes_of(job.image))) as picture:
        kept, recipe = picture.copy(), json.loads(picture.text["clipweb"])
    assert recipe["stopped_at"] == 13
    assert checkpoint_files() == [last_state_of(job)]
    settings = GenerateSettings(**WISH, threads=django_settings.TORCH_THREADS)
    thirteenth = next(islice(generate(settings, TinyVqgan(), TinyClip()), 12, None))
    assert (np.asarray(kept) == thirteenth.image()).all()


def test_a_run_whose_owner_was_deleted_stops_and_its_checkpoint_is_swept(job, alice):
    clip = ClipThatDoes(alice.delete, at_step=13)
    runner.run(job.id, load_models=models_with(clip))
    assert clip.steps == 13
    (name,) = checkpoint_files()
    tasks.requeue_stale()
    assert checkpoint_files() == [name], "a young file may be one that a run is about to name"
    hour_ago = time.time() - 3600
    os.utime(default_storage.path(f"checkpoints/{name}"), (hour_ago, hour_ago))
    tasks.requeue_stale()
    assert checkpoint_files() == []


def test_sigterm_gives_the_job_back_with_a_checkpoint_of_that_step(job, tiny_models):
    received = []
    previous = signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    try:
        clip = ClipThatDoes(lambda: signal.raise_signal(signal.SIGTERM), at_step=13)
        runner.run(job.id, load_models=models_with(clip))
        assert received == [signal.SIGTERM], "the worker must end after the job was given back"
    finally:
        signal.signal(signal.SIGTERM, previous)
    job.refresh_from_db()
    assert (job.state, job.checkpoint_step, job.attempts) == (Job.State.QUEUED, 13, 0)
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_a_long_step_does_not_make_the_run_look_dead(job, settings):
    settings.JOB_HEARTBEAT_STALE = 2
    requeued = []

    def take_long():
        time.sleep(3)
        requeued.append(recovery.requeue_stale())

    runner.run(job.id, load_models=models_with(ClipThatDoes(take_long, at_step=5)))
    job.refresh_from_db()
    assert requeued == [0]
    assert (job.state, job.attempts) == (Job.State.DONE, 1)


def test_a_run_that_hangs_is_ended_so_that_another_takes_the_job_up(running_job, settings):
    settings.JOB_HUNG_SECONDS = 2
    ended = threading.Event()
    begun = time.monotonic()
    with Heartbeat(running_job, end_process=ended.set) as heartbeat:
        time.sleep(1)
        heartbeat.moved()
        assert ended.wait(10)
    assert time.monotonic() - begun > 3, "it had moved meanwhile"


def test_when_valkey_dies_in_the_middle_the_picture_is_finished(job, settings, tmp_path_factory):
    socket = tmp_path_factory.mktemp("v") / "v.sock"
    server = subprocess.Popen(server_command(socket), stdout=subprocess.DEVNULL)
    url = f"unix://{socket}"
    try:
        while not is_answering(url):
            time.sleep(0.02)
        caches, layers = settings.CACHES, settings.CHANNEL_LAYERS
        settings.CACHES = {"default": {**caches["default"], "LOCATION": url}}
        config = {**layers["default"]["CONFIG"], "hosts": [{"address": url, "socket_timeout": None}]}
        settings.CHANNEL_LAYERS = {"default": {**layers["default"], "CONFIG": config}}
        seen = []

        def die():
            seen.append(progress.snapshot(job.id))
            server.kill()
            server.wait()

        runner.run(job.id, load_models=models_with(ClipThatDoes(die, at_step=13)))
    finally:
        server.kill()
        server.wait()
    job.refresh_from_db()
    assert seen[0] is not None
    assert job.state == Job.State.DONE


def test_a_run_shows_its_first_its_last_and_several_steps_between(job):
    shown = set()

    def look():
        frame = progress.snapshot(job.id)
        if frame:
            shown.add(frame.step)

    class ClipThatLooks(TinyClip):
        def encode_pixels(self, pixels):
            look()
            return super().encode_pixels(pixels)

    runner.run(job.id, load_models=models_with(ClipThatLooks()))
    look()
    assert {1, job.steps} <= shown
    assert len(shown) >= 8


def test_without_weights_the_job_fails_and_says_so(job, settings, tmp_path):
    settings.VQGAN_CHECKPOINT = str(tmp_path / "missing.ckpt")
    settings.VQGAN_CONFIG = str(tmp_path / "missing.yaml")
    runner.run(job.id)
    job.refresh_from_db()
    assert (job.state, job.failure) == (Job.State.FAILED, Job.Failure.MODELS)
    assert "missing" in job.error


def test_an_error_of_the_engine_fails_the_job_and_says_so(job):
    def run_out_of_memory():
        raise RuntimeError("not enough memory")

    runner.run(job.id, load_models=models_with(ClipThatDoes(run_out_of_memory, at_step=3)))
    job.refresh_from_db()
    assert (job.state, job.failure, job.error) == (Job.State.FAILED, Job.Failure.ENGINE, "not enough memory")
    assert not Image.objects.exists()


def test_an_error_that_nobody_foresaw_is_tried_again_then_given_up_with_its_details(job, settings):
    def trip():
        raise LookupError("no such thing")

    for attempt in range(1, settings.JOB_MAX_ATTEMPTS + 1):
        with pytest.raises(LookupError):
            runner.run(job.id, load_models=models_with(ClipThatDoes(trip, at_step=3)))
        job.refresh_from_db()
        assert (job.state, job.attempts) == (Job.State.QUEUED, attempt)
    runner.run(job.id, load_models=models_with(ClipThatDoes(trip, at_step=3)))
    job.refresh_from_db()
    assert (job.state, job.failure) == (Job.State.FAILED, Job.Failure.ATTEMPTS)
    assert job.error == "LookupError: no such thing"


def test_a_loss_that_is_no_number_fails_the_job(job):
    class BlindClip(TinyClip):
        def encode_pixels(self, pixels):
            return super().encode_pixels(pixels) * float("nan")

    runner.run(job.id, load_models=models_with(BlindClip()))
    job.refresh_from_db()
    assert (job.state, job.failure) == (Job.State.FAILED, Job.Failure.ENGINE)


def test_a_size_that_does_not_fit_the_decoder_fails_the_job(job):
    class CoarseVqgan(TinyVqgan):
        factor = 48

    runner.run(job.id, load_models=lambda: Models(vqgan=CoarseVqgan(), clip=TinyClip()))
    job.refresh_from_db()
    assert (job.state, job.failure) == (Job.State.FAILED, Job.Failure.SETTINGS)


def test_a_picture_that_the_gallery_refuses_fails_the_job(job, tiny_models, settings):
    settings.UPLOAD_MAX_BYTES = 10
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert (job.state, job.failure) == (Job.State.FAILED, Job.Failure.STORAGE)
    assert not Image.objects.exists()


def test_deleting_the_picture_leaves_the_job(job, tiny_models):
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    delete_image(image=job.image)
    job.refresh_from_db()
    assert (job.state, job.image) == (Job.State.DONE, None)


def test_a_task_for_a_job_that_is_gone_does_nothing(job):
    job_id = str(job.id)
    job.delete()
    tasks.run_job(job_id)
