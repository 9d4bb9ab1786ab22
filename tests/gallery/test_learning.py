"""Which pictures of the site a training may use."""

import io

import pytest
from django.utils import timezone
from PIL import Image as Pillow

from gallery.learning import as_files, pictures_of_album, pictures_of_users, public_pictures
from gallery.models import Album, AlbumEntry, Image, Tag, User
from gallery.training.folder import RunError


@pytest.fixture
def people(db):
    return {name: User.objects.create_user(name) for name in ("alice", "bob")}


@pytest.fixture
def pictures(people, store):
    """Of each person a public and a private one."""
    return {
        f"{name}'s {kind}": store(person, public=kind == "public", title=f"{name} {kind}")
        for name, person in people.items()
        for kind in ("public", "private")
    }


def titles(found):
    return {image.title for image in found}


def test_a_persons_pictures_are_used_also_the_private_ones(pictures):
    assert titles(pictures_of_users(["alice"])) == {"alice public", "alice private"}
    assert len(pictures_of_users(["alice", "bob"])) == 4
    with pytest.raises(RunError, match="Nobody here is called carol"):
        pictures_of_users(["alice", "carol"])


def test_public_means_what_everybody_may_see(pictures):
    assert titles(public_pictures()) == {"alice public", "bob public"}


def test_an_album_gives_its_owners_pictures_and_public_ones(people, pictures):
    album = Album.objects.create(owner=people["alice"], title="mixed")
    people["alice"].is_staff = people["alice"].is_superuser = True  # which opens nothing here
    people["alice"].save()
    for position, image in enumerate(pictures.values()):
        AlbumEntry.objects.create(album=album, image=image, position=position)
    assert titles(pictures_of_album(str(album.pk))) == {"alice public", "alice private", "bob public"}
    with pytest.raises(RunError, match="There is no album"):
        pictures_of_album("00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize(
    "change", [{"is_hidden": True}, {"awaits_checks": True}, {"trashed_at": timezone.now()}]
)
def test_what_is_hidden_unchecked_or_in_the_trash_is_never_used(change, pictures):
    Image.objects.update(**change)
    assert not pictures_of_users(["alice", "bob"])
    assert not public_pictures()


def test_what_is_said_of_a_picture_goes_with_it(pictures):
    image = pictures["alice's private"]
    Image.objects.filter(pk=image.pk).update(caption="A long day.")
    Tag.objects.create(image=image, name="beach")
    (file,) = [file for file in as_files(pictures_of_users(["alice"])) if "private" in file.text]
    assert file.text == "alice private. A long day. beach"
    assert Pillow.open(io.BytesIO(file.open().read())).size == (64, 48)
