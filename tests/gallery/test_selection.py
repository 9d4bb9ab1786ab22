"""What is done with several pictures at once, each by one plain form post."""

import io
import zipfile

import pytest
from django.test import AsyncClient
from django.urls import reverse

from gallery import archive
from gallery.albums import add_pictures, create_album
from gallery.archive import entries_of, zip_pieces
from gallery.models import Album, Image, Tag
from gallery.tagging import set_tags
from gallery.uploads import store_image
from gallery.views import paging
from tests.gallery.drawing import encoded, plain, upload

URL = "/gallery/selection/"


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def two(alice, store) -> list[Image]:
    return [store(alice, title="one"), store(alice, title="two")]


def act(client, action: str, images, **more: str):
    return client.post(URL, {"action": action, "picture": [str(image.pk) for image in images], **more})


def said(client) -> str:
    return client.get(reverse("gallery:mine")).content.decode()


def test_the_page_has_a_checkbox_for_each_picture_and_the_form_for_them(alices, two):
    page = alices.get(reverse("gallery:mine")).content.decode()
    assert page.count('form="selection"') == 2
    assert f'action="{URL}"' in page


def test_chosen_pictures_go_into_an_album_in_their_order(alices, alice, two):
    album = create_album(owner=alice, title="Summer")
    act(alices, "album", two[::-1], album=str(album.pk))
    assert [entry.image for entry in album.entries.all()] == two[::-1]
    assert "2 pictures are in the album “Summer”." in said(alices)


def test_chosen_pictures_go_into_a_new_album(alices, two):
    act(alices, "album", two, album_title="Brand new")
    assert set(Album.objects.get(title="Brand new").pictures.all()) == set(two)


def test_chosen_pictures_are_taken_out_of_an_album(alices, alice, two):
    album = create_album(owner=alice, title="Summer")
    add_pictures(album=album, images=two)
    act(alices, "remove", two[:1], from_album=str(album.pk))
    assert list(album.pictures.all()) == two[1:]


@pytest.mark.parametrize(("album", "status"), [("", 400), ("no-id", 400), ("bobs", 404)])
def test_taking_out_of_an_album_wants_ones_own(alices, bob, two, album, status):
    bobs = create_album(owner=bob, title="Bobs")
    value = str(bobs.pk) if album == "bobs" else album
    assert act(alices, "remove", two, from_album=value).status_code == status


def test_chosen_pictures_are_tagged_beside_their_own_tags(alices, two):
    set_tags(image=two[0], names=["sea"])
    act(alices, "tag", two, tags="Boat, sea")
    assert [[tag.name for tag in image.tags.all()] for image in two] == [["boat", "sea"], ["boat", "sea"]]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"action": "tag", "tags": " "}, "Write at least one tag."),
        ({"action": "tag", "tags": "sea, a/b"}, "“a/b” cannot be a tag"),
        ({"action": "album"}, "Choose an album, or write the title of a new one."),
        ({"action": "album", "album": "no-id"}, "“no-id” is not a valid UUID."),
    ],
)
def test_what_is_missing_or_wrong_is_told_and_nothing_changes(alices, two, more, message):
    alices.post(URL, {"picture": [str(image.pk) for image in two], **more})
    assert message in said(alices)
    assert not Tag.objects.exists()
    assert not Album.objects.exists()


def test_chosen_pictures_are_published_and_made_private_again(alices, two):
    act(alices, "publish", two)
    assert Image.objects.public().count() == 2
    act(alices, "make_private", two[:1])
    assert list(Image.objects.public()) == two[1:]


def test_chosen_pictures_move_to_the_trash(alices, alice, two):
    act(alices, "trash", two)
    assert set(Image.objects.in_trash_of(alice)) == set(two)
    assert "2 pictures are in the trash." in said(alices)


def test_chosen_pictures_are_compared_with_labels(alices, two):
    response = act(alices, "which", two)
    assert response["Location"].startswith(reverse("gallery:which"))
    assert set(alices.get(response["Location"]).context["subject"].images) == set(two)


def test_pictures_of_others_among_the_chosen_are_passed_over(alices, bob, two, store):
    bobs = store(bob, public=True)
    act(alices, "trash", [*two, bobs])
    assert list(Image.objects.kept()) == [bobs]
    assert "2 pictures are in the trash." in said(alices)


@pytest.mark.parametrize("chosen", [[], ["no-id"], ["00000000-0000-4000-8000-000000000000"]])
def test_choosing_nothing_says_so(alices, chosen):
    alices.post(URL, {"action": "trash", "picture": chosen})
    assert "Choose pictures first." in said(alices)


def test_an_unknown_action_is_refused(alices, two):
    assert act(alices, "explode", two).status_code == 400
    assert alices.get(URL).status_code == 405


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        ("/tags/sea/?page=2", "/tags/sea/?page=2"),
        ("", "/gallery/"),
        ("https://elsewhere.example/", "/gallery/"),
        ("//elsewhere.example/", "/gallery/"),
        ("javascript:alert(1)", "/gallery/"),
    ],
)
def test_an_action_leads_back_to_its_page_and_never_to_another_site(alices, two, target, leads_to):
    assert act(alices, "publish", two, next=target)["Location"] == leads_to


def test_emptying_the_last_page_leads_to_the_page_before(alices, two, alice, store, monkeypatch):
    monkeypatch.setattr(paging, "PICTURES_A_PAGE", 2)
    store(alice)
    response = act(alices, "trash", two[:1], next="/gallery/?page=2")
    page = alices.get(response["Location"])
    assert page.status_code == 200
    assert page.context["page_obj"].number == 1


# The zip


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def test_names_in_a_zip_are_safe_and_no_two_are_alike(alice, store):
    titles = ["Sea", "sea", "SEA 2", "../../etc/passwd", "con", "", "猫", "a" * 200, "CON.txt\\x"]
    images = [store(alice, title=title) for title in titles]
    names = [entry.name for entry in entries_of(images)]
    assert names[:5] == ["sea.png", "sea-2.png", "sea-2-2.png", "etcpasswd.png", "con-picture.png"]
    assert names[5:7] == [f"{images[5].pk}.png", "猫.png"]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name) <= 90 and not set(name) & set('/\\:*?"<>|') for name in names)


def test_a_zip_that_is_made_in_pieces_can_be_read_and_has_every_byte(alice, store):
    images = [store(alice, title="one"), store(alice, title="two")]
    with opened(b"".join(zip_pieces(entries_of(images)))) as read:
        assert read.testzip() is None
        contents = {name: read.read(name) for name in read.namelist()}
    assert contents == {f"{image.title}.png": image.original.open().read() for image in images}


def test_a_file_that_the_disk_has_lost_is_named_in_the_zip(alice, store):
    images = [store(alice, title="kept"), store(alice, title="lost")]
    images[1].original.storage.delete(images[1].original_name)
    with opened(b"".join(zip_pieces(entries_of(images)))) as read:
        assert read.namelist() == ["kept.png", "missing.txt"]
        assert read.read("missing.txt") == b"lost.png\n"


@pytest.mark.django_db(transaction=True)
async def test_a_download_travels_in_pieces_with_ones_own_pictures_alone(alice, bob):
    from asgiref.sync import sync_to_async

    content = encoded(plain("red", 900, 900), "BMP")
    own = await sync_to_async(store_image)(owner=alice, file=upload(content), title="own")
    bobs = await sync_to_async(store_image)(
        owner=bob, file=upload(content), title="bobs", visibility=Image.Visibility.PUBLIC
    )
    client = AsyncClient()
    await client.aforce_login(alice)
    response = await client.post(URL, {"action": "download", "picture": [str(own.pk), str(bobs.pk)]})
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith('attachment; filename="clipweb-')
    assert "no-store" in response["Cache-Control"]
    pieces = [piece async for piece in response]
    assert max(map(len, pieces)) < archive.CHUNK + 1000
    assert len(pieces) > 3
    with opened(b"".join(pieces)) as read:
        assert read.namelist() == ["own.bmp"]
        assert read.read("own.bmp") == content
