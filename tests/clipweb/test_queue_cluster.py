"""The queue between a cluster's processes outlives the death of any of them."""

import os
import subprocess
import sys

import pytest

from tests.processes import ROOT

SECONDS = 60


@pytest.mark.parametrize(
    "case",
    [
        "a_killed_worker_does_not_take_the_queue_with_it",
        "every_task_is_taken_once_by_many_workers",
        "a_worker_killed_while_it_writes_does_not_silence_the_others",
    ],
)
def test_the_queue_between_processes(case: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "clipweb.settings"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.clipweb.queue_cases", case],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
