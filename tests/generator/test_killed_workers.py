"""A picture whose workers are killed again and again has the bytes of one that nobody disturbed."""

import os
import random
import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.db import connection

from generator import runner
from generator.models import Job
from tests.generator.runs import bytes_of
from tests.generator.wishes import ask

STEPS = 60
KILLS = 5


@pytest.mark.django_db(transaction=True)
def test_killed_at_five_random_steps_the_picture_is_the_same(alice, bob, tiny_models, settings, tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("the other process is given the file of the database")
    job = ask(alice, steps=STEPS)
    # Past the first checkpoint of each run: three in a row that get no further are given up.
    at_steps = [random.randint(11, 15) for _ in range(KILLS)]
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "CLIPWEB_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "clipweb.settings",
        "TORCH_THREADS": str(settings.TORCH_THREADS),
    }
    command = [sys.executable, "-m", "tests.generator.killed_workers", *map(str, at_steps)]
    ended = subprocess.run(
        command, cwd=django_settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, f"killed at {at_steps}:\n{ended.stderr}"
    job.refresh_from_db()
    assert (job.state, job.step) == (Job.State.DONE, STEPS)
    assert ended.stderr.count(", from step ") == KILLS + 1

    undisturbed = ask(bob, steps=STEPS)
    runner.run(undisturbed.id, load_models=tiny_models)
    undisturbed.refresh_from_db()
    assert bytes_of(job.image) == bytes_of(undisturbed.image)
