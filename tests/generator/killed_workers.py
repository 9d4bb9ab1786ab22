"""Workers that are killed in the middle of a picture: `python -m tests.generator.killed_workers STEP…`.

They are forked from this process, which one whose torch has started threads must not do.
"""

import os
import signal
import sys

import django

django.setup()

from django.db import connection  # noqa: E402
from django_q.models import OrmQ  # noqa: E402

from generator import jobs, recovery, tasks  # noqa: E402, F401 — what a cluster imports before it forks
from generator.models import Job  # noqa: E402
from generator.runner import run_next  # noqa: E402
from tests.generator.runs import ClipThatDoes, fall_silent, models_with  # noqa: E402


def kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work_until(step: int) -> int:
    """Take one task of the queue in a new process, which is killed in the nth step of its run, or never (0).
    The signal that ended it."""
    OrmQ.objects.filter(key=jobs.QUEUE).first().delete()
    connection.close()
    if (pid := os.fork()) == 0:
        run_next(load_models=models_with(ClipThatDoes(kill_this_process, at_step=step)))
        os._exit(0)
    return os.WTERMSIG(os.waitpid(pid, 0)[1])


def main(steps: list[int]) -> None:
    for step in steps:
        assert work_until(step) == signal.SIGKILL
        fall_silent(Job.objects.running().get())
        assert recovery.requeue_stale() == 1
    assert work_until(0) == 0


if __name__ == "__main__":
    main([int(step) for step in sys.argv[1:]])
