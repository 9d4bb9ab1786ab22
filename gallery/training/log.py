"""What every few steps lost, one JSON object a line."""

import json
import time
from collections.abc import Callable, Sequence

from gallery.training.folder import RunFolder, read_json, write_json

Say = Callable[[str], None]
DIGITS = 5  # behind the point


class Log:
    """Means of every few steps' numbers; those in `newest` are written as the last step gave them."""

    def __init__(
        self,
        folder: RunFolder,
        step: int,
        *,
        every: int = 20,
        newest: Sequence[str] = (),
        say: Say | None = None,
    ) -> None:
        """Goes on after `step`: lines of steps that a stopped run took but did not save are dropped.

        every: steps a line. say: also gets each line, in words.
        """
        kept = [row for row in folder.rows() if row["step"] <= step]
        folder.path.mkdir(parents=True, exist_ok=True)
        lines = (f"{json.dumps(row)}\n" for row in kept)
        folder.log_file.write_text("".join(lines), encoding="utf-8")
        self.path = folder.log_file
        self.every, self.newest, self.say = every, newest, say
        self.started = time.monotonic()
        self.seconds_before = kept[-1]["seconds"] if kept else 0.0
        self.last_row = kept[-1] if kept else {}
        self._window_file = folder.path / "window.json"
        begun = read_json(self._window_file)
        self.window: list[dict[str, float]] = begun["rows"] if begun.get("step") == step else []

    @property
    def seconds(self) -> float:
        """Training time over all sittings."""
        return self.seconds_before + time.monotonic() - self.started

    def add(self, numbers: dict[str, float]) -> None:
        """Collect one step; every so many steps, write their means."""
        self.window.append(numbers)
        if int(numbers["step"]) % self.every == 0:
            self._write(numbers)

    def keep_window(self, step: int) -> None:
        """Saves what the next line has so far, so that a run which goes on writes the same line."""
        write_json(self._window_file, {"step": step, "rows": self.window})

    def close(self) -> None:
        """The last steps, fewer than a line wants."""
        if self.window:
            self._write(self.window[-1])

    def _write(self, numbers: dict[str, float]) -> None:
        row = {key: round(self._mean(key), DIGITS) for key in numbers} | {"step": int(numbers["step"])}
        row |= {key: numbers[key] for key in self.newest if key in numbers}
        row |= {"seconds": round(self.seconds, 1)}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        if self.say:
            self.say(" ".join(f"{key} {value:.4g}" for key, value in row.items()))
        self.last_row = row
        self.window.clear()

    def _mean(self, key: str) -> float:
        """Of the steps that have it: a phase of training may begin within the window."""
        values = [row[key] for row in self.window if key in row]
        return sum(values) / len(values)
