"""Asks proof.py, in a process of its own, which alone has torch."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

from clipweb.registry.catalogue import Kind
from clipweb.registry.store import RegistryError


def import_model(
    *, source: Path, target: Path, architecture: str = "", tag: str = "", config: Path | None = None
) -> dict[str, Any]:
    """Recognises the file, writes it in the layout that is kept, loads that once. Raises RegistryError."""
    options = {"--architecture": architecture, "--tag": tag, "--config": config}
    given = [str(part) for option in options.items() if option[1] for part in option]
    return _ask("import", str(source.resolve()), str(target), *given)


def measure(*, kind: Kind, name: str, path: Path | None, seconds: float, threads: int) -> dict[str, Any]:
    given = ["--path", str(path)] if path else []
    return _ask("measure", kind, name, "--seconds", str(seconds), "--threads", str(threads), *given)


def _ask(*arguments: str) -> dict[str, Any]:
    finished = subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-m", "clipweb.registry.proof", *arguments],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = finished.stdout.strip().splitlines()
    try:
        report = json.loads(lines[-1])
    except (IndexError, ValueError):
        raise RegistryError(_end_of(finished)) from None
    if "error" in report:
        raise RegistryError(report["error"])
    return report


def _end_of(finished: subprocess.CompletedProcess[str]) -> str:
    if finished.returncode < 0:
        name = signal.Signals(-finished.returncode).name
        return f"Loading the model was ended by {name}: most likely there is too little memory."
    last = (finished.stderr.strip().splitlines() or ["no word of why"])[-1]
    return f"Loading the model failed: {last}"
