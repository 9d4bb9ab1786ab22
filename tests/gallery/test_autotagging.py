"""Winning labels as tags: counted before, written once, taken back exactly."""

import re

import pytest
from django.urls import reverse

from gallery.models import Image, Tag, Tagging
from gallery.tagging import MAX_TAGS, set_tags

PREVIEW, WRITE, WRITTEN = "/which/tags/", "/which/tags/write/", "/which/tags/written/"


@pytest.fixture
def coloured(client, alice, store, embed, encoder) -> dict[str, Image]:
    client.force_login(alice)
    images = {name: store(alice, title=name) for name in ("red", "blue", "white")}
    for name, colour in {"red": (1, 0, 0), "blue": (0, 0, 1), "white": (1, 1, 1)}.items():
        embed(images[name], *colour)
    return images


def asked(images, **more):
    ids = [str(image.pk) for image in images]
    return {"picture": ids, "labels": "red\nblue\ngreen", "threshold": "80", **more}


def names(image) -> set[str]:
    return set(image.tags.values_list("name", flat=True))


def undo_address() -> str:
    return reverse("gallery:tagging_undo", args=[Tagging.objects.latest("created_at").pk])


def test_the_preview_counts_and_writes_nothing(client, coloured):
    set_tags(image=coloured["blue"], names=["blue"])
    response = client.get(PREVIEW, asked(coloured.values()))
    page = response.content.decode()
    assert "1 picture would get a tag" in page
    assert "it has the tag already" in page
    assert "the most probable label is below the threshold" in page  # white is all three
    assert [tag.name for tag in Tag.objects.all()] == ["blue"]


def test_winners_above_the_threshold_become_tags(client, coloured):
    response = client.post(WRITE, asked(coloured.values()), follow=True)
    assert "2 pictures got a tag." in response.content.decode()
    assert {name: names(image) for name, image in coloured.items()} == {
        "red": {"red"},
        "blue": {"blue"},
        "white": set(),
    }


def test_a_tag_has_no_article(client, coloured):
    client.post(WRITE, asked([coloured["red"]], labels="a red\na blue"))
    assert names(coloured["red"]) == {"red"}


def test_each_picture_that_is_left_is_told_with_its_reason(
    client, coloured, colour_background, bob, alice, store, embed
):
    green, foreign, full = store(alice), store(bob, public=True), store(alice)
    embed(green, 0, 1, 0)
    embed(foreign, 1, 0, 0)
    embed(full, 1, 0, 0)
    set_tags(image=full, names=[f"tag {number}" for number in range(MAX_TAGS)])
    images = [*coloured.values(), green, foreign, full, store(alice)]
    response = client.get(PREVIEW, asked(images, labels="red\nblue", none="on"))
    page = response.content.decode()
    assert response.context["plan"].left == {"none": 2, "others": 1, "full": 1}
    assert "the model has not looked at it yet" in page


def test_a_label_that_cannot_be_a_tag_is_told(client, coloured):
    labels = "red\n" + "blue " * 15
    response = client.get(PREVIEW, asked([coloured["blue"]], labels=labels))
    assert response.context["plan"].left == {"no_tag": 1}


def test_pictures_of_others_get_no_tag_even_from_a_moderator(client, coloured, admin):
    client.force_login(admin)
    response = client.post(WRITE, asked(coloured.values()), follow=True)
    assert "No picture got a tag." in response.content.decode()
    assert not Tag.objects.exists()
    assert not Tagging.objects.exists()


def test_undo_removes_exactly_what_was_added(client, coloured):
    set_tags(image=coloured["red"], names=["red", "mine"])
    client.post(WRITE, asked(coloured.values()))
    page = client.get(WRITTEN).content.decode()  # a page of its own: it is there after any reload
    assert undo_address() in page
    client.post(undo_address())
    assert names(coloured["red"]) == {"red", "mine"}
    assert names(coloured["blue"]) == set()
    assert undo_address() not in client.get(WRITTEN).content.decode()


def test_undo_leaves_a_tag_that_was_taken_off_and_put_back_by_hand(client, coloured):
    client.post(WRITE, asked([coloured["red"]]))
    set_tags(image=coloured["red"], names=[])
    set_tags(image=coloured["red"], names=["red"])
    client.post(undo_address())
    assert names(coloured["red"]) == {"red"}


def test_undo_works_once(client, coloured):
    client.post(WRITE, asked([coloured["red"]]))
    client.post(undo_address())
    client.post(WRITE, asked([coloured["red"]]))
    first = Tagging.objects.earliest("created_at")
    again = client.post(reverse("gallery:tagging_undo", args=[first.pk]), follow=True)
    assert "have been taken back before" in again.content.decode()
    assert names(coloured["red"]) == {"red"}


@pytest.mark.parametrize("person", ["bob", "admin"])
def test_anothers_tags_are_not_taken_back(client, coloured, person, request):
    client.post(WRITE, asked([coloured["red"]]))
    client.force_login(request.getfixturevalue(person))
    assert client.post(undo_address()).status_code == 404
    assert undo_address() not in client.get(WRITTEN).content.decode()
    assert names(coloured["red"]) == {"red"}


@pytest.mark.parametrize("threshold", ["0", "101", "", "high", "1e3"])
def test_a_threshold_is_a_whole_percentage(client, coloured, threshold):
    for send, address in ((client.get, PREVIEW), (client.post, WRITE)):
        response = send(address, asked([coloured["red"]], threshold=threshold))
        assert response.status_code == 400
        assert re.search(r"Write a (whole )?number from 1 to 100", response.content.decode())
    assert not Tag.objects.exists()


def test_nothing_is_written_while_the_encoder_is_away(client, coloured, no_encoder):
    assert client.post(WRITE, asked([coloured["red"]])).status_code == 503
    assert client.get(PREVIEW, asked([coloured["red"]])).status_code == 503


def test_writing_is_a_post_and_reading_a_get(client, coloured):
    assert client.get(WRITE, asked([coloured["red"]])).status_code == 405
    assert client.post(PREVIEW, asked([coloured["red"]])).status_code == 405
