"""The pack's one checksum file: `weights/mini/SHA256SUMS`, in the format of sha256sum."""

import hashlib
from pathlib import Path

SUMS = "SHA256SUMS"


class WeightsError(Exception):
    """Model weights are missing, damaged or of another model. The message says what to do."""


def file_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify_checksums(part: Path) -> dict[str, str]:
    """Checks every file that `SHA256SUMS`, one folder up, lists for one part of the pack.

    part: the part's folder, `weights/mini/clip`. Returns the SHA-256 by file name.
    Raises WeightsError when the list, or a listed file, is missing or differs.
    """
    restore = "Restore it with `git checkout -- weights/mini`, or rebuild the pack with `make pack`."
    sums = part.parent / SUMS
    if not sums.is_file():
        raise WeightsError(f"{sums} is missing. {restore}")
    listed: dict[str, str] = {}
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        if name.startswith(f"{part.name}/"):
            listed[name.removeprefix(f"{part.name}/")] = digest
    if not listed:
        raise WeightsError(f"{sums} lists no file of {part.name}/. {restore}")
    for name, digest in listed.items():
        path = part / name
        if not path.is_file():
            raise WeightsError(f"{path} is missing. {restore}")
        if file_sha256(path) != digest:
            raise WeightsError(f"{path} is not the file that {SUMS} names: its SHA-256 differs. {restore}")
    return listed
