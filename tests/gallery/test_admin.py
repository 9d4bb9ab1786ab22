import pytest
from django.conf import settings as project_settings
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from gallery.albums import create_album, renew_link
from gallery.models import AuditEntry, Image, Place, SavedSearch, User

IMAGES = "/admin/gallery/image/"
USERS = "/admin/gallery/user/"


@pytest.fixture
def admins(client, admin):
    client.force_login(admin)
    return client


def files_left() -> int:
    return sum(path.is_file() for path in project_settings.MEDIA_ROOT.rglob("*"))


def act(client, action: str, *images: Image, **more: str):
    data = {"action": action, "_selected_action": [str(image.pk) for image in images]} | more
    return client.post(IMAGES, data, follow=True)


def test_pictures_are_listed_with_their_thumbnails(admins, alice, store, embed):
    image = store(alice, title="the sea")
    Image.objects.update(has_thumbnails=True)
    page = admins.get(IMAGES).content.decode()
    assert "the sea" in page
    assert reverse("gallery:thumbnail", args=[image.pk, 320]) in page


@pytest.mark.parametrize("query", ["?status__exact=pending", "?q=sea", "?is_hidden__exact=0", "?q=alice"])
def test_pictures_can_be_filtered_and_searched(admins, alice, store, query):
    store(alice, title="the sea")
    assert "the sea" in admins.get(IMAGES + query).content.decode()


def test_chosen_pictures_are_hidden_and_shown_again(admins, alice, store):
    images = [store(alice, public=True) for _ in range(2)]
    assert "2 pictures were changed." in act(admins, "hide", *images).content.decode()
    assert Image.objects.public().count() == 0
    act(admins, "unhide", images[0])
    assert list(Image.objects.public()) == [images[0]]


def test_chosen_pictures_are_prepared_again(admins, alice, store):
    image = store(alice)
    Image.objects.update(status="failed", attempts=6)
    OrmQ.objects.all().delete()
    act(admins, "prepare_again", image)
    assert Image.objects.get().status == "pending"
    assert OrmQ.objects.count() == 1


def test_deleting_chosen_pictures_deletes_their_files(
    admins, alice, store, django_capture_on_commit_callbacks
):
    images = [store(alice) for _ in range(3)]
    with django_capture_on_commit_callbacks(execute=True):
        act(admins, "delete_selected", *images[:2], post="yes")
    assert list(Image.objects.all()) == [images[2]]
    logged = AuditEntry.objects.filter(action="delete").values_list("key", flat=True)
    assert set(logged) == {str(image.pk) for image in images[:2]}
    assert files_left() == 1


def test_deleting_one_picture_deletes_its_files(
    admins, alice, store, embed, django_capture_on_commit_callbacks
):
    image = store(alice)
    embed(image, 1, 0, 0)
    with django_capture_on_commit_callbacks(execute=True):
        admins.post(f"{IMAGES}{image.pk}/delete/", {"post": "yes"})
    assert (Image.objects.count(), files_left()) == (0, 0)


def test_deleting_a_person_deletes_their_files(admins, alice, store, django_capture_on_commit_callbacks):
    store(alice)
    with django_capture_on_commit_callbacks(execute=True):
        admins.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(username="alice").exists()
    assert (Image.objects.count(), files_left()) == (0, 0)


def test_what_goes_with_a_person_is_counted_and_not_named(admins, alice, store):
    image = store(alice, title="a trashed picture")
    Place.objects.create(image=image, latitude=59.32999, longitude=18)
    Image.objects.update(trashed_at=timezone.now())
    SavedSearch.objects.create(owner=alice, name="what I look for", query="q=this")
    for path in (f"{USERS}{alice.pk}/delete/", USERS):
        chosen = {"action": "delete_selected", "_selected_action": [alice.pk]}
        page = (admins.get(path) if path != USERS else admins.post(USERS, chosen)).content.decode()
        assert "alice" in page
        assert "saved searches: 1" in page.lower().replace("</td><td>", ": ")
        for secret in ("a trashed picture", "59.32999", "what I look for"):
            assert secret not in page


def test_deleting_chosen_people_deletes_their_files(
    admins, alice, bob, store, django_capture_on_commit_callbacks
):
    store(alice), store(bob)
    chosen = {"action": "delete_selected", "_selected_action": [alice.pk, bob.pk], "post": "yes"}
    with django_capture_on_commit_callbacks(execute=True):
        admins.post(USERS, chosen)
    assert (User.objects.count(), Image.objects.count(), files_left()) == (1, 0, 0)


def test_a_pictures_facts_cannot_be_edited(admins, alice, bob, store):
    image = store(alice, title="old")
    admins.post(
        f"{IMAGES}{image.pk}/change/",
        {
            "title": "new",
            "visibility": "public",
            "credit": "",
            "owner": bob.pk,
            "sha256": "x",
            "status": "ready",
        },
    )
    changed = Image.objects.get()
    assert (changed.title, changed.visibility) == ("new", "public")
    assert (changed.owner, changed.sha256, changed.status) == (alice, image.sha256, "pending")


def test_pictures_are_not_added_past_the_upload_checks(admins):
    assert admins.get(f"{IMAGES}add/").status_code == 403


def test_people_are_listed_with_how_many_pictures_they_have(admins, alice, store):
    store(alice), store(alice)
    page = admins.get(USERS).content.decode()
    assert '<td class="field-picture_count">2</td>' in page
    assert admins.get(f"{USERS}{alice.pk}/change/").status_code == 200


def test_members_do_not_get_in(client, alice):
    client.force_login(alice)
    assert client.get(IMAGES).status_code == 302


def test_an_albums_words_can_be_changed_and_its_link_is_not_shown(admins, alice):
    album = renew_link(album=create_album(owner=alice, title="rude words"))
    url = f"/admin/gallery/album/{album.pk}/change/"
    assert "rude words" in admins.get("/admin/gallery/album/").content.decode()
    assert album.token not in admins.get(url).content.decode()
    admins.post(url, {"title": "kind words", "description": "", "visibility": "public"})
    album.refresh_from_db()
    assert (album.title, album.visibility) == ("kind words", "unlisted")


def test_chosen_albums_are_hidden_shown_again_and_deleted_and_the_log_knows(admins, alice, admin):
    url = "/admin/gallery/album/"
    album = create_album(owner=alice, title="rude words", visibility="public")
    for action, is_hidden in (("hide", True), ("unhide", False)):
        admins.post(url, {"action": action, "_selected_action": [album.pk]})
        album.refresh_from_db()
        assert album.is_hidden == is_hidden
        assert "rude words" in admins.get(f"{url}?is_hidden__exact={int(is_hidden)}").content.decode()
    admins.post(url, {"action": "delete_selected", "_selected_action": [album.pk], "post": "yes"})
    assert not alice.albums.exists()
    logged = AuditEntry.objects.filter(kind="album", key=str(album.pk)).order_by("number")
    assert [(entry.action, entry.actor) for entry in logged] == [
        ("hide", admin),
        ("show", admin),
        ("delete", admin),
    ]
