import pytest
from django.urls import reverse

from gallery.favourites import add_favourite
from gallery.models import Favourite


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def test_the_button_on_the_page_marks_a_picture_and_takes_the_mark_back(alices, alice, bob, store):
    image = store(bob, public=True, title="bobs")
    add, remove = (reverse(f"gallery:{name}", args=[image.pk]) for name in ("favourite", "unfavourite"))
    assert f'action="{add}"' in alices.get(image.get_absolute_url()).content.decode()
    assert alices.post(add)["Location"] == image.get_absolute_url()
    assert f'action="{remove}"' in alices.get(image.get_absolute_url()).content.decode()
    assert "bobs" in alices.get(reverse("gallery:favourites")).content.decode()
    alices.post(remove)
    assert "bobs" not in alices.get(reverse("gallery:favourites")).content.decode()


def test_marking_twice_is_one_mark_and_unmarking_twice_is_harmless(alices, alice, store):
    image = store(alice)
    for _ in range(2):
        alices.post(reverse("gallery:favourite", args=[image.pk]))
    assert Favourite.objects.count() == 1
    for _ in range(2):
        assert alices.post(reverse("gallery:unfavourite", args=[image.pk])).status_code == 302


def test_the_newest_mark_comes_first_and_everybody_has_their_own(alices, alice, bob, store):
    first, second = store(alice, public=True), store(alice, public=True)
    add_favourite(user=alice, image=second)
    add_favourite(user=alice, image=first)
    add_favourite(user=bob, image=second)
    shown = alices.get(reverse("gallery:favourites")).context["page_obj"].object_list
    assert list(shown) == [first, second]


def test_visitors_get_no_button(client, alice, store):
    image = store(alice, public=True)
    page = client.get(image.get_absolute_url()).content.decode()
    assert reverse("gallery:favourite", args=[image.pk]) not in page


def test_a_mark_takes_a_click_and_not_a_link(alices, alice, store):
    image = store(alice)
    assert alices.get(reverse("gallery:favourite", args=[image.pk])).status_code == 405


def test_a_script_marks_a_picture_without_a_message_for_the_next_page(alices, alice, store):
    image = store(alice)
    response = alices.post(
        reverse("gallery:favourite", args=[image.pk]), headers={"accept": "application/json"}
    )
    assert response.status_code == 204
    assert Favourite.objects.filter(image=image, user=alice).exists()
    assert "alert--success" not in alices.get(reverse("gallery:mine")).content.decode()
