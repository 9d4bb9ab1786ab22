"""Rebuilds the whole pack from the pinned packages: `python -m weights.pack.build` (`make pack`).

Each stage is a command of its own, in a process of its own, and goes on where a stopped run left off.
"""

import argparse
import os
import subprocess
import sys
import time

STAGES = {
    "data": "fetch, verify, render, name and split the artwork",
    "demo": "the demo gallery's pictures",
    "clip": "train the dual encoder",
    "vqgan": "train the picture generator",
    "evaluate": "score the dual encoder",
    "vqgan_eval": "score the picture generator",
}


def run_stage(stage: str, *, threads: int) -> float:
    """Runs one stage and returns its seconds; a failing stage ends the build with its exit status."""
    started = time.monotonic()
    # glibc gives large blocks back to the system after each use; keeping them saves a third of the time.
    keep_memory = {"MALLOC_MMAP_THRESHOLD_": "2000000000", "MALLOC_TRIM_THRESHOLD_": "2000000000"}
    environment = os.environ | keep_memory | {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run([sys.executable, "-m", f"weights.pack.{stage}"], env=environment, check=False)
    if done.returncode != 0:
        raise SystemExit(done.returncode)
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="*", choices=[*STAGES, []], help="only these; all of them by default")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    stages = options.stages or list(STAGES)
    seconds = {}
    for number, stage in enumerate(stages, 1):
        print(f"[{number}/{len(stages)}] {stage}: {STAGES[stage]}", flush=True)
        seconds[stage] = run_stage(stage, threads=options.threads)
    for stage, taken in seconds.items():
        print(f"{stage:10} {taken / 60:6.1f} min")


if __name__ == "__main__":
    main()
