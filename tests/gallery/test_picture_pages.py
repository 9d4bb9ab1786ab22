import pytest
from django.urls import reverse

from gallery.models import Image
from gallery.moderation import hiding
from gallery.views import paging


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def test_the_gallery_shows_own_pictures_with_their_state(alices, alice, store, embed):
    embed(store(alice, title="finished"), 1, 0, 0)
    store(alice, title="in work")
    page = alices.get(reverse("gallery:mine")).content.decode()
    assert "finished" in page
    assert "in work" in page
    assert page.count("data-pending=") == 1
    assert page.count('type="checkbox"') == 2


def test_an_empty_gallery_says_what_to_do(alices):
    assert reverse("gallery:upload") in alices.get(reverse("gallery:mine")).content.decode()


def test_the_gallery_has_pages(alices, alice, store, monkeypatch):
    monkeypatch.setattr(paging, "PICTURES_A_PAGE", 2)
    images = [store(alice) for _ in range(5)]
    shown = []
    for number in (1, 2, 3):
        shown += alices.get(reverse("gallery:mine"), {"page": number}).context["page_obj"].object_list
    assert shown == images[::-1]


@pytest.mark.parametrize("page", ["0", "-1", "2", "x", "1.5", "٣", "9" * 30, ""])
@pytest.mark.parametrize("name", ["mine", "explore"])
def test_a_page_that_does_not_exist_is_not_found(alices, name, page):
    assert alices.get(reverse(f"gallery:{name}"), {"page": page}).status_code == 404


def test_explore_shows_finished_public_pictures_of_everybody(client, alice, bob, store, embed):
    store(alice, public=True, title="alices public")
    store(bob, public=True, title="bobs public")
    Image.objects.update(has_thumbnails=True)
    store(bob, public=True, title="unfinished")
    page = client.get(reverse("gallery:explore")).content.decode()
    assert "alices public" in page
    assert "bobs public" in page
    assert "unfinished" not in page


def test_the_picture_page_tells_what_is_known(alices, alice, store, embed):
    image = store(alice, title="sea", credit="A. Painter, a museum, CC0")
    embed(image, 1, 0, 0)
    embed(store(alice, title="another sea"), 1, 0.1, 0)
    page = alices.get(image.get_absolute_url()).content.decode()
    for words in ("A. Painter, a museum, CC0", "64 × 48", "image/png", "another sea"):
        assert words in page


def test_owners_get_edit_and_delete_and_others_do_not(client, alice, bob, admin, store):
    image = store(alice, public=True)
    links = {name: reverse(f"gallery:{name}", args=[image.pk]) for name in ("edit", "delete", "hide")}
    shown = {}
    for person in (alice, bob, admin):
        client.force_login(person)
        page = client.get(image.get_absolute_url()).content.decode()
        shown[person.username] = {name for name, link in links.items() if f'"{link}"' in page}
    assert shown == {"alice": {"edit", "delete"}, "bob": set(), "admin": {"delete", "hide"}}


def test_title_and_visibility_can_be_changed(alices, alice, store):
    image = store(alice, title="old")
    url = reverse("gallery:edit", args=[image.pk])
    assert 'value="old"' in alices.get(url).content.decode()
    response = alices.post(url, {"title": "new", "visibility": "public", "is_hidden": "1", "owner": "7"})
    assert response["Location"] == image.get_absolute_url()
    image.refresh_from_db()
    assert (image.title, image.visibility, image.is_hidden, image.owner) == ("new", "public", False, alice)


@pytest.mark.parametrize("data", [{"title": "a" * 201, "visibility": "public"}, {"visibility": "x"}, {}])
def test_wrong_changes_are_refused_and_change_nothing(alices, alice, store, data):
    image = store(alice, title="old")
    assert alices.post(reverse("gallery:edit", args=[image.pk]), data).status_code == 400
    image.refresh_from_db()
    assert (image.title, image.visibility) == ("old", "private")


def test_editing_does_not_write_over_what_the_queue_does_meanwhile(alices, alice, store, embed, monkeypatch):
    image = store(alice)
    url = reverse("gallery:edit", args=[image.pk])
    from gallery import forms

    class SlowForm(forms.PictureForm):
        def is_valid(self) -> bool:
            embed(image, 1, 0, 0)  # becomes ready between reading and writing the row
            return super().is_valid()

    monkeypatch.setattr("gallery.views.pictures.PictureForm", SlowForm)
    alices.post(url, {"title": "new", "visibility": "private"})
    image.refresh_from_db()
    assert (image.title, image.status) == ("new", Image.Status.READY)


def test_a_waiting_picture_refreshes_by_its_fragment(alices, alice, store, embed):
    image = store(alice)
    page = alices.get(image.get_absolute_url()).content.decode()
    url = reverse("gallery:view", args=[image.pk])
    assert f'data-view-url="{url}"' in page
    assert "data-pending" in alices.get(url).content.decode()
    embed(image, 1, 0, 0)
    assert "data-pending" not in alices.get(url).content.decode()


def test_waiting_tiles_are_asked_for_together(alices, alice, store, embed, bob):
    images = [store(alice, title=f"tile {number}") for number in range(3)]
    embed(images[0], 1, 0, 0)
    wanted = [str(image.pk) for image in images[:2]] + ["no-uuid", str(store(bob).pk)]
    response = alices.get(reverse("gallery:tiles"), {"picture": wanted})
    page = response.content.decode()
    assert page.count("<li") == 2
    assert page.count("data-pending=") == 1
    assert "no-store" in response["Cache-Control"]


def test_a_picture_shown_large_has_its_details_beside_it(alices, alice, store):
    image = store(alice, title="sea")
    Image.objects.filter(pk=image.pk).update(caption="Taller than all of us.")
    page = alices.get(reverse("gallery:details", args=[image.pk]))
    assert "no-store" in page["Cache-Control"]
    text = page.content.decode()
    assert "<html" not in text
    for words in ("Taller than all of us.", "64 × 48", reverse("gallery:similar", args=[image.pk])):
        assert words in text
    assert f'data-zoomed="{reverse("gallery:original", args=[image.pk])}"' in text
    assert f'action="{reverse("gallery:favourite", args=[image.pk])}"' in text
    assert reverse("gallery:edit", args=[image.pk]) in text


def test_what_browsers_do_not_show_is_not_zoomed_into(alices, alice, store):
    image = store(alice)
    Image.objects.filter(pk=image.pk).update(content_type="image/heic")
    assert "data-zoomed" not in alices.get(reverse("gallery:details", args=[image.pk])).content.decode()


def test_visitors_see_details_without_what_asks_them_to_sign_in(client, alice, store):
    image = store(alice, public=True)
    text = client.get(reverse("gallery:details", args=[image.pk])).content.decode()
    assert "data-favourite" not in text
    assert reverse("gallery:edit", args=[image.pk]) not in text


def test_a_failed_picture_says_why(alices, alice, store):
    image = store(alice)
    Image.objects.filter(pk=image.pk).update(status="failed", status_reason="The picture cannot be decoded.")
    assert "The picture cannot be decoded." in alices.get(image.get_absolute_url()).content.decode()


def test_titles_cannot_inject_markup(alices, alice, store):
    image = store(alice, title='"><script>alert(1)</script>')
    for url in (image.get_absolute_url(), reverse("gallery:mine")):
        assert "<script>alert" not in alices.get(url).content.decode()


def test_only_finished_pictures_can_be_compared_from_among_the_public_ones(client, alice, store, embed):
    embed(store(alice, public=True), 1, 0, 0)
    store(alice, public=True)
    Image.objects.update(has_thumbnails=True)
    assert client.get(reverse("gallery:explore")).content.decode().count('type="checkbox"') == 1


def test_the_front_page_shows_visitors_what_is_public(client, alice, admin, store):
    shown, private, hidden = store(alice, public=True), store(alice), store(alice, public=True)
    Image.objects.update(has_thumbnails=True)
    unfinished = store(alice, public=True)
    hiding.hide(image=hidden, by=admin)
    page = client.get(reverse("home")).content.decode()
    assert str(shown.pk) in page
    assert not [image for image in (private, hidden, unfinished) if str(image.pk) in page]
