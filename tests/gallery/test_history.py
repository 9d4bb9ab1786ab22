"""A picture's history: noted by whatever changes it, told to its owner and to moderators."""

import pytest
from django.urls import reverse

from gallery.albums import add_pictures, create_album, delete_album, remove_pictures
from gallery.autotagging import Plan, undo, write_tags
from gallery.editing import edit_image, set_visibility
from gallery.history import history_of
from gallery.models import HistoryEntry, Image
from gallery.tagging import add_tags
from gallery.trash import move_to_trash, restore
from gallery.uploads import delete_image, store_image
from tests.gallery.colour_model import MODEL_ID
from tests.gallery.drawing import png


@pytest.fixture
def image(alice, store) -> Image:
    return store(alice, title="the sea")


def said(image: Image) -> list[str]:
    """What came after the upload, the oldest first."""
    return [moment.said for moment in reversed(history_of(image))][1:]


def only(image: Image):
    return Image.objects.filter(pk=image.pk)


def test_it_begins_with_where_the_picture_came_from(alice, image):
    made = store_image(owner=alice, file=png(color="red"), origin=Image.Origin.GENERATED)
    assert [moment.said for moment in history_of(image)] == ["It was uploaded."]
    assert [(moment.said, moment.at) for moment in history_of(made)] == [
        ("It was made in the studio.", made.created_at)
    ]


def test_the_model_that_looked_at_it_is_named(image, embed):
    embed(image, 1, 0, 0)
    assert said(image) == [f"The model {MODEL_ID} looked at it."]


def test_what_its_owner_writes_is_noted_where_it_differs(client, alice, image):
    client.force_login(alice)
    address = reverse("gallery:edit", args=[image.pk])
    form = {"title": "a calm sea", "caption": "", "tags": "sea, blue", "visibility": "public"}
    for _twice in range(2):
        client.post(address, form)
    assert said(image) == [
        "The title was changed; before it was “the sea”.",
        "It was made public.",
        "It was tagged: sea, blue.",
    ]
    client.post(address, form | {"caption": "On a Sunday", "tags": "blue, sun", "visibility": "private"})
    assert said(image)[3:] == [
        "The caption was changed.",
        "It was made private.",
        "Tags were taken off: sea.",
        "It was tagged: sun.",
    ]


def test_a_first_title_and_a_long_list_of_tags_find_their_words(alice, store):
    image = store(alice)
    names = [f"{number:02d}{'x' * 40}" for number in range(20)]
    edit_image(image=image, title="the sea", tags=names)
    assert said(image)[0] == "It got a title."
    assert HistoryEntry.objects.get(kind="tagged").detail.endswith("…")


def test_actions_on_several_pictures_are_noted_on_those_that_they_change(alice, image, store):
    public = store(alice, public=True)
    images = Image.objects.filter(owner=alice)
    set_visibility(images=images, visibility=Image.Visibility.PUBLIC)
    add_tags(images=images, names=["sea"])
    add_tags(images=only(image), names=["sea"])
    assert said(image) == ["It was made public.", "It was tagged: sea."]
    assert said(public) == ["It was tagged: sea."]


def test_albums_are_noted_by_the_titles_they_had(alice, image):
    album = create_album(owner=alice, title="Summer")
    for _twice in range(2):
        add_pictures(album=album, images=[image])
    remove_pictures(album=album, images=only(image))
    add_pictures(album=album, images=[image])
    delete_album(album=album)
    into, out = "It was put into the album “Summer”.", "It was taken out of the album “Summer”."
    assert said(image) == [into, out, into, out]


def test_the_trash_and_the_way_back_are_noted(alice):
    image = store_image(owner=alice, file=png())
    for _twice in range(2):
        move_to_trash(images=only(image))
    restore(images=only(image))
    move_to_trash(images=only(image))
    store_image(owner=alice, file=png(), visibility=Image.Visibility.PUBLIC)  # the same once more
    trashed, back = "It was moved to the trash.", "It was taken out of the trash again."
    assert said(image) == [trashed, back, trashed, back, "It was made public."]


def test_tags_by_the_model_are_told_apart_from_those_by_hand(alice, image):
    tagging = write_tags(user=alice, plan=Plan(threshold=0.5, tags=[(image, "boat")]))
    assert undo(tagging=tagging) == 1
    assert said(image) == [
        "The model’s answer was written as a tag: boat.",
        "The tag that the model had written was taken back: boat.",
    ]


def test_owner_and_moderators_read_it_on_the_picture_page_and_nobody_else(client, alice, bob, admin, image):
    set_visibility(images=only(image), visibility=Image.Visibility.PUBLIC)
    shown = {}
    for name, person in {"visitor": None, "alice": alice, "bob": bob, "admin": admin}.items():
        client.logout()
        if person:
            client.force_login(person)
        page = client.get(image.get_absolute_url()).content.decode()
        shown[name] = "It was made public." in page and "data-history" in page
    assert shown == {"visitor": False, "alice": True, "bob": False, "admin": True}


def test_in_swedish_it_is_told_in_swedish(client, alice, image):
    client.force_login(alice)
    page = client.get(image.get_absolute_url(), headers={"accept-language": "sv"}).content.decode()
    assert "Den laddades upp." in page


def test_it_goes_with_the_picture(image):
    move_to_trash(images=only(image))
    delete_image(image=image)
    assert not HistoryEntry.objects.exists()
