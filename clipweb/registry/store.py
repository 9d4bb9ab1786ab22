"""Models on this machine: one folder each in MODELS_DIR, with model.json, which has their checksums."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from clipweb.registry.catalogue import SHIPPED, Kind
from clipweb.registry.chosen import read_choice, write_json
from gallery.clip.checksums import WeightsError, file_sha256, verify_checksums
from gallery.models import Serving
from generator import perceptors

RECORD = "model.json"
BENCH = "bench.json"
STAGING = ".new-"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class RegistryError(Exception):
    """What was asked of the models cannot be done; the message is one sentence for a person, or a few."""


@dataclass(frozen=True)
class Installed:
    """A model that is here. files: SHA-256 by name. source_sha256: of the file that it came from."""

    name: str
    kind: Kind
    architecture: str
    layout: str
    source: str
    source_sha256: str
    licence: str = "not stated"
    languages: str = ""
    good_at: str = ""
    added_at: str = ""
    files: dict[str, str] = field(default_factory=dict)
    bytes: int = 0

    @property
    def folder(self) -> Path:
        return settings.MODELS_DIR / self.name


@dataclass(frozen=True)
class Used:
    """Names of the models that the settings lead to; `other` for a file outside of MODELS_DIR."""

    clip: str
    vqgan: str


def installed() -> list[Installed]:
    """By name. Raises RegistryError for a folder whose record is damaged."""
    return [_read(path) for path in sorted(settings.MODELS_DIR.glob(f"[!.]*/{RECORD}"))]


def find(name: str) -> Installed | None:
    return next((model for model in installed() if model.name == name), None)


def _read(path: Path) -> Installed:
    try:
        return Installed(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise RegistryError(f"{path} cannot be read ({error}): delete its folder.") from error


def check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise RegistryError(f"{name!r} is no name: write letters, digits, dots, dashes or underscores.")
    if name in {*(entry.name for entry in SHIPPED), perceptors.USUAL, *perceptors.MEMBERS}:
        raise RegistryError(f"{name} is the name of a model that comes with the repository.")
    if (settings.MODELS_DIR / name).exists():
        raise RegistryError(f"{name} is here already: remove it first, or give another name with --name.")


@contextmanager
def staging() -> Iterator[Path]:
    """A folder of its own for a model that is being put together; gone afterwards, whatever happens."""
    settings.MODELS_DIR.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=STAGING, dir=settings.MODELS_DIR))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def install(*, folder: Path, model: Installed) -> Installed:
    """Makes a folder of files a model that is here, in one step. Raises RegistryError for a taken name."""
    check_name(model.name)
    files = {path.name: file_sha256(path) for path in sorted(folder.iterdir())}
    model = replace(
        model,
        files=files,
        bytes=sum((folder / name).stat().st_size for name in files),
        added_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    (folder / RECORD).write_text(json.dumps(asdict(model), indent=2) + "\n", encoding="utf-8")
    folder.chmod(0o755)
    os.rename(folder, model.folder)
    return model


def check_removable(model: Installed) -> None:
    """Raises RegistryError for a model that is in use, also by searches that have not moved on yet."""
    now = used()
    if model.name in {now.clip, now.vqgan}:
        raise RegistryError(f"{model.name} is in use: choose another one with `manage.py models use` first.")
    if model.kind == "clip" and serves(model):
        raise RegistryError(
            f"Searches still use {model.name}: wait until every picture has a vector of the next model, "
            "as /models/ shows."
        )
    if model.kind == "clip" and judges(model):
        raise RegistryError(
            f"Pictures in the queue are judged by {model.name}: wait until they are made, or cancel them."
        )


def remove(model: Installed) -> None:
    """Raises RegistryError as check_removable()."""
    check_removable(model)
    doomed = model.folder.with_name(f"{STAGING}{model.name}.removed")
    os.rename(model.folder, doomed)  # first out of the list, then away
    shutil.rmtree(doomed)


def serves(model: Installed) -> bool:
    """Whether searches use it, or will when every picture has its vector."""
    ends = f"/{model.folder}"
    try:
        state = Serving.objects.select_related("current", "next").first()
    except DatabaseError:  # before the first migration
        return False
    return state is not None and any(
        each is not None and each.name.endswith(ends) for each in (state.current, state.next)
    )


def judges(model: Installed) -> bool:
    """Whether a picture that waits or is being made is to be judged by it."""
    try:
        return perceptors.is_wanted(model.name)
    except DatabaseError:  # before the first migration
        return False


def used() -> Used:
    choice = read_choice(settings.MODELS_DIR)
    clip, vqgan = choice.clip or "mini", choice.vqgan or "mini-vqgan"
    if settings.IS_CLIP_GIVEN:
        clip = settings.CLIP_MODEL if not settings.CLIP_PRETRAINED else _name_of(settings.CLIP_PRETRAINED)
    if settings.IS_VQGAN_GIVEN:
        vqgan = _name_of(str(Path(settings.VQGAN_CHECKPOINT).parent))
    return Used(clip, vqgan)


def _name_of(path: str) -> str:
    folder = Path(path)
    return folder.name if folder.parent == settings.MODELS_DIR else "other"


def damages(model: Installed) -> list[str]:
    """What is wrong with its files, one sentence each; empty when all are as they were installed."""
    found = []
    for name, digest in model.files.items():
        path = model.folder / name
        if not path.is_file():
            found.append(f"{path} is missing.")
        elif (now := file_sha256(path)) != digest:
            found.append(f"{path} was changed: its SHA-256 is {now}, it was {digest}.")
    return found


def shipped_damages(part: str) -> list[str]:
    """The same of a part of the pack that comes with the repository: `clip` or `vqgan`."""
    try:
        verify_checksums(settings.WEIGHTS_DIR / "mini" / part)
    except WeightsError as error:
        return [str(error)]
    return []


def benches() -> dict[str, dict[str, Any]]:
    """Measurements of this machine by model, newest of each."""
    try:
        return json.loads((settings.MODELS_DIR / BENCH).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise RegistryError(f"{settings.MODELS_DIR / BENCH} cannot be read ({error}): delete it.") from error


def write_bench(name: str, measured: dict[str, Any]) -> None:
    write_json(settings.MODELS_DIR / BENCH, {**benches(), name: measured})
