"""Training runs for the pages of admins: what their folders say, read without torch."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from gallery.training.folder import NAME, RunError, RunFolder, all_runs

SAMPLES_SHOWN = 12
HIDDEN = ("command",)


@dataclass(frozen=True)
class Shown:
    """trouble: why it cannot be read, else empty. loss: the newest first number of its log, with its name."""

    run: RunFolder
    state: str
    config: dict[str, Any]
    summary: dict[str, Any]
    row: dict[str, float]
    changed_at: datetime
    trouble: str = ""

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def command(self) -> str:
        return str(self.config.get("command", ""))

    @property
    def step(self) -> int:
        return int(self.row.get("step", 0))

    @property
    def steps(self) -> int:
        return int(self.config.get("steps") or 0)

    @property
    def loss(self) -> tuple[str, float] | None:
        return next(((key, value) for key, value in self.row.items() if key not in {"step", "seconds"}), None)

    @property
    def settings(self) -> list[tuple[str, str]]:
        return [(key, _said(value)) for key, value in self.config.items() if key not in HIDDEN]

    @property
    def results(self) -> list[tuple[str, str]]:
        return [(key, _said(value)) for key, value in self.summary.items()]

    @property
    def has_curves(self) -> bool:
        return self.run.curves_file.is_file()

    @property
    def sample_steps(self) -> list[int]:
        """The newest first."""
        steps = [int(path.stem.removeprefix("step-")) for path in self.run.samples()]
        return steps[::-1][:SAMPLES_SHOWN]


def shown_runs() -> list[Shown]:
    return [_shown(run) for run in all_runs(settings.TRAINING_DIR)]


def find_run(name: str) -> Shown | None:
    """None for what is no name, and for what was never begun."""
    if not NAME.fullmatch(name):
        return None
    run = RunFolder(settings.TRAINING_DIR / name)
    return _shown(run) if run.config_file.is_file() else None


def file_inside(path: Path) -> bytes | None:
    """None for what is not there, and for a link that leads out of the folder of runs."""
    if not path.resolve().is_relative_to(settings.TRAINING_DIR.resolve()):
        return None
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return None


def _shown(run: RunFolder) -> Shown:
    changed = max(path.stat().st_mtime for path in (run.config_file, run.log_file) if path.is_file())
    changed_at = datetime.fromtimestamp(changed, UTC)
    try:
        rows = run.rows()
        row = rows[-1] if rows else {}
        return Shown(run, run.state, run.config(), run.summary(), row, changed_at)
    except RunError as error:
        return Shown(run, run.state, {}, {}, {}, changed_at, trouble=str(error))


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_said(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
