"""Every model that is known or here, in rows: for the command's list and for the page of admins."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from clipweb.registry import store
from clipweb.registry.catalogue import SHIPPED, Entry, Kind, entries
from clipweb.registry.store import Installed

IN_USE, HERE, KNOWN = "in use", "here", "known"


@dataclass(frozen=True)
class Row:
    """bytes: on the disk, None where nobody published it. images_per_second: None until it was measured."""

    name: str
    kind: Kind
    architecture: str
    state: str
    bytes: int | None
    licence: str
    languages: str
    good_at: str
    source: str
    images_per_second: float | None
    measured: str = ""  # how
    is_removable: bool = False  # here, and not of the repository


def rows() -> list[Row]:
    """In the catalogue's order, then what was added, by name. Raises RegistryError."""
    here = {model.name: model for model in store.installed()}
    used, benches = store.used(), store.benches()
    known = {entry.name for entry in entries()}
    added = [model for name, model in here.items() if name not in known]
    listed: list[Entry | Installed] = [*entries(), *added]
    found = []
    for entry in listed:
        is_here = entry in SHIPPED or entry.name in here
        is_used = is_here and entry.name == (used.clip if entry.kind == "clip" else used.vqgan)
        measured = benches.get(entry.name, {})
        found.append(
            Row(
                name=entry.name,
                kind=entry.kind,
                architecture=here[entry.name].architecture if entry.name in here else entry.architecture,
                state=IN_USE if is_used else HERE if is_here else KNOWN,
                bytes=here[entry.name].bytes if entry.name in here else _shipped_bytes(entry.name),
                licence=entry.licence,
                languages=entry.languages,
                good_at=entry.good_at,
                source=entry.source,
                images_per_second=measured.get("images_per_second"),
                is_removable=entry.name in here,
                measured=", ".join(str(measured[key]) for key in ("what", "at") if key in measured),
            )
        )
    return found


def _shipped_bytes(name: str) -> int | None:
    folders = {"mini": "clip", "mini-quick": "clip", "mini-vqgan": "vqgan"}
    if name not in folders:
        return None
    folder: Path = settings.WEIGHTS_DIR / "mini" / folders[name]
    return sum(path.stat().st_size for path in folder.iterdir())
