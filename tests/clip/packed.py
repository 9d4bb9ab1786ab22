"""Packages for tests: archives of the files that a test names."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path


def packed(folder: Path, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Path:
    """An archive with the files and the links (name: target) in it."""
    folder.mkdir(exist_ok=True)
    path = folder / "things.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for name, target in (links or {}).items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
    return path
