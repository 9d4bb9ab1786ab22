"""Label sets: those that ship with the project, and a person's own."""

import pytest
from django.urls import reverse
from django.utils import translation

from gallery.label_words import BUILT_IN
from gallery.labels import BUILT_IN_SETS, MAX_LABELS, create_set
from gallery.models import LabelSet
from gallery.zeroshot import classify

LIST = "/which/sets/"


@pytest.fixture
def own(client, alice) -> LabelSet:
    client.force_login(alice)
    return create_set(owner=alice, name="warm", labels=["red", "yellow"])


@pytest.fixture
def picture(alice, store, embed, encoder):
    image = store(alice)
    embed(image, 1, 0, 0)
    return image


def save(client, address: str, **form: str):
    return client.post(address, {"name": "cold", "labels": "blue\ngreen", **form})


def test_a_set_is_made_listed_changed_renamed_and_deleted(client, alice):
    client.force_login(alice)
    assert save(client, LIST + "new/")["Location"] == LIST
    made = LabelSet.objects.get(owner=alice)
    assert made.labels == ["blue", "green"]
    assert "blue, green" in client.get(LIST).content.decode()
    save(client, made.get_absolute_url(), name="icy", labels="white, blue")
    made.refresh_from_db()
    assert (made.name, made.labels) == ("icy", ["white", "blue"])
    delete = reverse("gallery:label_set_delete", args=[made.pk])
    assert client.get(delete).status_code == 200
    assert LabelSet.objects.exists()
    client.post(delete)
    assert not LabelSet.objects.exists()


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": " Warm "}, "another label set of this name"),
        ({"labels": "blue"}, "at least two different labels"),
        ({"labels": ""}, "Write at least two labels."),
        ({"labels": ",".join(map(str, range(MAX_LABELS + 1)))}, f"At most {MAX_LABELS} labels"),
        ({"name": "x" * 81}, "at most 80 characters"),
    ],
)
def test_what_is_wrong_with_a_set_is_said(client, own, form, message):
    response = save(client, LIST + "new/", **form)
    assert response.status_code == 400
    assert message in response.content.decode()
    assert list(LabelSet.objects.all()) == [own]


def test_there_is_a_limit_of_sets(client, own, monkeypatch):
    monkeypatch.setattr("gallery.labels.MAX_SETS", 1)
    assert save(client, LIST + "new/").status_code == 400
    assert LabelSet.objects.count() == 1


def test_a_new_set_can_begin_with_the_labels_of_an_answer(client, own):
    assert "red\nblue" in client.get(LIST + "new/", {"labels": "red\nblue"}).content.decode()


def test_an_own_set_is_written_out_so_that_the_address_can_be_shared(client, own, picture):
    response = client.get("/which/", {"picture": str(picture.pk), "labels": "blue", "set": str(own.pk)})
    assert response.status_code == 302
    assert str(own.pk) not in response["Location"]
    assert client.get(response["Location"]).context["matrix"].labels == ["blue", "red", "yellow"]


def test_anothers_set_is_not_found_and_not_offered(client, own, bob, picture):
    type(picture).objects.update(visibility="public")
    client.force_login(bob)
    asked = {"picture": str(picture.pk), "labels": "red,blue"}
    assert client.get("/which/", {**asked, "set": str(own.pk)}).status_code == 404
    assert "warm" not in client.get("/which/", asked).content.decode()
    assert "warm" not in client.get(LIST).content.decode()


def test_a_set_to_begin_with_is_shown_in_the_readers_language_and_asked_in_english(client, picture, encoder):
    with translation.override("sv"):
        labels = BUILT_IN_SETS["colours"].labels
    assert (labels[0].text, labels[0].name) == ("red", "röd")
    matrix = classify(images=[picture], labels=labels)
    assert matrix.rows[0].best.label == "röd"
    assert "something red" in [text for batch in encoder.model.batches for text in batch]


@pytest.mark.parametrize("key", BUILT_IN)
def test_a_set_to_begin_with_has_room_and_no_word_twice_in_any_language(key):
    for language in ("en", "sv"):
        with translation.override(language):
            names = [label.name for label in BUILT_IN_SETS[key].labels]
            assert len(set(names)) == len(names) <= MAX_LABELS


def test_an_unknown_set_is_refused(client, own, picture):
    response = client.get("/which/", {"picture": str(picture.pk), "set": "unicorns"})
    assert response.status_code == 400
    assert "There is no such label set." in response.content.decode()
