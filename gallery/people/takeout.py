"""Everything that is kept of a person, for that person: documents of rows, and the files as they were given.

Other apps add what they keep with `add_part`; nobody's rows but the person's own are in it.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from gallery.archive import Entry, entries_of, zip_pieces
from gallery.models import (
    Album,
    AlbumEntry,
    Appeal,
    CameraFacts,
    Favourite,
    Finding,
    HistoryEntry,
    Image,
    LabelSet,
    Place,
    RecentSearch,
    Report,
    SavedSearch,
    Strike,
    Suspension,
    Tag,
    Tagging,
    Upload,
    User,
)

Rows = Iterable[models.Model]
Part = Callable[[User], Rows]
FileOf = Callable[[Any], Entry]

# What says nothing about the person, would let somebody else in, or tells of a moderator.
LEFT_OUT = {
    *("password", "token", "original", "placeholder", "fingerprint", "retry_at", "attempts", "claim"),
    *("decided_by", "session_key", "data", "params"),
}

_PARTS: dict[str, Part] = {
    "account": lambda user: [user],
    "pictures": lambda user: Image.objects.filter(owner=user),
    "cameras": lambda user: CameraFacts.objects.filter(image__owner=user),
    "places": lambda user: Place.objects.filter(image__owner=user),
    "history": lambda user: HistoryEntry.objects.filter(image__owner=user),
    "tags": lambda user: Tag.objects.filter(image__owner=user),
    "taggings": lambda user: Tagging.objects.filter(owner=user),
    "albums": lambda user: Album.objects.filter(owner=user),
    "album-pictures": lambda user: AlbumEntry.objects.filter(album__owner=user),
    "favourites": lambda user: _favourites(user),
    "saved-searches": lambda user: SavedSearch.objects.filter(owner=user),
    "recent-searches": lambda user: RecentSearch.objects.filter(owner=user),
    "label-sets": lambda user: LabelSet.objects.filter(owner=user),
    "uploads": lambda user: Upload.objects.filter(owner=user),
    "sessions": lambda user: UserSession.objects.filter(user=user),
    "second-factor": lambda user: Authenticator.objects.filter(user=user),
    "reports": lambda user: Report.objects.filter(reporter=user),
    "findings": lambda user: Finding.objects.filter(case__owner=user),
    "warnings": lambda user: Strike.objects.filter(person=user),
    "suspensions": lambda user: Suspension.objects.filter(person=user),
    "appeals": lambda user: Appeal.objects.filter(decision__case__owner=user),
}


_FILES: dict[str, FileOf] = {}


def add_part(name: str, rows: Part, file_of: FileOf | None = None) -> None:
    """Of an app that this one knows nothing of; call it when the apps are ready. file_of: the file of a row,
    which comes along."""
    _PARTS[name] = rows
    if file_of:
        _FILES[name] = file_of


def takeout(user: User) -> Iterator[bytes]:
    """A zip of it all in pieces, made while it travels: a JSON document of each part that has any rows, and
    the originals and other files, whose names in the zip stand with their rows. What a moderator has removed
    has its row and no file: that is out of its owner's reach."""
    pictures = list(Image.objects.filter(owner=user, removed_at=None))
    entries = entries_of(pictures, folder="pictures/")
    files = {picture.pk: entry.name for picture, entry in zip(pictures, entries, strict=True)}
    documents = {}
    for name, rows in _PARTS.items():
        found = []
        for row in rows(user):
            if name in _FILES:
                entries.append(entry := _FILES[name](row))
                found.append(_plain(row) | {"name": entry.name})
            else:
                found.append(_plain(row) | _file_of(row, files) | _name_of(row))
        if found:
            content = json.dumps(found, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
            documents[f"{name}.json"] = content.encode()
    return zip_pieces(entries, documents=documents)


def _favourites(user: User) -> Rows:
    """Not those that their owners have taken back from the public since."""
    still_known = Q(image__owner=user) | Q(image__in=Image.objects.visible_to(user))
    return Favourite.objects.filter(still_known, user=user)


def _file_of(row: models.Model, files: dict[uuid.UUID, str]) -> dict[str, object]:
    return {"file": files.get(row.pk)} if isinstance(row, Image) else {}


def _name_of(row: models.Model) -> dict[str, object]:
    """Of a passkey, which keeps it beside the key, in what is left out."""
    is_passkey = isinstance(row, Authenticator) and row.type == Authenticator.Type.WEBAUTHN
    return {"name": str(row)} if is_passkey else {}


def _plain(row: models.Model) -> dict[str, object]:
    fields = [
        field
        for field in row._meta.concrete_fields
        if field.name not in LEFT_OUT and not isinstance(field, models.BinaryField)
    ]
    return {field.name: field.value_from_object(row) for field in fields}
