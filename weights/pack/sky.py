"""Photographs of the sky: Stellarium's galaxies and nebulae, told apart by the OpenNGC catalogue."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from weights.pack.objects import Object
from weights.pack.packages import Package, read_members

CATALOGUE = "pyongc"  # the package that has it
_PICTURES = "./usr/share/stellarium/nebulae/default/"
_NUMBER = re.compile(r"(m|n|ic)(\d+)")  # Messier's, of the New General Catalogue, of the Index Catalogue
_LETTERS = {"NGC": "n", "IC": "ic"}
_NAME = re.compile(rf"({'|'.join(_LETTERS)})(\d+)")
_KINDS = {  # of OpenNGC's table objTypes
    **dict.fromkeys(("G", "GPair", "GTrpl", "GGroup"), "galaxy"),
    **dict.fromkeys(("PN", "HII", "EmN", "Neb", "RfN", "SNR"), "nebula"),
    "Cl+N": "nebula",
}  # star clusters are a held-out concept: so many alike would be half of all held-out objects


def read_sky(package: Package, archive: Path, catalogue: Path) -> Iterator[Object]:
    """`m31.png` is a galaxy; pictures of what has no number in these catalogues are left out."""
    kinds = read_kinds(catalogue)
    files = read_members(archive, lambda name: name.startswith(_PICTURES) and name.endswith(".png"))
    for path, data in sorted(files.items()):
        name = PurePosixPath(path).stem
        number = _NUMBER.match(name)
        kind = kinds.get((number[1], int(number[2]))) if number else None
        if kind is not None:
            yield Object(name, data, kind, author=package.author)


def read_kinds(catalogue: Path) -> dict[tuple[str, int], str]:
    """What each numbered thing in the sky is, by the letter of its catalogue and its number."""
    (data,) = read_members(catalogue, lambda name: name.endswith("/ongc.db")).values()
    database = sqlite3.connect(":memory:")
    database.deserialize(data)
    kinds = {}
    for name, kind, messier in database.execute("SELECT name, type, messier FROM objects"):
        if kind not in _KINDS:
            continue
        if messier:
            kinds["m", int(messier)] = _KINDS[kind]
        if number := _NAME.fullmatch(name):
            kinds[_LETTERS[number[1]], int(number[2])] = _KINDS[kind]
    database.close()
    return kinds
