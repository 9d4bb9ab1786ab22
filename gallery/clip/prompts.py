"""A label in a sentence: Radford et al. 2021, section 3.1.4. Knows neither torch nor Django."""

import re

SLOT = "{}"
_ARTICLES = {"a", "an", "the"}
_DETERMINERS = _ARTICLES | {"some", "this", "that", "these", "those", "my", "your", "his", "her", "our"}
_DETERMINERS |= {"their", "many", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
_ARTICLE_BEFORE_SLOT = re.compile(r"\b(an?)\s+$", re.IGNORECASE)
_SOUNDS_LIKE_A_CONSONANT = re.compile(r"eu|ewe|one\b|once\b|u(?:fo|k\b|ni(?!n|mp)|s[aeiu]|r[aeiou]|t[aeiou])")
_SOUNDS_LIKE_A_VOWEL = re.compile(r"hour|honest|honou?r|heir|x-ray")


def fill(template: str, label: str) -> str:
    """The label where SLOT stands, which `template` has once.

    An “a” before it becomes “an” where the label sounds like it, and goes where the label brings such a word
    itself: “a photo of a {}” with “the owl” is “a photo of the owl”.
    """
    before, after = template.split(SLOT)
    article = _ARTICLE_BEFORE_SLOT.search(before)
    if article:
        first = label.split(maxsplit=1)[0].lower() if label.strip() else ""
        before = before[: article.start()]
        if first not in _DETERMINERS and not first.isdigit():
            before += f"{'an' if _sounds_like_a_vowel(label.lower()) else 'a'} "
    return f"{before}{label}{after}"


def without_article(label: str) -> str:
    """“a red heart” is “red heart”, as one writes a tag."""
    first, _space, rest = label.partition(" ")
    return rest if rest and first.lower() in _ARTICLES else label


def _sounds_like_a_vowel(label: str) -> bool:
    if _SOUNDS_LIKE_A_VOWEL.match(label):
        return True
    return label.startswith(tuple("aeiou")) and not _SOUNDS_LIKE_A_CONSONANT.match(label)
