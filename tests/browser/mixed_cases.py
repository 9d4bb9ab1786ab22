"""Fifty open cases, written straight into the database of a site (`manage.py shell` runs it): pictures that
were uploaded and made, albums and people, reported for every reason there is."""

from itertools import cycle

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from gallery.albums import create_album
from gallery.models import Album, Image, Report, User
from gallery.moderation.reports import report
from gallery.moderation.things import Thing
from tests.gallery.drawing import encoded, noise

PICTURES, ALBUMS, PEOPLE = 34, 8, 8
OF_PICTURES = cycle(Report.Reason.values)
OF_ALBUMS = cycle(["spam", "violence", "other", "copyright"])
OF_PEOPLE = cycle(["harassment", "spam"])


def build() -> None:
    reporters = [User.objects.create_user(f"reporter{number}") for number in range(3)]
    owners = [User.objects.create_user(f"owner{number}") for number in range(PEOPLE)]
    for number in range(PICTURES):
        tell(picture(owners[number % 3], number), OF_PICTURES, reporters[: 1 + number % 3])
    for number in range(ALBUMS):
        public = Album.Visibility.PUBLIC
        album = create_album(owner=owners[3], title=f"Album {number}", visibility=public)
        tell(album, OF_ALBUMS, reporters[:1])
    for person in owners:
        tell(person, OF_PEOPLE, reporters[:1])


def tell(thing: Thing, reasons: cycle, by: list[User]) -> None:
    reason = next(reasons)
    for reporter in by:
        report(thing=thing, reporter=reporter, reason=reason)


def picture(owner: User, number: int) -> Image:
    """One that is ready, with the thumbnail that the queue shows and no vector."""
    drawn = noise(seed=40_000 + number)
    content = encoded(drawn)
    image = Image(
        owner=owner,
        title=f"Picture {number}",
        visibility=Image.Visibility.PUBLIC,
        origin=Image.Origin.GENERATED if number % 2 else Image.Origin.UPLOADED,
        sha256=f"{number:064x}",
        content_type="image/png",
        byte_size=len(content),
        width=drawn.width,
        height=drawn.height,
        has_thumbnails=True,
        status=Image.Status.READY,
    )
    image.original.save("", ContentFile(content), save=False)
    default_storage.save(image.thumbnail_path(320), ContentFile(encoded(drawn, "WEBP")))
    image.save(force_insert=True)
    return image
