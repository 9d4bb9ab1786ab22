"""What a case can be about: a picture, an album or a person, by its kind and key."""

import uuid
from collections import defaultdict
from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser

from gallery.models import Album, Case, Image, User

Thing = Image | Album | User
Kind = Case.Kind


class ThingGone(Exception):
    """It has been deleted for good."""


def kind_of(thing: Thing) -> Kind:
    return {Image: Kind.IMAGE, Album: Kind.ALBUM, User: Kind.PERSON}[type(thing)]


def owner_of(thing: Thing) -> User:
    return thing if isinstance(thing, User) else thing.owner


def find(kind: str, key: str) -> Thing | None:
    """Whoever may see it; None if there is none (any more)."""
    return find_all([(kind, key)]).get((kind, key))


def find_all(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Thing]:
    """Those that are still there, in one query a kind."""
    keys = defaultdict(set)
    for kind, key in wanted:
        keys[kind].add(key)
    found: list[Thing] = [
        *Image.objects.filter(pk__in=filter(is_uuid, keys[Kind.IMAGE])).select_related("owner"),
        *Album.objects.filter(pk__in=filter(is_uuid, keys[Kind.ALBUM])).select_related("owner"),
        *User.objects.filter(pk__in=filter(_is_number, keys[Kind.PERSON])),
    ]
    return {(kind_of(thing).value, str(thing.pk)): thing for thing in found}


def find_visible(user: User | AnonymousUser, kind: str, key: str) -> Thing | None:
    """As `user` sees it. A person is seen by the pictures and albums of theirs that one sees."""
    thing = find(kind, key)
    if isinstance(thing, User):
        shown = Image.objects.visible_to(user).filter(owner=thing).exists()
        return thing if shown or Album.objects.visible_to(user).filter(owner=thing).exists() else None
    if isinstance(thing, Album):
        return Album.objects.visible_to(user).filter(pk=thing.pk).first()
    return thing and Image.objects.visible_to(user).select_related("owner").filter(pk=thing.pk).first()


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
