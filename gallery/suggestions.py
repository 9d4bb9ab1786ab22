"""What a search box offers as somebody types: words on pictures that they may see, and their own searches."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from gallery.mixing import Person
from gallery.models import Image, ImageQuerySet, RecentSearch, SavedSearch, Tag
from gallery.models.searches import KeptSearch
from gallery.query import MAX_QUERY, as_term, last_words
from gallery.rates import Rate
from gallery.tagging import normal_name

RATE = Rate("suggestions")
SHORTEST = 2  # characters of words
MOST_OF_A_KIND = 4
LOOKED_AT = 40  # rows of a kind, of which those that begin with the words come first
LONGEST_PHRASE = 60  # characters


class Kind(TextChoices):
    SAVED = "saved", _("Saved search")
    RECENT = "recent", _("Recent search")
    TAG = "tag", _("Tag")
    TITLE = "title", _("Title")
    CAPTION = "caption", _("Caption")


@dataclass(frozen=True)
class Suggestion:
    """`address`: of a search that is there already; else `query` is what the box would hold."""

    kind: Kind
    text: str
    query: str = ""
    address: str = ""


def suggest(*, user: Person, typed: str) -> list[Suggestion]:
    """Nothing typed: the person's own searches. Else also words that complete the last term."""
    before, words = last_words(typed)
    words = normal_name(words)
    offered = _own_searches(user, normal_name(typed))
    if len(words) >= SHORTEST and before.count('"') % 2 == 0:  # else the term is still in quotation marks
        visible = Image.objects.visible_to(user)
        offered += _completions(before, Kind.TAG, _best(_tags(visible, words), words))
        offered += _completions(before, Kind.TITLE, _best(_titles(visible, words), words))
        offered += _completions(before, Kind.CAPTION, _best(_captions(visible, words), words))
    different: dict[str, Suggestion] = {}
    for suggestion in offered:
        different.setdefault(suggestion.text.lower(), suggestion)
    return list(different.values())


def _own_searches(user: Person, typed: str) -> list[Suggestion]:
    if not user.is_authenticated:
        return []
    saved = [search for search in SavedSearch.objects.of(user) if typed in search.name.lower()]
    recent: list[tuple[str, KeptSearch]] = [
        (words, search)
        for search in RecentSearch.objects.of(user)
        if (words := search.words) and typed in words.lower()
    ]
    return [
        Suggestion(Kind.SAVED, search.name, address=search.get_absolute_url())
        for search in saved[:MOST_OF_A_KIND]
    ] + [
        Suggestion(Kind.RECENT, words, address=search.get_absolute_url())
        for words, search in recent[:MOST_OF_A_KIND]
    ]


def _completions(before: str, kind: Kind, texts: Iterable[str]) -> list[Suggestion]:
    made = [Suggestion(kind, text, query=before + as_term(text)) for text in texts]
    return [suggestion for suggestion in made if len(suggestion.query) <= MAX_QUERY]


def _tags(visible: ImageQuerySet, words: str) -> list[str]:
    found = Tag.objects.filter(_has_word("name", words), image__in=visible).values("name")
    counted = found.annotate(pictures=Count("image")).order_by("-pictures", "name")
    return list(counted.values_list("name", flat=True)[:LOOKED_AT])


def _titles(visible: ImageQuerySet, words: str) -> list[str]:
    found = visible.filter(_has_word("title", words)).order_by("title")
    return list(found.values_list("title", flat=True).distinct()[:LOOKED_AT])


def _captions(visible: ImageQuerySet, words: str) -> list[str]:
    captions = visible.filter(_has_word("caption", words)).values_list("caption", flat=True)[:LOOKED_AT]
    return [phrase for caption in captions if (phrase := _phrase(caption, words))]


def _has_word(field: str, words: str) -> Q:
    """Where a word of the field begins with what is typed."""
    return Q(**{f"{field}__istartswith": words}) | Q(**{f"{field}__icontains": f" {words}"})


def _phrase(caption: str, words: str) -> str:
    """From the typed words to the end of the sentence or of what fits in a line."""
    text = " ".join(caption.split())
    start = f" {text.lower()}".find(f" {words}")
    if start < 0:
        return ""
    sentence = re.split(r"[.!?;:]", text[start:], maxsplit=1)[0]
    if len(sentence) > LONGEST_PHRASE:
        sentence = sentence[:LONGEST_PHRASE].rsplit(" ", 1)[0]
    return sentence.strip(" ,")


def _best(texts: Iterable[str], words: str) -> list[str]:
    """A few of them, once each; those that begin with the words first."""
    different: dict[str, str] = {}
    for text in texts:
        different.setdefault(text.lower(), text)
    return sorted(different.values(), key=lambda text: not text.lower().startswith(words))[:MOST_OF_A_KIND]
