"""Rebuilds the whole pack from the pinned packages: `python -m weights.pack.build` (`make pack`).

Each stage is a command of its own, in a process of its own, and goes on where a stopped run left off.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence

STAGES = {
    "data": "fetch, verify, render, name and split the artwork",
    "demo": "the demo gallery's pictures",
    "clip": "train the dual encoder's first image tower",
    "vqgan": "train the picture generator",
    "members": "train the projections of its other image towers",
    "codes": "the artwork as codes of the picture generator",
    "transformer": "train the transformer that draws with them",
    "vqgan_eval": "score the picture generator and draw its sheet",
    "transformer_eval": "draw the transformer's sheets and score them",
    "evaluate": "score both beside chance and baseline",
}
# Neither training needs the other, and two of one thread each are faster than one of two after the other.
SIDE_BY_SIDE = {"clip", "vqgan"}
# glibc gives large blocks back to the system after each use; keeping them saves a third of the time.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "2000000000", "MALLOC_TRIM_THRESHOLD_": "2000000000"}


def run_stages(stages: Sequence[str], *, threads: int) -> dict[str, float]:
    """Runs the stages at the same time and returns the seconds of each.

    A failing stage ends the build with its exit status; the others are ended too, and go on the next time.
    """
    share = max(1, threads // len(stages))
    environment = os.environ | KEEP_MEMORY | {"OMP_NUM_THREADS": str(share)}
    started = time.monotonic()
    running = {
        stage: subprocess.Popen([sys.executable, "-m", f"weights.pack.{stage}"], env=environment)
        for stage in stages
    }
    seconds: dict[str, float] = {}
    try:
        while len(seconds) < len(running):
            time.sleep(0.2)
            for stage in running.keys() - seconds.keys():
                status = running[stage].poll()
                if status:
                    raise SystemExit(status)
                if status == 0:
                    seconds[stage] = time.monotonic() - started
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="*", choices=[*STAGES, []], help="only these; all of them by default")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    wanted = options.stages or list(STAGES)
    groups = [[stage] for stage in wanted if stage not in SIDE_BY_SIDE]
    if together := [stage for stage in wanted if stage in SIDE_BY_SIDE]:
        groups.insert(sum(stage in {"data", "demo"} for stage in wanted), together)
    seconds: dict[str, float] = {}
    for number, group in enumerate(groups, 1):
        titles = "; ".join(f"{stage}: {STAGES[stage]}" for stage in group)
        print(f"[{number}/{len(groups)}] {titles}", flush=True)
        seconds |= run_stages(group, threads=options.threads)
    for stage, taken in seconds.items():
        print(f"{stage:10} {taken / 60:6.1f} min")


if __name__ == "__main__":
    main()
