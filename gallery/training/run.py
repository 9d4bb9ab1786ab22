"""Taking the steps of a run: logged, saved, sampled, and stopped at a word."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image
from tqdm import tqdm

from gallery.training.checkpoint import unmoved_random_states
from gallery.training.curves import draw_curves
from gallery.training.folder import RunFolder, write_whole
from gallery.training.log import Log, Say
from gallery.training.samples import save_picture
from gallery.training.stopping import stop_requested


class Trained(Protocol):
    """What takes the steps. `save` and `restore` are called between steps; see `checkpoint` for both."""

    step: int  # steps taken

    def train(self) -> Iterator[dict[str, float]]:
        """Takes the remaining steps, yielding `step`, from 1 on, and the numbers of each after it."""
        ...

    def save(self, path: Path) -> None: ...

    def restore(self, path: Path) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often what is done beside the steps."""

    log_every: int = 20  # steps a line
    sample_every: int = 100  # steps
    save_seconds: float = 180.0  # between checkpoints


def take_steps(
    folder: RunFolder,
    trained: Trained,
    *,
    steps: int,
    pace: Pace | None = None,
    newest: Sequence[str] = (),
    sample: Callable[[], Image.Image] | None = None,
    saved: Callable[[], None] | None = None,
    say: Say | None = None,
) -> bool:
    """Goes on from the checkpoint, if there is one, to the last step: then True.

    False when SIGINT or SIGTERM came first: the step was finished and saved, and the same call goes on with
    the same numbers as without the interruption. steps: of the whole run. newest: numbers that the log takes
    from the last step of a line rather than as a mean. sample: a picture of what the model does now. saved:
    called after each checkpoint but the last. say: gets the log's lines, instead of a bar in the terminal.
    Raises RunError while another process works on the folder.
    """
    pace = pace or Pace()
    with folder.held(), stop_requested() as stop:
        if folder.checkpoint_file.exists():
            trained.restore(folder.checkpoint_file)
        log = Log(folder, trained.step, every=pace.log_every, newest=newest, say=say)
        saved_at = time.monotonic()
        with _bar(folder, trained.step, steps, hidden=say is not None) as bar:
            for numbers in trained.train():
                log.add(numbers)
                _show(bar, numbers)
                if sample and (trained.step % pace.sample_every == 0 or trained.step == steps):
                    _keep_sample(folder, trained.step, sample)
                if trained.step < steps and (stop or time.monotonic() - saved_at > pace.save_seconds):
                    _save(folder, trained, log)
                    if saved:
                        saved()
                    saved_at = time.monotonic()
                if stop and trained.step < steps:
                    return False
        log.close()
        _save(folder, trained, log)
    return True


def _bar(folder: RunFolder, step: int, steps: int, *, hidden: bool) -> "tqdm[None]":
    return tqdm(
        total=steps,
        initial=step,
        desc=folder.name,
        unit="step",
        disable=hidden,
        mininterval=0.5 if sys.stderr.isatty() else 10,
    )


def _show(bar: "tqdm[None]", numbers: dict[str, float]) -> None:
    first = next((f"{key} {value:.3f}" for key, value in numbers.items() if key != "step"), "")
    bar.set_postfix_str(first, refresh=False)
    bar.update()


def _keep_sample(folder: RunFolder, step: int, sample: Callable[[], Image.Image]) -> None:
    with unmoved_random_states():
        save_picture(sample(), folder.sample_file(step))


def _save(folder: RunFolder, trained: Trained, log: Log) -> None:
    log.keep_window(trained.step)
    trained.save(folder.checkpoint_file)
    write_whole(folder.curves_file, draw_curves(folder.rows()))
