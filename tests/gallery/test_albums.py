import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from gallery.albums import (
    NotInAlbum,
    add_pictures,
    create_album,
    edit_album,
    move_picture,
    remove_pictures,
    renew_link,
    revoke_link,
    set_cover,
    with_covers,
)
from gallery.derivatives import make_thumbnails, read_pixels
from gallery.models import Album, Image
from gallery.moderation import hiding
from gallery.trash import move_to_trash, restore
from gallery.uploads import delete_image, delete_user
from gallery.views import paging


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def album(alice) -> Album:
    return create_album(owner=alice, title="Summer")


@pytest.fixture
def three(alice, store, album) -> list[Image]:
    """Three pictures in the album, in the order of their making."""
    images = [store(alice, public=True, title=title) for title in ("one", "two", "three")]
    add_pictures(album=album, images=images)
    Image.objects.update(has_thumbnails=True)
    return images


def titles(album: Album, images=None) -> list[str]:
    shown = Image.objects.kept() if images is None else images
    return [image.title for image in album.sorted(shown)]


def arrange(client, album: Album, image: Image, action: str, **more: object):
    url = reverse("gallery:arrange", args=[album.pk])
    return client.post(url, {"picture": str(image.pk), "action": action, **more})


def test_an_album_is_made_and_changed_by_its_form(alices, alice):
    form = {"title": "Summer", "description": "By the <sea>", "order": "newest", "visibility": "private"}
    album_page = alices.post(reverse("gallery:album_create"), form)["Location"]
    album = Album.objects.get(owner=alice)
    assert album_page == album.get_absolute_url()
    assert "By the &lt;sea&gt;" in alices.get(album_page).content.decode()
    alices.post(reverse("gallery:album_edit", args=[album.pk]), {**form, "title": "July"})
    assert "July" in alices.get(reverse("gallery:albums")).content.decode()


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"title": "x" * 201}, {"order": "x"}, {"visibility": "x"}, {"visibility": ""}]
)
def test_wrong_input_is_refused_and_changes_nothing(alices, album, wrong):
    form = {"title": "New", "description": "", "order": "manual", "visibility": "private", **wrong}
    assert alices.post(reverse("gallery:album_create"), form).status_code == 400
    assert alices.post(reverse("gallery:album_edit", args=[album.pk]), form).status_code == 400
    assert list(Album.objects.values_list("title", flat=True)) == ["Summer"]


def test_deleting_an_album_asks_first_and_keeps_the_pictures(alices, album, three):
    url = reverse("gallery:album_delete", args=[album.pk])
    assert "Summer" in alices.get(url).content.decode()
    assert Album.objects.exists()
    alices.post(url)
    assert not Album.objects.exists()
    assert Image.objects.count() == 3


def test_a_picture_can_be_in_several_albums_with_a_place_in_each(alice, album, three):
    other = create_album(owner=alice, title="Other")
    add_pictures(album=other, images=three[::-1])
    assert titles(album) == ["one", "two", "three"]
    assert titles(other) == ["three", "two", "one"]
    edit_album(album=other, title="Other", description="", order="oldest", visibility="private")
    other.refresh_from_db()
    assert titles(other) == ["one", "two", "three"]


def test_adding_again_keeps_the_place_and_new_ones_come_last(alice, album, three, store):
    new = store(alice, title="four")
    assert add_pictures(album=album, images=[new, three[0]]) == 1
    assert titles(album) == ["one", "two", "three", "four"]


def test_pictures_of_others_do_not_go_into_an_album(bob, album, store):
    with pytest.raises(ValueError):
        add_pictures(album=album, images=[store(bob, public=True)])
    assert not album.entries.exists()


@pytest.mark.parametrize(
    ("moved", "to", "order"),
    [
        (0, 2, ["two", "three", "one"]),
        (2, 0, ["three", "one", "two"]),
        (0, 1, ["two", "one", "three"]),
        (1, 1, ["one", "two", "three"]),
    ],
)
def test_a_picture_takes_anothers_place_and_the_ones_between_make_room(album, three, moved, to, order):
    move_picture(album=album, image=three[moved], to=three[to])
    assert titles(album) == order


def test_moving_works_over_gaps(alice, album, three, store):
    add_pictures(album=album, images=[store(alice, title="four")])
    remove_pictures(album=album, images=Image.objects.filter(title="two"))
    move_picture(album=album, image=Image.objects.get(title="four"), to=three[0])
    assert titles(album) == ["four", "one", "three"]


def test_the_buttons_move_a_picture_past_its_neighbour(alices, album, three):
    response = arrange(alices, album, three[2], "up")
    assert response["Location"].endswith(f"#picture-{three[2].pk}")
    assert titles(album) == ["one", "three", "two"]
    arrange(alices, album, three[0], "down")
    assert titles(album) == ["three", "one", "two"]
    arrange(alices, album, three[2], "up")  # is the first: stays
    arrange(alices, album, three[1], "down")  # is the last: stays
    assert titles(album) == ["three", "one", "two"]


def test_the_buttons_jump_over_what_lies_in_the_trash(alices, album, three):
    move_to_trash(images=Image.objects.filter(title="two"))
    arrange(alices, album, three[2], "up")
    assert titles(album) == ["three", "one"]
    restore(images=Image.objects.all())
    assert titles(album) == ["three", "one", "two"]


def test_dragging_sends_the_place_to_move_to(alices, album, three):
    arrange(alices, album, three[2], "move", to=str(three[0].pk))
    assert titles(album) == ["three", "one", "two"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"action": "move"}, 400),
        ({"action": "explode"}, 400),
        ({"picture": "no-id", "action": "up"}, 400),
        ({"picture": "00000000-0000-4000-8000-000000000000", "action": "up"}, 404),
        ({"action": "move", "to": "00000000-0000-4000-8000-000000000000"}, 404),
    ],
)
def test_what_the_page_never_sends_is_refused(alices, album, three, data, status):
    url = reverse("gallery:arrange", args=[album.pk])
    assert alices.post(url, {"picture": str(three[0].pk), **data}).status_code == status
    assert titles(album) == ["one", "two", "three"]


def test_a_picture_outside_the_album_cannot_be_arranged(alices, alice, album, three, store):
    outside = store(alice)
    for action in ("cover", "move"):
        assert arrange(alices, album, outside, action, to=str(three[0].pk)).status_code == 404
    with pytest.raises(NotInAlbum):
        set_cover(album=album, image=outside)


def test_taking_the_last_picture_off_a_page_leads_to_the_page_before(alices, album, three, monkeypatch):
    monkeypatch.setattr(paging, "PICTURES_A_PAGE", 2)
    url = reverse("gallery:arrange", args=[album.pk])
    data = {"picture": str(three[2].pk), "action": "remove"}
    page = alices.post(f"{url}?page=2", data, follow=True)
    assert page.status_code == 200
    assert list(page.context["page_obj"].object_list) == three[:2]


def covers(user) -> dict[str, tuple]:
    shown = with_covers(Album.objects.visible_to(user), user=user)
    return {album.title: (album.picture_total, album.cover_shown) for album in shown}


def test_the_cover_is_the_chosen_picture_or_else_the_first(alices, alice, album, three):
    assert covers(alice) == {"Summer": (3, three[0].pk)}
    arrange(alices, album, three[1], "cover")
    assert covers(alice) == {"Summer": (3, three[1].pk)}
    move_to_trash(images=Image.objects.filter(title="two"))
    assert covers(alice) == {"Summer": (2, three[0].pk)}
    restore(images=Image.objects.all())
    remove_pictures(album=album, images=Image.objects.filter(title="two"))
    album.refresh_from_db()
    assert album.cover is None


def test_covers_and_counts_of_a_public_album_are_what_the_reader_sees(alice, bob, album, three):
    set_cover(album=album, image=three[1])
    edit_album(album=album, title="Summer", description="", order="manual", visibility="public")
    Image.objects.filter(title="two").update(visibility="private")
    assert covers(bob) == {"Summer": (2, three[0].pk)}
    assert covers(alice) == {"Summer": (3, three[1].pk)}


def test_the_owner_is_told_which_pictures_of_a_public_album_others_do_not_see(alices, album, three):
    edit_album(album=album, title="Summer", description="", order="manual", visibility="public")
    assert alices.get(album.get_absolute_url()).context["unseen_total"] == 0
    Image.objects.filter(title="two").update(visibility="private")
    page = alices.get(album.get_absolute_url()).content.decode()
    assert "1 picture of this public album is seen by you alone" in page


def test_an_album_without_pictures_for_the_reader_is_not_listed_as_public(client, album, three):
    edit_album(album=album, title="Summer", description="", order="manual", visibility="public")
    assert "Summer" in client.get(reverse("gallery:public_albums")).content.decode()
    Image.objects.update(visibility="private")
    assert "Summer" not in client.get(reverse("gallery:public_albums")).content.decode()


def test_a_picture_joins_an_album_on_its_own_page(alices, alice, album, store):
    image = store(alice)
    url = reverse("gallery:add_to_album", args=[image.pk])
    alices.post(url, {"album": str(album.pk)})
    alices.post(url, {"album": "", "album_title": "Brand new"})
    page = alices.get(image.get_absolute_url()).content.decode()
    for one in Album.objects.all():
        assert one.entries.get().image == image
        assert f'href="{one.get_absolute_url()}"' in page


@pytest.mark.parametrize("data", [{}, {"album": "no-id"}, {"album_title": "x" * 201}])
def test_a_wrong_album_is_told_on_the_pictures_page(alices, alice, store, data):
    image = store(alice)
    page = alices.post(reverse("gallery:add_to_album", args=[image.pk]), data, follow=True)
    assert "alert--error" in page.content.decode()
    assert not Album.objects.exists()


def test_somebody_elses_album_is_refused_like_an_unknown_one(alices, alice, bob, store):
    image = store(alice)
    bobs = create_album(owner=bob, title="Bobs", visibility=Album.Visibility.PUBLIC)
    url = reverse("gallery:add_to_album", args=[image.pk])
    pages = [
        alices.post(url, {"album": pk}, follow=True).content.decode()
        for pk in (bobs.pk, "00000000-0000-4000-8000-000000000000")
    ]
    assert all("Choose one of your albums." in page for page in pages)
    assert not bobs.entries.exists()


# Secret links


@pytest.fixture
def shared(album, three) -> Album:
    Image.objects.update(visibility="private")
    return renew_link(album=album)


def addresses(album: Album, image: Image, token: str) -> list[str]:
    return [
        reverse("gallery:shared", args=[token]),
        reverse("gallery:shared_picture", args=[token, image.pk]),
        reverse("gallery:shared_thumbnail", args=[token, image.pk, 320]),
    ]


def statuses(client, album: Album, image: Image, token: str) -> list[int]:
    return [client.get(address).status_code for address in addresses(album, image, token)]


@pytest.fixture
def with_files(three) -> None:
    for image in three:
        make_thumbnails(image=image, picture=read_pixels(image=image))


@pytest.mark.usefixtures("with_files")
def test_the_link_shows_private_pictures_to_a_visitor_at_its_own_addresses_alone(client, shared, three):
    assert statuses(client, shared, three[1], shared.token) == [200, 200, 200]
    page = client.get(shared.get_shared_url())
    content = page.content.decode()
    assert [content.index(title) for title in ("one", "two", "three")] == sorted(
        content.index(title) for title in ("one", "two", "three")
    )
    assert page["X-Robots-Tag"] == "noindex"
    elsewhere = ["picture", "view", "original", "similar"]
    for url in (
        shared.get_absolute_url(),
        reverse("gallery:thumbnail", args=[three[1].pk, 320]),
        *(reverse(f"gallery:{name}", args=[three[1].pk]) for name in elsewhere),
    ):
        assert url not in content
        assert client.get(url).status_code == 404


def test_the_pages_of_a_shared_album_lead_from_picture_to_picture(client, shared, three):
    page = client.get(reverse("gallery:shared_picture", args=[shared.token, three[1].pk]))
    assert (page.context["before"], page.context["after"]) == (three[0].pk, three[2].pk)


def test_hidden_and_trashed_pictures_and_those_of_other_albums_never_show(
    client, alice, admin, shared, three, store
):
    hiding.hide(image=three[0], by=admin)
    move_to_trash(images=Image.objects.filter(title="two"))
    other = store(alice, title="elsewhere")
    add_pictures(album=create_album(owner=alice, title="Other"), images=[other])
    for image in (*three[:2], other):
        assert statuses(client, shared, image, shared.token) == [200, 404, 404]
    assert titles(shared, Image.objects.opened_by(shared.token)) == ["three"]


@pytest.mark.usefixtures("with_files")
def test_a_revoked_link_opens_nothing_and_a_new_one_replaces_the_old(alices, shared, three):
    first = shared.token
    for name in ("link_renew", "link_revoke"):
        assert alices.get(reverse(f"gallery:{name}", args=[shared.pk])).status_code == 200  # asks first
    shared.refresh_from_db()
    assert shared.token == first
    alices.post(reverse("gallery:link_renew", args=[shared.pk]))
    shared.refresh_from_db()
    second = shared.token
    alices.logout()
    assert statuses(alices, shared, three[0], first) == [404, 404, 404]
    assert statuses(alices, shared, three[0], second) == [200, 200, 200]
    revoke_link(album=shared)
    assert statuses(alices, shared, three[0], second) == [404, 404, 404]
    shared.refresh_from_db()
    assert (shared.visibility, shared.token) == ("private", None)


@pytest.mark.parametrize("visibility", ["private", "public"])
def test_an_album_that_is_no_longer_unlisted_loses_its_link_for_good(client, shared, visibility):
    values = {"title": "Summer", "description": "", "order": "manual"}
    token = shared.token
    kept = edit_album(album=shared, visibility="unlisted", **values)
    assert kept.token == token
    edit_album(album=shared, visibility=visibility, **values)
    assert client.get(reverse("gallery:shared", args=[token])).status_code == 404
    assert edit_album(album=shared, visibility="unlisted", **values).token != token


def test_links_cannot_be_guessed_and_only_the_owner_is_shown_one(client, alice, bob, admin, shared):
    assert len(shared.token) >= 32
    for person in (bob, admin):
        client.force_login(person)
        assert shared.token not in client.get(shared.get_absolute_url()).content.decode()
    client.force_login(alice)
    assert shared.get_shared_url() in client.get(shared.get_absolute_url()).content.decode()


def test_revoking_what_has_no_link_changes_nothing(alice):
    album = create_album(owner=alice, title="Open", visibility=Album.Visibility.PUBLIC)
    assert revoke_link(album=album).visibility == "public"


def test_the_database_itself_keeps_links_to_unlisted_albums(album):
    for values in ({"token": "x"}, {"visibility": "unlisted"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Album.objects.filter(pk=album.pk).update(**values)


@pytest.mark.parametrize("token", ["x", "None", "null", "%00"])
def test_an_unknown_link_is_not_found(client, db, album, token):
    assert client.get(f"/shared/{token}/").status_code == 404


def test_deleting_a_picture_or_a_person_takes_their_places_along(alice, album, three):
    set_cover(album=album, image=three[0])
    delete_image(image=three[0])
    album.refresh_from_db()
    assert album.cover is None
    assert titles(album) == ["two", "three"]
    delete_user(user=alice)
    assert not Album.objects.exists()
