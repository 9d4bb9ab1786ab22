"""GCompris's photographs: out of Qt's resource files, with what their READMEs say of authors and licences."""

import struct
import zlib
from pathlib import Path, PurePosixPath

import pytest

from tests.clip.packed import packed
from weights.pack.gcompris import read_credits, read_gcompris, read_resources
from weights.pack.packages import Package, PackageError

PACKAGE = Package("gcompris", "debian", "gcompris", "1", "things.tgz", "", "GPL-3.0-or-later", "Everyone", "")
TOOLS = "gcompris/gcompris/src/activities/categorization/resource/images/tools"
README = b"""Copyright: Ann
Source: https://example.org/hammer
License: CC0-1.0
Files:
hammer2.webp

Copyright: Bo
License: CC-BY-SA-4.0
Comments: cropped
Files: wrench.webp
"""


def resources(files: dict[str, bytes], *, version: int, compressed: bool = False) -> bytes:
    """What `rcc --binary` makes of these files: nodes level by level, each folder's next to each other."""
    folder: dict = {}
    for path, data in files.items():
        *parents, name = path.split("/")
        inside = folder
        for parent in parents:
            inside = inside.setdefault(parent, {})
        inside[name] = data
    contents, names = b"", struct.pack(">HI", 0, 0)
    nodes: list[tuple[str, dict | bytes]] = [("", folder)]
    rows: list[bytes] = []
    while len(rows) < len(nodes):
        name, content = nodes[len(rows)]
        at = len(names) if name else 0
        if name:
            names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
        if isinstance(content, dict):
            row = struct.pack(">IHII", at, 2, len(content), len(nodes))
            nodes += content.items()
        else:
            row = struct.pack(">IHII", at, int(compressed), 0, len(contents))
            packed = struct.pack(">I", len(content)) + zlib.compress(content) if compressed else content
            contents += struct.pack(">I", len(packed)) + packed
        rows.append(row + (bytes(8) if version >= 2 else b""))
    tree, start = b"".join(rows), 20
    offsets = (start, start + len(tree), start + len(tree) + len(contents))
    return b"qres" + struct.pack(">4I", version, *offsets) + tree + contents + names


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("compressed", [False, True])
def test_the_files_of_a_resource_come_out_as_they_went_in(version, compressed):
    files = {"a/b/one.txt": b"one", "a/b/two.txt": b"two" * 50, "a/c.txt": b"", "å.txt": b"three"}
    made = resources(files, version=version, compressed=compressed)
    assert read_resources(made) == {f"/{path}": data for path, data in files.items()}


def test_another_kind_of_file_is_refused():
    with pytest.raises(PackageError, match="qres"):
        read_resources(b"PK\x03\x04" + bytes(40))


def test_a_readme_says_whose_each_file_is():
    credits = read_credits(README.decode(), PurePosixPath("/tools"))
    assert credits == {
        "/tools/hammer2.webp": ("Ann", "CC0-1.0"),
        "/tools/wrench.webp": ("Bo", "CC-BY-SA-4.0"),
    }


def archive(folder: Path, files: dict[str, bytes]) -> Path:
    return packed(folder, {"./usr/share/gcompris-qt/rcc/categorization.rcc": resources(files, version=2)})


def test_photographs_are_named_by_their_files_and_belong_to_their_authors(tmp_path):
    files = {
        f"{TOOLS}/README": README,
        f"{TOOLS}/hammer2.webp": b"pixels",
        f"{TOOLS}/screwDriver1.webp": b"more pixels",
        f"{TOOLS}/drawing.svg": b"<svg/>",
        f"{TOOLS.replace('images/tools', 'boards')}/hammer.webp": b"a board",
    }
    hammer, driver = read_gcompris(PACKAGE, archive(tmp_path, files))
    assert (hammer.label, hammer.keywords, hammer.data) == ("hammer", ("tool",), b"pixels")
    assert (hammer.author, hammer.licence) == ("Ann", "CC0-1.0")
    # One that no README names is the package's.
    assert (driver.label, driver.author, driver.licence) == ("screw driver", "Everyone", "GPL-3.0-or-later")


def test_words_that_a_files_name_joins_are_told_apart(tmp_path):
    wonders = TOOLS.replace("categorization/resource/images/tools", "explore_monuments/resource/wonders")
    (wall,) = read_gcompris(PACKAGE, archive(tmp_path, {f"{wonders}/greatWallofChina.webp": b"pixels"}))
    assert (wall.label, wall.keywords) == ("great wall of china", ("monument",))
