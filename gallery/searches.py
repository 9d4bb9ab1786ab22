"""The searches that people keep: saved under a name, or the last ones they asked for."""

import hashlib
import uuid
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.utils import timezone

from gallery.models import QueryPicture, RecentSearch, SavedSearch, User
from gallery.query import parse
from gallery.question import Question

MAX_SAVED = 100  # of one person
MAX_RECENT = 30


class NameTaken(Exception):
    """The person has another saved search of this name, in whatever case it is written."""


class TooManySaved(Exception):
    """The person has MAX_SAVED saved searches."""


def save_search(*, owner: User, name: str, question: Question) -> SavedSearch:
    """Raises NameTaken or TooManySaved."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)  # one at a time of a person
        if SavedSearch.objects.of(owner).count() >= MAX_SAVED:
            raise TooManySaved
        _refuse_taken(owner, name)
        saved = SavedSearch.objects.create(owner=owner, name=name, query=urlencode(question.parameters()))
        saved.given.set(QueryPicture.objects.known().filter(pk__in=_given_in(question)))
    return saved


def rename_search(*, search: SavedSearch, name: str) -> SavedSearch:
    """Raises NameTaken."""
    _refuse_taken(search.owner, name, but=search)
    search.name = name
    try:
        with transaction.atomic():
            search.save(update_fields=["name"])
    except IntegrityError:  # another page was quicker
        raise NameTaken from None
    return search


@transaction.atomic
def note_search(*, owner: User, question: Question) -> RecentSearch | None:
    """The search is the person's most recent one now. None if they want none of them kept."""
    if not owner.keep_searches:
        return None
    query = urlencode(question.parameters())
    digest = hashlib.sha256(query.encode()).hexdigest()
    recent, _is_new = RecentSearch.objects.update_or_create(
        owner=owner, digest=digest, defaults={"query": query, "searched_at": timezone.now()}
    )
    newest = RecentSearch.objects.of(owner).values_list("pk", flat=True)[:MAX_RECENT]
    RecentSearch.objects.of(owner).exclude(pk__in=list(newest)).delete()
    return recent


def forget_searches(*, owner: User) -> int:
    """Removes all recent searches of a person. Returns how many."""
    forgotten, _models = RecentSearch.objects.of(owner).delete()
    return forgotten


def _given_in(question: Question) -> list[uuid.UUID]:
    terms = parse(question.text) if question.text else []
    return [term.given for term in terms if term.given]


def _refuse_taken(owner: User, name: str, *, but: SavedSearch | None = None) -> None:
    same = SavedSearch.objects.of(owner).filter(name__iexact=name)
    if but is not None:
        same = same.exclude(pk=but.pk)
    if same.exists():
        raise NameTaken
