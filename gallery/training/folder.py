"""The folder of one training run: its frozen settings, its state, and where everything lies. No torch."""

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SAMPLE = re.compile(r"step-\d{6,}\.png")

State = Literal["running", "done", "stopped"]


class RunError(Exception):
    """A run cannot be begun or gone on with; the message is for a person."""


@dataclass(frozen=True)
class RunFolder:
    """path: var/training/NAME, made when something is written."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def config_file(self) -> Path:
        return self.path / "config.json"

    @property
    def log_file(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def checkpoint_file(self) -> Path:
        return self.path / "checkpoint.pt"

    @property
    def curves_file(self) -> Path:
        return self.path / "curves.svg"

    @property
    def summary_file(self) -> Path:
        return self.path / "summary.json"

    @property
    def samples_folder(self) -> Path:
        return self.path / "samples"

    def sample_file(self, step: int) -> Path:
        return self.samples_folder / f"step-{step:06}.png"

    def samples(self) -> list[Path]:
        """Sample grids, first step first."""
        found = self.samples_folder.glob("step-*.png")
        return sorted(path for path in found if SAMPLE.fullmatch(path.name))

    def config(self) -> dict[str, Any]:
        """What the run was begun with; empty before. Raises RunError for a damaged file."""
        return read_json(self.config_file)

    def summary(self) -> dict[str, Any]:
        """How it ended; empty before."""
        return read_json(self.summary_file)

    def rows(self) -> list[dict[str, float]]:
        """The lines of the log; one that is being written just now is left out."""
        try:
            lines = self.log_file.read_text(encoding="utf-8").split("\n")[:-1]
            return [json.loads(line) for line in lines]
        except FileNotFoundError:
            return []
        except ValueError as error:
            raise RunError(f"{self.log_file} cannot be read: {error}.") from error

    def settle(self, *, command: str, given: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
        """The settings of this run: frozen in config.json when it begins, read from there when it goes on.

        given: what the person asked for, None for what was left out: on a run that goes on, that is what it
        was begun with. Raises RunError that lists what is asked for otherwise.
        """
        asked = {name: plain(value) for name, value in given.items() if value is not None}
        frozen = self.config()
        if not frozen:
            config = {"command": command, **plain(defaults), **asked}
            write_json(self.config_file, config)
            return config
        wrong = [
            f"{name} is {_said(frozen.get(name))} there and {_said(value)} now"
            for name, value in {"command": command, **asked}.items()
            if frozen.get(name) != value
        ]
        if wrong:
            raise RunError(
                f"{self.path} was begun with other settings: {'; '.join(wrong)}. Leave these out to go on "
                "with it, or give the new run another name."
            )
        return frozen

    @property
    def state(self) -> State:
        """Running as long as a process holds it; a killed one lets go by itself."""
        if self.is_held():
            return "running"
        return "done" if self.summary_file.exists() else "stopped"

    def is_held(self) -> bool:
        try:
            descriptor = os.open(self.path / "lock", os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    @contextmanager
    def held(self) -> Iterator[None]:
        """One process at a time. Raises RunError while another one works on this run."""
        if self.is_held():
            raise RunError(f"{self.path} is being worked on by another process.")
        self.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # a reader holds it for a moment only
            yield
        finally:
            os.close(descriptor)

    def finish(self, summary: dict[str, Any]) -> None:
        """Writes summary.json: the run is done."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        write_json(self.summary_file, {"finished_at": at, **plain(summary)})


def run_folder(root: Path, name: str) -> RunFolder:
    """Raises RunError for what is no name of a run."""
    if not NAME.fullmatch(name):
        raise RunError(f"{name!r} is no name: write letters, digits, dots, dashes or underscores.")
    return RunFolder(root / name)


def all_runs(root: Path) -> list[RunFolder]:
    """Those that were begun, the newest first."""
    files = [path for path in root.glob("*/config.json") if NAME.fullmatch(path.parent.name)]
    return [RunFolder(path.parent) for path in sorted(files, key=lambda path: -path.stat().st_mtime)]


def new_name(kind: str) -> str:
    """`vqgan-20260102-030405`."""
    return f"{kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}"


def plain(value: Any) -> Any:
    """As JSON gives it back: tuples are lists, paths are words."""
    return json.loads(json.dumps(value, default=str))


def _said(value: Any) -> str:
    return "not set" if value is None else json.dumps(value)


def read_json(path: Path) -> dict[str, Any]:
    """Empty while there is no file. Raises RunError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise RunError(f"{path} cannot be read: {error}.") from error


def write_json(path: Path, content: dict[str, Any]) -> None:
    write_whole(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_whole(path: Path, content: str) -> None:
    """Whole or not at all: pages may read it at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(content, encoding="utf-8")
    os.replace(partial, path)
