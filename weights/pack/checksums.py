"""SHA256SUMS of the pack: `sha256sum --check SHA256SUMS` inside weights/mini must pass."""

import fcntl
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

CHECKSUMS = "SHA256SUMS"


def write_checksums(pack: Path, changed: Iterable[str]) -> None:
    """Enter the files that were written, by their paths inside the pack, and keep the lines of all others.

    One process at a time: the pack's models may be trained side by side.
    """
    listing = pack / CHECKSUMS
    folder = os.open(pack, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        _enter(listing, pack, changed)
    finally:
        os.close(folder)  # gives the lock back


def _enter(listing: Path, pack: Path, changed: Iterable[str]) -> None:
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.exists() else []
    digests = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in changed:
        digests[name] = hashlib.sha256((pack / name).read_bytes()).hexdigest()
    partial = listing.with_suffix(".partial")
    partial.write_text("".join(f"{digests[name]}  {name}\n" for name in sorted(digests)), encoding="utf-8")
    os.replace(partial, listing)
