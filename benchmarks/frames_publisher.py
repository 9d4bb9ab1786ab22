"""The run of a job, as far as open pages can tell: benchmarks/frames.py starts it in a process of its own.

python -m benchmarks.frames_publisher OWNER FRAMES

Prints the job's id, waits for a line, publishes at the runner's pace, and prints {step: when it was encoded}.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from PIL import Image as Pillow

SIZE = 256  # pixels
CELL, BITS = 8, 16
PHOTO = "gallery/demo/chelsea.jpg"
NOISE = 4.0  # makes frames of some 30 KB; those of the shipped VQGAN have some 12


def main(owner: str, frames: int) -> None:
    import django

    django.setup(set_prefix=False)
    from gallery.models import User
    from generator import jobs, progress
    from generator.models import Job
    from generator.previews import PreviewPace

    # Past the queue, so that no worker takes it up.
    wish = {"prompt": "a cat", "seed": 1, "steps": frames, "width": SIZE, "height": SIZE}
    made = Job.objects.create(owner=User.objects.get(username=owner), **wish)
    job = jobs.claim(job_id=made.pk)
    if job is None:
        raise SystemExit("something else took the job up")
    print(job.id, flush=True)
    sys.stdin.readline()

    pictures = Pictures()
    encoded = {}
    begun = time.monotonic()
    for step in range(1, frames + 1):
        time.sleep(max(0.0, begun + step / PreviewPace.MOST_A_SECOND - time.monotonic()))
        loss = 1 / step
        jobs.record_step(job=job, step=step, loss=loss)
        picture = progress.encode_preview(pictures.after(step))
        encoded[step] = time.time()
        progress.publish(job.id, progress.Frame(step=step, total=frames, loss=loss, picture=picture))
    time.sleep(1)
    jobs.cancel(job_id=job.id)
    print(json.dumps({"encoded": encoded, "bytes": len(picture)}))


class Pictures:
    """A photo that comes out of noise, so that a frame is as large as one of the engine's."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        with Pillow.open(PHOTO) as photo:
            self._photo = np.asarray(photo.convert("RGB").resize((SIZE, SIZE)), dtype=np.float32)

    def after(self, step: int) -> np.ndarray:
        """(SIZE, SIZE, 3) uint8."""
        noise = self._rng.normal(0, NOISE, self._photo.shape)
        return marked((self._photo + noise).clip(0, 255).astype(np.uint8), step)


def marked(pixels: np.ndarray, step: int) -> np.ndarray:
    """The step as black and white cells at the lower edge, highest bit first, for frames_painted.js."""
    for bit, digit in enumerate(f"{step:0{BITS}b}"):
        pixels[-CELL:, bit * CELL : (bit + 1) * CELL] = 255 * int(digit)
    return pixels


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
