"""Names of emoji: one label, tags and a concept for each code point sequence (from emojibase-data)."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from weights.pack.packages import read_members

SKIN_TONES = re.compile(r"1f3f[b-f]")
FLAG_GROUP, ANIMAL_GROUP = 9, 3

GENDERED = {
    "man", "woman", "men", "women", "boy", "girl", "person", "people", "prince", "princess", "mr", "mrs",
    "mx",    "merman", "mermaid", "merperson", "santa", "policeman", "policewoman",
}  # fmt: skip
DIRECTIONS = {
    "left", "right", "up", "down", "leftwards", "rightwards", "upwards", "downwards", "back", "index",
    "facing",    "left-right", "up-down", "up-left", "up-right", "down-left", "down-right",
}  # fmt: skip


@dataclass(frozen=True)
class Emoji:
    hexcode: str  # lower case, without variation selectors
    label: str
    tags: tuple[str, ...]
    swedish: str
    concept: str


def plain_hexcode(hexcode: str) -> str:
    """Lower case, without variation selector 16 and leading zeros, so that all the sets' spellings agree."""
    codes = [code.lstrip("0") for code in hexcode.lower().split("-")]
    return "-".join(code for code in codes if code != "fe0f")


def slug(text: str) -> str:
    """`Flag: Åland Islands` → `flag-aland-islands`, the way icon sets spell names."""
    plain = (
        text.lower().replace("’", "").replace("'", "").replace("&", "and").replace("ñ", "n").replace("å", "a")
    )
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _spoken(label: str) -> str:
    """Unicode's label as one would say it: `flag: Brazil` → `flag of Brazil`."""
    label = label.replace("“", "").replace("”", "").replace("’", "'")
    for unicode_style, said in (("flag: ", "flag of "), ("keycap: ", "keycap ")):
        label = label.replace(unicode_style, said)
    return re.sub(r"^(man|woman|person): ", r"\1 with ", label)


def concept_of(label: str, *, is_animal: bool = False) -> str:
    """The group that stays on one side of a split: genders, clock faces, directions are one concept."""
    text = label.lower()
    if ("clock" in text and ("o'clock" in text or "thirty" in text)) or re.fullmatch(
        r"\w+(-thirty| o'clock)", text
    ):
        return "clock face"
    if text.startswith("keycap"):
        return "keycap"
    if not text.startswith("flag"):
        text = text.split(":")[0]
    words = ["person" if word in GENDERED else word for word in text.split() if word not in DIRECTIONS]
    if is_animal and len(words) > 1 and words[-1] == "face":
        words = words[:-1]
    return " ".join(dict.fromkeys(words)) or text


class EmojiNames:
    """Finds an emoji by hexcode or by the name that an icon set gives it."""

    def __init__(self, archive: Path) -> None:
        wanted = {f"package/{language}/data.json" for language in ("en", "sv")}
        wanted |= {f"package/en/shortcodes/{kind}.json" for kind in ("cldr", "emojibase", "github", "iamcal")}
        files = {name: json.loads(data) for name, data in read_members(archive, wanted.__contains__).items()}
        swedish = {row["hexcode"]: row["label"] for row in files["package/sv/data.json"]}
        self.by_hexcode: dict[str, Emoji] = {}
        for row in files["package/en/data.json"]:
            if "group" in row:
                emoji = self._emoji(row, swedish)
                self.by_hexcode[emoji.hexcode] = emoji
        self._by_slug = {slug(emoji.label): emoji for emoji in self.by_hexcode.values()}
        self._by_slug |= {key.replace("flag-of-", "flag-"): emoji for key, emoji in self._by_slug.items()}
        for name in sorted(name for name in files if "shortcodes" in name):
            for hexcode, codes in files[name].items():
                for code in [codes] if isinstance(codes, str) else codes:
                    self.learn_name(slug(code), hexcode)

    @staticmethod
    def _emoji(row: dict, swedish: dict[str, str]) -> Emoji:
        label = _spoken(row["label"])
        return Emoji(
            hexcode=plain_hexcode(row["hexcode"]),
            label=label,
            tags=tuple(tag for tag in row.get("tags", ()) if len(tag) > 2 and row["group"] != FLAG_GROUP),
            swedish=swedish.get(row["hexcode"], ""),
            concept=concept_of(label, is_animal=row["group"] == ANIMAL_GROUP),
        )

    def learn_name(self, name: str, hexcode: str) -> None:
        """Icon sets with a table of code points teach old names that other sets use without one."""
        emoji = self.by_hexcode.get(plain_hexcode(hexcode))
        if emoji is not None:
            self._by_slug.setdefault(slug(name), emoji)

    def at(self, hexcode: str) -> Emoji | None:
        return self.by_hexcode.get(plain_hexcode(hexcode))

    def named(self, name: str) -> Emoji | None:
        """By an icon's name; a trailing number (`pig-2`) counts variants, a bare country name is its flag."""
        name = slug(name)
        stem = re.sub(r"-\d$", "", name)
        tries = (name, stem, f"flag-{name}", name.replace("flag-for-", "flag-"), f"person-{stem}")
        return next((self._by_slug[each] for each in tries if each in self._by_slug), None)

    def named_without_hyphens(self, name: str) -> Emoji | None:
        """For sets that write `birthdaycake`."""
        return self._joined.get(name.replace("-", ""))

    @property
    def _joined(self) -> dict[str, Emoji]:
        if not hasattr(self, "_joined_cache"):
            self._joined_cache = {
                key.replace("-", ""): emoji for key, emoji in reversed(self._by_slug.items())
            }
        return self._joined_cache
