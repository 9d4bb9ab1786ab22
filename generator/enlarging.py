"""Drawing a finished picture again at twice its size: the studio's form, filled in for a shorter run that
starts from the picture, holds to it, and looks at smaller parts of it."""

from typing import Any

from generator.engine.prompts import PromptError, last_scene
from generator.forms import SIZES, initial_of, sides_of
from generator.models import Job

TIMES = 2
STEPS = 40
OPTIONS = {
    "learning_rate": 0.05,  # details change, not what there is
    "cutout_smallest": 0.3,  # so that details are seen
    "init_weight": 10.0,
    "init_distance": "pixels",
}
_OF_THE_START = ("start", "start_colour", "init_opacity", "learning_rate_drops", "patience")
_OF_OVERLAYS = ("overlay_picture", "overlay_opacity", "overlay_every", "overlay_offset", "overlay_until")
_OF_ZOOMS = ("zoom_every", "zoom_scale", "zoom_shift_x", "zoom_shift_y", "zoom_start")
_DROPPED = frozenset({*_OF_THE_START, *_OF_OVERLAYS, *_OF_ZOOMS})


def may_enlarge(job: Job) -> bool:
    """Whether there is a picture, and a size on offer that is twice its own."""
    if job.state != Job.State.DONE or job.picture is None:
        return False
    wished = _initial(job)
    size, shape = wished["size"], wished["shape"]
    is_on_offer = size in SIZES and TIMES * size in SIZES
    return is_on_offer and sides_of(size, shape) == (job.width, job.height)


def initial_for(job: Job) -> dict[str, Any]:
    """What the form begins with. `job`: one that may be enlarged."""
    wished = _initial(job)
    kept = {name: value for name, value in wished.items() if name not in _DROPPED}
    return {
        **kept,
        "prompt": _ending(job.prompt),
        "size": TIMES * wished["size"],
        "steps": STEPS,
        "quality": "own",
        "init_picture": str(job.image_id),
        **OPTIONS,
    }


def _initial(job: Job) -> dict[str, Any]:
    return initial_of(job.prompt, job.width, job.height, job.steps, job.options)


def _ending(prompt: str) -> str:
    """Of a story the last scene, which the picture shows."""
    try:
        return last_scene(prompt)
    except PromptError:  # asked for before prompts had a notation
        return prompt
