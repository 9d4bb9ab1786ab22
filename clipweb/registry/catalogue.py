"""The models that are known by name, and those that come with the repository."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Kind = Literal["clip", "vqgan"]
TABLE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True)
class Entry:
    """One known model.

    architecture, tag: open_clip's names of a CLIP; `f16 1024` of a VQGAN. Where it comes from: url, a file's
    address; hub, a repository of the Hugging Face hub; or page alone, where only a person can take `files`
    from. sha256: of that file, where it was published.
    """

    name: str
    kind: Kind
    architecture: str
    licence: str
    good_at: str
    tag: str = ""
    url: str = ""
    yaml: str = ""
    hub: str = ""
    also: tuple[str, ...] = ()  # further files of the hub's repository, such as a tokenizer's
    page: str = ""
    files: str = ""
    sha256: str = ""
    languages: str = ""
    is_shipped: bool = False

    @property
    def source(self) -> str:
        """Where a person can look it up."""
        return self.page or self.url or (f"https://huggingface.co/{self.hub}" if self.hub else "weights/mini")


SHIPPED = (
    Entry(
        name="mini",
        kind="clip",
        architecture="three EfficientNet-Lites, MiniLM",
        licence="see its card",
        languages="English",
        good_at="drawings of everyday things, without any network",
        is_shipped=True,
    ),
    Entry(
        name="mini-quick",
        kind="clip",
        architecture="EfficientNet-Lite0, MiniLM",
        licence="see its card",
        languages="English",
        good_at="the same, several times as fast and less exact",
        is_shipped=True,
    ),
    Entry(
        name="mini-vqgan",
        kind="vqgan",
        architecture="see its card",
        licence="see its card",
        good_at="emoji and clip art, small and quick",
        is_shipped=True,
    ),
)


@cache
def entries() -> tuple[Entry, ...]:
    """Shipped ones first, then CLIPs, then VQGANs, each in the table's order."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    known = [
        Entry(kind=kind, **{**fields, "also": tuple(fields.get("also", ()))})
        for kind in ("clip", "vqgan")
        for fields in table[kind]
    ]
    return (*SHIPPED, *known)


def find(name: str) -> Entry | None:
    return next((entry for entry in entries() if entry.name == name), None)
