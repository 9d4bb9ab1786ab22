"""What test_queue_cluster.py tries: `python -m tests.clipweb.queue_cases NAME`, each in its own process.

The cases fork, which a process in which torch or a browser's driver has started threads must not do: the
child would wait for ever for a lock that one of these threads held.
"""

import multiprocessing
import os
import signal
import sys
import time

from clipweb.queue_cluster import CrashSafeQueue

SECONDS = 5

fork = multiprocessing.get_context("fork")


def put_what_comes(tasks, results):
    for task in iter(tasks.get, "STOP"):
        results.put((os.getpid(), task))


def kill_one_of_two_that_wait() -> bool:
    """Whether the other one still gets the task that comes then, each of the two being killed once."""
    for victim in (0, 1):
        tasks, results = CrashSafeQueue(), CrashSafeQueue()
        workers = [fork.Process(target=put_what_comes, args=(tasks, results), daemon=True) for _ in range(2)]
        for worker in workers:
            worker.start()
        time.sleep(0.3)  # both wait, one of them with the lock in its hands
        os.kill(workers[victim].pid, signal.SIGKILL)
        workers[victim].join()
        tasks.put("task")
        deadline = time.monotonic() + SECONDS
        while results.empty() and time.monotonic() < deadline:
            time.sleep(0.02)
        survived = not results.empty() and results.get() == (workers[1 - victim].pid, "task")
        workers[1 - victim].kill()
        workers[1 - victim].join()
        tasks.cancel_join_thread()
        if not survived:
            return False
    return True


def a_killed_worker_does_not_take_the_queue_with_it():
    assert kill_one_of_two_that_wait()


def every_task_is_taken_once_by_many_workers():
    tasks, results = CrashSafeQueue(maxsize=4), CrashSafeQueue()
    workers = [fork.Process(target=put_what_comes, args=(tasks, results), daemon=True) for _ in range(4)]
    for worker in workers:
        worker.start()
    for number in range(200):
        tasks.put(number)
    taken = sorted(results.get()[1] for _ in range(200))
    for worker in workers:
        worker.kill()
        worker.join()
    assert taken == list(range(200))


def a_worker_killed_while_it_writes_does_not_silence_the_others():
    results = CrashSafeQueue()
    holder = fork.Process(target=lambda: (results._wlock.acquire(), time.sleep(60)), daemon=True)
    holder.start()
    time.sleep(0.2)
    holder.kill()
    holder.join()
    results.put("result")
    deadline = time.monotonic() + SECONDS
    while not results._reader.poll() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert results.get() == "result"


if __name__ == "__main__":
    globals()[sys.argv[1]]()
