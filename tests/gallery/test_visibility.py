"""Who sees what, on every address of a picture: its owner, another member, a visitor, a moderator."""

import pytest
from django.urls import reverse
from django.utils import timezone

from gallery.albums import add_pictures, create_album, edit_album
from gallery.derivatives import make_thumbnails, read_pixels
from gallery.favourites import add_favourite
from gallery.labels import create_set
from gallery.models import (
    Album,
    EncodingModel,
    Favourite,
    Image,
    Map,
    MapPoint,
    PendingVector,
    Serving,
    Tagging,
)
from gallery.preparation import prepare_image
from gallery.tagging import set_tags
from gallery.uploads import store_image
from gallery.views.selection import ACTIONS
from tests.gallery.drawing import png

PEOPLE = ["owner", "member", "visitor", "moderator"]
# state of the picture → those who may see it; the others learn nothing, not even that it exists
MAY_SEE = {
    "private": {"owner", "moderator"},
    "public": {"owner", "member", "visitor", "moderator"},
    "hidden": {"owner", "moderator"},
    "trashed": set(),  # of a public picture; its owner finds it in the trash, see test_trash.py
}
READING = {
    "page": lambda image: reverse("gallery:picture", args=[image.pk]),
    "view": lambda image: reverse("gallery:view", args=[image.pk]),
    "details": lambda image: reverse("gallery:details", args=[image.pk]),
    "original": lambda image: reverse("gallery:original", args=[image.pk]),
    "thumbnail": lambda image: reverse("gallery:thumbnail", args=[image.pk, 320]),
    "similar": lambda image: reverse("gallery:similar", args=[image.pk]),
    "search like it": lambda image: reverse("gallery:search") + f"?like={image.pk}",
    "search with it": lambda image: reverse("gallery:search") + f"?q=red+%2B+picture:{image.pk}",
    "search without it": lambda image: reverse("gallery:search") + f"?q=blue+-+picture:{image.pk}",
    "tag": lambda image: reverse("gallery:tag", args=["its tag"]),
    "which": lambda image: reverse("gallery:which") + f"?picture={image.pk}&labels=red,blue",
    "which, like it": lambda image: reverse("gallery:which") + f"?like={image.pk}&labels=red,blue",
    "which, as a file": lambda image: reverse("gallery:which_csv") + f"?picture={image.pk}&labels=red,blue",
}


@pytest.fixture
def picture(alice, encoder) -> Image:
    image = store_image(owner=alice, file=png(color="red"), title="the picture")
    prepare_image(image_id=image.pk, attempt=0)
    set_tags(image=image, names=["its tag"])
    image.refresh_from_db()
    return image


@pytest.fixture
def stored(alice, store, embed) -> Image:
    """The same for addresses that ask no encoder, which takes its time to start."""
    image = store(alice, title="the picture")
    embed(image, 1, 0, 0)
    set_tags(image=image, names=["its tag"])
    make_thumbnails(image=image, picture=read_pixels(image=image))
    return image


@pytest.fixture
def sign_in(client, alice, bob, admin):
    people = {"owner": alice, "member": bob, "moderator": admin}

    def sign_in(person: str) -> None:
        if person in people:
            client.force_login(people[person])

    return sign_in


def put_in_state(image: Image, state: str) -> None:
    public = Image.Visibility.PRIVATE if state == "private" else Image.Visibility.PUBLIC
    trashed_at = timezone.now() if state == "trashed" else None
    Image.objects.filter(pk=image.pk).update(
        visibility=public, is_hidden=state == "hidden", trashed_at=trashed_at
    )


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("state", MAY_SEE)
def test_every_address_of_a_picture_follows_the_one_rule(client, picture, sign_in, person, state):
    put_in_state(picture, state)
    sign_in(person)
    expected = 200 if person in MAY_SEE[state] else 404
    got = {name: client.get(address(picture)).status_code for name, address in READING.items()}
    assert got == dict.fromkeys(READING, expected)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("state", MAY_SEE)
def test_lists_searches_and_counts_follow_the_one_rule(client, picture, sign_in, person, state, store, embed):
    put_in_state(picture, state)
    sign_in(person)
    may_see = person in MAY_SEE[state]
    found = client.get(reverse("gallery:search"), {"q": "red"})
    assert found.context["results"].total == (1 if may_see else 0)
    assert (b"the picture" in found.content) == may_see
    tiles = client.get(reverse("gallery:tiles"), {"picture": [str(picture.pk)]})
    assert (b"the picture" in tiles.content) == may_see
    states = client.get(reverse("gallery:states"), {"picture": [str(picture.pk)]}).json()["pictures"]
    assert states == ([{"id": str(picture.pk), "status": "ready", "shown": True}] if may_see else [])
    for name in ("which", "which_csv"):
        asked = client.get(reverse(f"gallery:{name}"), {"q": "red", "labels": "red,blue"})
        assert (b"the picture" in asked.content) == may_see
    explored = client.get(reverse("gallery:explore"))
    assert (b"the picture" in explored.content) == (state == "public")


def test_another_public_picture_does_not_show_a_private_one_beside_it(client, picture, bob, store, embed):
    public = store(bob, public=True, title="public")
    embed(public, 1, 0, 0)
    page = client.get(public.get_absolute_url())
    assert b"the picture" not in page.content
    assert b"the picture" not in client.get(reverse("gallery:similar", args=[public.pk])).content


def test_the_gallery_has_only_the_persons_own_pictures(client, picture, bob, admin):
    put_in_state(picture, "public")
    for person in (bob, admin):
        client.force_login(person)
        assert b"the picture" not in client.get(reverse("gallery:mine")).content


@pytest.mark.parametrize("person", ["member", "visitor", "moderator"])
def test_only_the_owner_edits_and_only_owner_and_moderators_delete(client, picture, sign_in, person):
    put_in_state(picture, "public")
    sign_in(person)
    edit, delete = reverse("gallery:edit", args=[picture.pk]), reverse("gallery:delete", args=[picture.pk])
    data = {"title": "mine now", "visibility": "public"}
    sign_in_first = 302
    denied = sign_in_first if person == "visitor" else 404
    assert client.get(edit).status_code == denied
    assert client.post(edit, data).status_code == denied
    if person != "moderator":
        assert client.get(delete).status_code == denied
        assert client.post(delete).status_code == denied
    picture.refresh_from_db()
    assert picture.title == "the picture"


@pytest.mark.parametrize("person", ["owner", "member", "visitor"])
@pytest.mark.parametrize("name", ["hide", "unhide"])
def test_only_moderators_hide_and_show(client, picture, sign_in, person, name):
    put_in_state(picture, "hidden" if name == "unhide" else "public")
    sign_in(person)
    response = client.post(reverse(f"gallery:{name}", args=[picture.pk]))
    assert response.status_code == (302 if person == "visitor" else 404)
    if person == "visitor":
        assert reverse("account_login") in response["Location"]
    picture.refresh_from_db()
    assert picture.is_hidden == (name == "unhide")


def test_after_signing_out_nothing_private_is_left(client, picture, alice):
    client.force_login(alice)
    assert client.get(picture.get_absolute_url()).status_code == 200
    client.logout()
    got = {name: client.get(address(picture)).status_code for name, address in READING.items()}
    assert got == dict.fromkeys(READING, 404)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("state", MAY_SEE)
@pytest.mark.parametrize("name", ["favourite", "unfavourite"])
def test_only_what_a_person_sees_can_be_a_favourite(client, stored, sign_in, person, state, name):
    put_in_state(stored, state)
    sign_in(person)
    response = client.post(reverse(f"gallery:{name}", args=[stored.pk]))
    if person == "visitor":
        assert response["Location"].startswith(reverse("account_login"))
    else:
        assert response.status_code == (302 if person in MAY_SEE[state] else 404)
    assert Favourite.objects.exists() == (
        name == "favourite" and person != "visitor" and person in MAY_SEE[state]
    )


def test_a_favourite_that_turns_private_is_gone_from_the_lists_of_others(client, stored, bob):
    put_in_state(stored, "public")
    add_favourite(user=bob, image=stored)
    client.force_login(bob)
    assert b"the picture" in client.get(reverse("gallery:favourites")).content
    put_in_state(stored, "private")
    assert b"the picture" not in client.get(reverse("gallery:favourites")).content
    put_in_state(stored, "hidden")
    assert b"the picture" not in client.get(reverse("gallery:favourites")).content


@pytest.mark.parametrize("person", PEOPLE)
def test_the_trash_is_its_owners_alone(client, stored, sign_in, person):
    put_in_state(stored, "trashed")
    sign_in(person)
    addresses = {
        "page": reverse("gallery:trash"),
        "thumbnail": reverse("gallery:trash_thumbnail", args=[stored.pk]),
    }
    answers = {name: client.get(address) for name, address in addresses.items()}
    assert (b"the picture" in answers["page"].content) == (person == "owner")
    expected = {"owner": 200, "visitor": 302}.get(person, 404)
    assert answers["thumbnail"].status_code == expected
    for name in ("trash_restore", "trash_delete", "trash_empty"):
        if person != "owner":
            client.post(reverse(f"gallery:{name}"), {"picture": [str(stored.pk)], "confirmed": "1"})
    stored.refresh_from_db()
    assert stored.trashed_at


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("state", MAY_SEE)
def test_a_map_is_its_owners_alone_and_loses_what_is_in_the_trash(
    client, alice, stored, sign_in, person, state
):
    mapped = Map.objects.create(owner=alice, made_at=timezone.now())
    MapPoint.objects.create(map=mapped, image=stored, x=0, y=0, region=1)
    put_in_state(stored, state)
    sign_in(person)
    is_shown = person == "owner" and state != "trashed"
    addresses = [reverse(f"gallery:{name}") for name in ("map", "map_state", "map_points")]
    region = reverse("gallery:map_region", args=[1])
    answers = [client.get(address) for address in (*addresses, region)]
    if person == "visitor":
        assert all(answer["Location"].startswith(reverse("account_login")) for answer in answers)
    else:
        assert [answer.status_code for answer in answers] == [200, 200, 200, 200 if is_shown else 404]
    found = [str(stored.pk).encode() in answer.content for answer in answers]
    assert found == [is_shown, False, is_shown, is_shown]
    client.post(reverse("gallery:map_lay_out"))  # too few pictures: nothing is asked for, for nobody
    mapped.refresh_from_db()
    assert (Map.objects.count(), mapped.state) == (1, Map.State.READY)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("state", MAY_SEE)
def test_winners_are_written_as_tags_by_the_owner_alone(client, picture, sign_in, person, state):
    put_in_state(picture, state)
    sign_in(person)
    form = {"picture": str(picture.pk), "labels": "red,blue", "threshold": "50"}
    expected = 302 if person == "visitor" else 200 if person in MAY_SEE[state] else 404
    assert client.get(reverse("gallery:autotag"), form).status_code == expected
    assert client.post(reverse("gallery:autotag_write"), form).status_code in {302, expected} - {200}
    written = {tag.name for tag in picture.tags.all()} - {"its tag"}
    assert written == ({"red"} if person == "owner" and person in MAY_SEE[state] else set())


@pytest.mark.parametrize("person", PEOPLE)
def test_label_sets_and_what_was_written_are_their_owners_alone(client, alice, db, sign_in, person):
    label_set = create_set(owner=alice, name="the set", labels=["red", "blue"])
    tagging = Tagging.objects.create(owner=alice, threshold=0.5)
    sign_in(person)
    denied = 302 if person == "visitor" else 404
    for name in ("label_set_edit", "label_set_delete"):
        address = reverse(f"gallery:{name}", args=[label_set.pk])
        assert client.get(address).status_code == (200 if person == "owner" else denied)
        if person != "owner":
            assert client.post(address, {"name": "mine", "labels": "a,b"}).status_code == denied
    assert (b"the set" in client.get(reverse("gallery:label_sets")).content) == (person == "owner")
    assert client.get(reverse("gallery:which"), {"set": str(label_set.pk)}).status_code == (
        200 if person == "owner" else 404
    )
    undo = client.post(reverse("gallery:tagging_undo", args=[tagging.pk]))
    assert undo.status_code == (302 if person == "owner" else denied)
    tagging.refresh_from_db()
    assert bool(tagging.undone_at) == (person == "owner")


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("state", ["private", "trashed"])
def test_pages_of_a_change_of_the_model_tell_of_a_picture_only_who_may_see_it(
    client, stored, sign_in, person, state
):
    put_in_state(stored, state)
    model = EncodingModel.objects.create(model_id="new", name="new")
    Serving.objects.create(current=model, wanted_id="new", since=timezone.now(), is_filling=True)
    PendingVector.objects.create(image=stored, model=model, attempts=1, reason="It did not work.")
    sign_in(person)
    is_listed = person == "moderator" and state != "trashed"
    for query in ("", "?state=aside"):
        page = client.get(reverse("gallery:failures") + query)
        assert page.status_code == (200 if person == "moderator" else 404)
        assert (b"the picture" in page.content) == is_listed
    assert client.get(reverse("gallery:models")).status_code == (200 if person == "moderator" else 404)
    again = client.post(reverse("gallery:try_again"), {"all": "1"})
    assert again.status_code == (302 if person == "moderator" else 404)
    assert PendingVector.objects.filter(retry_at=None).exists() != is_listed
    counted = client.get(reverse("gallery:model_notice"), {"since": model.pk}).content.decode()
    assert f"0 of {1 if person in MAY_SEE[state] else 0} pictures" in counted


@pytest.mark.parametrize(
    "name",
    [
        *("mine", "upload", "duplicates", "favourites", "tags", "trash", "trash_empty", "albums"),
        *("album_create", "searches", "searches_clear", "map", "map_state", "map_points"),
        *("label_sets", "label_set_create", "autotag", "taggings"),
    ],
)
def test_pages_of_a_persons_own_ask_visitors_to_sign_in(client, db, name):
    response = client.get(reverse(f"gallery:{name}"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["picture", "view", "details", "original", "similar", "edit", "delete"])
def test_an_unknown_picture_is_not_found(client, alice, name):
    client.force_login(alice)
    url = reverse(f"gallery:{name}", args=["00000000-0000-4000-8000-000000000000"])
    assert client.get(url).status_code == 404


# Albums: their owner, what the other sees of them, and their secret links

ALBUM_MAY_SEE = {
    "private": {"owner", "moderator"},
    "unlisted": {"owner", "moderator"},  # others by the link alone, see test_albums.py
    "public": {"owner", "member", "visitor", "moderator"},
}


@pytest.fixture
def album(alice, stored) -> Album:
    album = create_album(owner=alice, title="the album")
    add_pictures(album=album, images=[stored])
    return album


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("visibility", ALBUM_MAY_SEE)
def test_every_address_of_an_album_follows_the_one_rule(client, album, sign_in, person, visibility):
    edit_album(album=album, title="the album", description="", order="manual", visibility=visibility)
    put_in_state(album.pictures.get(), "public")
    sign_in(person)
    page = client.get(album.get_absolute_url())
    assert page.status_code == (200 if person in ALBUM_MAY_SEE[visibility] else 404)
    asked = client.get(reverse("gallery:which"), {"album": str(album.pk)})
    assert asked.status_code == page.status_code
    listed = client.get(reverse("gallery:public_albums")).content
    assert (b"the album" in listed) == (visibility == "public")
    on_picture = client.get(album.pictures.get().get_absolute_url()).content
    assert (b"the album" in on_picture) == (person in ALBUM_MAY_SEE[visibility])
    if person != "visitor":
        assert (b"the album" in client.get(reverse("gallery:albums")).content) == (person == "owner")


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("state", MAY_SEE)
def test_a_public_album_shows_the_pictures_that_its_reader_sees_anyway(
    client, album, stored, sign_in, person, state
):
    edit_album(album=album, title="the album", description="", order="manual", visibility="public")
    put_in_state(stored, state)
    sign_in(person)
    page = client.get(album.get_absolute_url())
    may_see = person in MAY_SEE[state]
    assert page.context["page_obj"].paginator.count == (1 if may_see else 0)
    assert (str(stored.pk).encode() in page.content) == may_see
    listed = client.get(reverse("gallery:public_albums")).content
    assert (b"the album" in listed) == may_see
    assert (str(stored.pk).encode() in listed) == may_see


@pytest.mark.parametrize("person", ["member", "visitor", "moderator"])
@pytest.mark.parametrize("name", ["album_edit", "album_delete", "arrange", "link_renew", "link_revoke"])
def test_only_the_owner_changes_an_album(client, album, stored, sign_in, person, name):
    edit_album(album=album, title="the album", description="", order="manual", visibility="unlisted")
    album.refresh_from_db()
    token = album.token
    sign_in(person)
    url = reverse(f"gallery:{name}", args=[album.pk])
    form = {"title": "mine now", "order": "manual", "visibility": "public"}
    for response in (client.get(url), client.post(url, {**form, "picture": stored.pk, "action": "remove"})):
        expected = {302} if person == "visitor" else {404, 405}
        assert response.status_code in expected
    album.refresh_from_db()
    assert (album.title, album.token, album.entries.count()) == ("the album", token, 1)


@pytest.mark.parametrize("person", ["member", "visitor", "moderator"])
@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_acts_on_the_chosen_pictures_of_others(client, album, stored, sign_in, person, action):
    put_in_state(stored, "public")
    sign_in(person)
    form = {
        "picture": str(stored.pk),
        "action": action,
        "tags": "mine",
        "album_title": "mine",
        "from_album": str(album.pk),
    }
    response = client.post(reverse("gallery:selection"), form)
    assert response.status_code == 302  # back, as with nothing chosen; or to sign in
    stored.refresh_from_db()
    assert (stored.visibility, stored.trashed_at) == ("public", None)
    assert [tag.name for tag in stored.tags.all()] == ["its tag"]
    assert list(stored.albums.all()) == [album]
    add_to_album = client.post(reverse("gallery:add_to_album", args=[stored.pk]), {"album_title": "mine"})
    assert add_to_album.status_code == (302 if person == "visitor" else 404)
    assert Album.objects.count() == 1
