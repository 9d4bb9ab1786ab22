import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from gallery.models import Decision, Image
from gallery.moderation import hiding


def test_a_moderator_hides_a_picture_and_its_owner_learns_of_it(client, alice, admin, store):
    image = store(alice, public=True)
    client.force_login(admin)
    response = client.post(reverse("gallery:hide", args=[image.pk]))
    assert response["Location"] == image.get_absolute_url()
    client.force_login(alice)
    assert "A moderator has hidden this picture." in client.get(image.get_absolute_url()).content.decode()


def test_a_hidden_picture_can_be_shown_again(client, alice, bob, admin, store):
    image = store(alice, public=True)
    hiding.hide(image=image, by=admin)
    client.force_login(admin)
    client.post(reverse("gallery:unhide", args=[image.pk]))
    client.force_login(bob)
    assert client.get(image.get_absolute_url()).status_code == 200


def test_publishing_a_hidden_picture_does_not_show_it(client, alice, bob, admin, store):
    image = store(alice)
    hiding.hide(image=image, by=admin)
    client.force_login(alice)
    client.post(reverse("gallery:edit", args=[image.pk]), {"title": "", "visibility": "public"})
    assert not Image.objects.visible_to(bob).exists()


def test_a_moderator_deletes_somebody_elses_picture(client, alice, admin, store):
    image = store(alice)
    client.force_login(admin)
    assert "can be taken back" in client.get(reverse("gallery:delete", args=[image.pk])).content.decode()
    client.post(reverse("gallery:delete", args=[image.pk]), {"reason": "Rule 5"})
    assert not Image.objects.kept().exists()
    assert Decision.objects.get().reason == "Rule 5"


def test_only_moderators_may_decide(alice, bob, store):
    image = store(alice, public=True)
    for person in (alice, bob):
        with pytest.raises(PermissionDenied):
            hiding.hide(image=image, by=person)
    assert Image.objects.public().count() == 1


def test_hiding_takes_a_click_and_not_a_link(client, alice, admin, store):
    image = store(alice, public=True)
    client.force_login(admin)
    assert client.get(reverse("gallery:hide", args=[image.pk])).status_code == 405
