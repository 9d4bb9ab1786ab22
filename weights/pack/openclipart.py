"""Open Clip Art drawings with the titles, keywords and licence in their RDF metadata."""

import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from weights.pack.packages import read_members

PER_TITLE = 6
_GENERIC = re.compile(
    r"unknown|untitled|clip ?art|^image|^icon|^logo|drawing|^test|^new |^svg|public domain|^shape"
    r"|^\W*$|^.{0,2}$"
)
_NOT_KEYWORDS = {"hash", "clip art", "clipart", "unsorted", "icon", "image", "media", "public domain", "svg"}
_STEMS_AFTER = re.compile(r"\s+(of|with|and|in|on|for|at|by|from|to|the|wearing|holding)\s+")


@dataclass(frozen=True)
class Drawing:
    path: str
    svg: str
    title: str
    keywords: tuple[str, ...]
    author: str

    @property
    def head_noun(self) -> str:
        """`yellow duck on water` → `duck`."""
        phrase = _STEMS_AFTER.split(self.title)[0]
        return phrase.split()[-1]


def read_openclipart(archive: Path) -> Iterator[Drawing]:
    """Drawings under the public-domain dedication with a telling title, without duplicates."""
    files = read_members(archive, lambda name: name.endswith(".svg") and "/duplicates/" not in name)
    seen: set[str] = set()
    titles: Counter[str] = Counter()
    for path, data in sorted(files.items()):
        drawing = _drawing(path.split("/svg/", 1)[1], data.decode("utf-8", errors="replace"))
        digest = hashlib.sha256(data).hexdigest()
        if drawing is None or digest in seen or titles[drawing.title] >= PER_TITLE:
            continue
        seen.add(digest)
        titles[drawing.title] += 1
        yield drawing


def _drawing(path: str, svg: str) -> Drawing | None:
    metadata = re.search(r"<metadata.*?</metadata>", svg, re.DOTALL)
    if metadata is None or not re.search(r"PublicDomain|public domain", metadata[0], re.IGNORECASE):
        return None
    title = re.search(r"<dc:title>(.*?)</dc:title>", metadata[0], re.DOTALL)
    cleaned = clean_title(html.unescape(title[1])) if title else ""
    if _GENERIC.search(cleaned):
        return None
    keywords = [
        html.unescape(word).strip().lower() for word in re.findall(r"<rdf:li>(.*?)</rdf:li>", metadata[0])
    ]
    keywords += [folder.replace("_", " ") for folder in path.split("/")[:-1]]
    kept = dict.fromkeys(word for word in keywords if 2 < len(word) < 30 and word not in _NOT_KEYWORDS)
    creator = re.search(r"<dc:creator>.*?<dc:title>(.*?)</dc:title>", metadata[0], re.DOTALL)
    author = html.unescape(creator[1]).strip() if creator else ""
    return Drawing(path, svg, cleaned, tuple(kept), author or "unknown contributor")


def clean_title(title: str) -> str:
    """`Clipart by Ann Example - Red Apple (2)` → `red apple`."""
    title = re.sub(r"\s+", " ", title).strip().lower()
    title = re.sub(r"^clip ?art by [^-]+- *", "", title)
    title = re.sub(r"^(a|an|the|another|simple|some) ", "", title)
    title = re.sub(r"\(([a-z ]+)\)", r" \1", title)
    title = re.sub(r"\bb ?(and|&|n) ?w\b", " ", title)
    title = re.sub(r"[_\-./:,;#*\"()\[\]]+", " ", title)
    title = re.sub(r"\b(\d+|v\d+|clip ?art|svg|png|bw|b w|ganson|inkscape|remix)\b", " ", title)
    return re.sub(r"\s+", " ", re.sub(r"([a-z])\d+\b", r"\1", title)).strip()[:80]
