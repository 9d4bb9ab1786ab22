"""How a model comes here: fetched by its name, or added from a file."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from clipweb.registry import proving, store
from clipweb.registry.catalogue import Entry, entries
from clipweb.registry.catalogue import find as find_entry
from clipweb.registry.downloading import NotFoundError, download, new_client
from clipweb.registry.store import Installed, RegistryError
from gallery.clip.checksums import file_sha256

PARTS = ".parts"  # what is on its way, kept where it broke off
# The hub's repositories have one or the other; open_clip asks in this order too.
HUB_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
COPIES = 2  # what arrives, and what is kept of it

Say = Callable[[str], None]


def fetch(*, entry: Entry, say: Say) -> Installed:
    """Downloads, checks, loads once, installs. Raises RegistryError; a .part may stay, and it says so."""
    if entry.is_shipped:
        raise RegistryError(f"{entry.name} comes with the repository.")
    store.check_name(entry.name)
    if not (entry.url or entry.hub):
        raise RegistryError(
            f"{entry.name} is only published on a page for people, {entry.page}: take {entry.files} from "
            f"there, then `manage.py models add last.ckpt --config THE.yaml --name {entry.name}`."
        )
    folder = settings.MODELS_DIR / PARTS / entry.name
    with new_client() as client:
        weights = _weights(entry, folder, client)
        for url, name in _further(entry):
            if not (folder / name).is_file():
                download(url, folder / name, client=client)
    say("loading it once …")
    config = folder / "config.yaml" if entry.kind == "vqgan" else None
    model = _install(
        weights, name=entry.name, entry=entry, tag=entry.tag, architecture=entry.architecture, config=config
    )[0]
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    return model


def _weights(entry: Entry, folder: Path, client: Any) -> Path:
    if entry.url:
        target = folder / ("weights.ckpt" if entry.kind == "vqgan" else entry.url.rpartition("/")[2])
        if target.is_file():  # arrived and was checked, but could not be loaded
            return target
        return download(entry.url, target, sha256=entry.sha256, copies=COPIES, client=client)
    from huggingface_hub import hf_hub_url

    for name in HUB_WEIGHTS:
        if (folder / name).is_file():
            return folder / name
        try:
            return download(hf_hub_url(entry.hub, name), folder / name, copies=COPIES, client=client)
        except NotFoundError:
            continue
    raise NotFoundError(f"{entry.source} has neither {' nor '.join(HUB_WEIGHTS)} any more.")


def _further(entry: Entry) -> list[tuple[str, str]]:
    """(address, name) of what belongs to the weights."""
    if entry.yaml:
        return [(entry.yaml, "config.yaml")]
    if not entry.also:
        return []
    from huggingface_hub import hf_hub_url

    return [(hf_hub_url(entry.hub, name), name) for name in entry.also]


def add(
    *, path: Path, name: str = "", architecture: str = "", config: Path | None = None, licence: str = ""
) -> tuple[Installed, str]:
    """Recognises a local file or folder, loads it once, installs it. Returns the model and a note, or "".

    A file that was published under a known name gets it, and has to be that file. Raises RegistryError.
    """
    if not path.exists():
        raise RegistryError(f"There is no {path}.")
    for given in (name,) if name else ():
        store.check_name(given)
    digest = file_sha256(path) if path.is_file() else ""
    entry = _published(name, digest, path)
    return _install(
        path,
        name=name or (entry.name if entry else _default_name(path)),
        entry=entry,
        tag=entry.tag if entry and entry.kind == "clip" else "",
        architecture=architecture or (entry.architecture if entry and entry.kind == "clip" else ""),
        config=config,
        licence=licence,
    )


def _published(name: str, digest: str, path: Path) -> Entry | None:
    by_digest = next((each for each in entries() if each.sha256 and each.sha256 == digest), None)
    entry = find_entry(name) if name else by_digest
    if entry and entry.sha256 and digest and entry.sha256 != digest:
        raise RegistryError(
            f"{path} is not the file that was published as {entry.name}: its SHA-256 is {digest}, not "
            f"{entry.sha256}. If it is meant, give it a name of its own with --name."
        )
    return entry


def _default_name(path: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", path.name if path.is_dir() else path.stem).strip(".-_") or "model"


def _install(
    source: Path,
    *,
    name: str,
    entry: Entry | None,
    tag: str,
    architecture: str,
    config: Path | None,
    licence: str = "",
) -> tuple[Installed, str]:
    store.check_name(name)
    is_clip = entry is None or entry.kind == "clip"
    with store.staging() as folder:
        report = proving.import_model(
            source=source,
            target=folder,
            architecture=architecture if is_clip else "",
            tag=tag,
            config=config,
        )
        model = Installed(
            name=name,
            kind=report["kind"],
            architecture=report["architecture"],
            layout=report["layout"],
            source=entry.source if entry else str(source.resolve()),
            source_sha256=file_sha256(source) if source.is_file() else "",
            licence=licence or (entry.licence if entry else "not stated"),
            languages=entry.languages if entry else "",
            good_at=entry.good_at if entry else "",
        )
        return store.install(folder=folder, model=model), report["note"]
