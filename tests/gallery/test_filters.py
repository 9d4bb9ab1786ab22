"""Every filter, from the address to the pictures and back."""

import datetime
import re

import pytest
from django.contrib.auth.models import AnonymousUser

from gallery.albums import add_pictures, create_album
from gallery.colours import Colour, named
from gallery.favourites import add_favourite
from gallery.filters import FilterError, FilterForm, Filters, names
from gallery.models import CameraFacts, Image, User
from gallery.preparation import prepare_image
from gallery.tagging import set_tags
from gallery.uploads import store_image
from tests.gallery.drawing import png

JANUARY = datetime.datetime(2026, 1, 15, 12, tzinfo=datetime.UTC)


@pytest.fixture
def pictures(alice, bob, store) -> dict[str, Image]:
    """Rows as uploads of other kinds would leave them."""
    User.objects.filter(pk=bob.pk).update(display_name="Bob the builder")
    kinds = {
        "plain": {},
        "tall": {"width": 600, "height": 800},
        "square": {"width": 700, "height": 700},
        "large": {"width": 4000, "height": 3000},
        "medium": {"width": 1000, "height": 1000},
        "red": {"colour": Colour.RED},
        "made": {"origin": Image.Origin.GENERATED},
        "old": {"created_at": JANUARY},
    }
    rows = {}
    for name, fields in kinds.items():
        rows[name] = store(alice, title=name, public=True)
        usual = {"width": 800, "height": 600, "colour": Colour.BLUE}
        Image.objects.filter(pk=rows[name].pk).update(**{**usual, **fields})
    rows["bob's"] = store(bob, title="bob's", public=True)
    Image.objects.filter(pk=rows["bob's"].pk).update(width=800, height=600)
    rows["private"] = store(bob, title="private")
    Image.objects.filter(pk=rows["private"].pk).update(width=800, height=600)
    return rows


def found(person, **filters) -> set[str]:
    left = Filters(**filters).restrict(Image.objects.visible_to(person), person)
    return set(left.values_list("title", flat=True))


EVERYTHING = {"plain", "tall", "square", "large", "medium", "red", "made", "old", "bob's"}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, EVERYTHING),
        ({"owner": "bob"}, {"bob's"}),
        ({"owner": "BOB THE Builder"}, {"bob's"}),
        ({"owner": "nobody"}, set()),
        ({"owner": "mine"}, EVERYTHING - {"bob's"}),
        ({"origin": "generated"}, {"made"}),
        ({"visibility": "public"}, EVERYTHING),
        ({"visibility": "private"}, set()),
        ({"orientation": "portrait"}, {"tall"}),
        ({"orientation": "square"}, {"square", "medium"}),
        ({"size": "large"}, {"large"}),
        ({"size": "medium"}, {"medium"}),
        ({"size": "small", "orientation": "square"}, {"square"}),
        ({"colour": "red"}, {"red"}),
        ({"until": datetime.date(2026, 1, 15)}, {"old"}),
        ({"since": datetime.date(2026, 1, 15), "until": datetime.date(2026, 1, 15)}, {"old"}),
        ({"until": datetime.date(2026, 1, 14)}, set()),
        ({"since": datetime.date(2026, 1, 16)}, EVERYTHING - {"old"}),
        ({"colour": "blue", "orientation": "square", "size": "small"}, {"square"}),
    ],
)
def test_filters_leave_what_they_say(alice, pictures, filters, expected):
    assert found(alice, **filters) == expected


def test_filters_never_widen_what_may_be_seen(alice, bob, pictures):
    assert found(bob, owner="bob") == {"bob's", "private"}
    assert found(alice, visibility="private") == set()
    assert found(AnonymousUser(), owner="mine") == set()


def test_albums_tags_favourites_and_cameras_narrow_too(alice, bob, pictures):
    album = create_album(owner=alice, title="Summer")
    add_pictures(album=album, images=[pictures["red"], pictures["tall"]])
    set_tags(image=pictures["tall"], names=["blue sky"])
    set_tags(image=pictures["private"], names=["blue sky"])
    add_favourite(user=alice, image=pictures["bob's"])
    CameraFacts.objects.create(image=pictures["red"], make="LEICA", model="M6")
    assert found(alice, album=str(album.pk)) == {"red", "tall"}
    assert found(alice, album=str(album.pk), tag="blue sky") == {"tall"}
    assert found(alice, tag="blue sky") == {"tall"}
    assert found(alice, favourite="yes") == {"bob's"}
    assert found(bob, favourite="yes") == found(AnonymousUser(), favourite="yes") == set()
    assert found(bob, camera="leica") == found(bob, camera="m6") == {"red"}


def test_another_persons_private_album_is_not_there(alice, bob, pictures):
    album = create_album(owner=alice, title="Summer")
    add_pictures(album=album, images=[pictures["red"]])
    assert found(bob, album=str(album.pk)) == set()
    form = FilterForm({"album": str(album.pk)}, person=bob)
    assert form.errors["album"] == ["There is no such album."]
    assert "Summer" not in str(form)
    assert FilterForm({"album": "nonsense"}, person=bob).errors["album"] == ["There is no such album."]
    assert FilterForm({"album": str(album.pk)}, person=alice).is_valid()


def test_an_address_says_what_it_was_made_from(alice):
    album = create_album(owner=alice, title="Summer")
    data = {
        "owner": "mine",
        "album": str(album.pk),
        "tag": "sea",
        "favourite": "yes",
        "camera": "Leica",
        "origin": "uploaded",
        "visibility": "public",
        "orientation": "landscape",
        "size": "large",
        "colour": "green",
        "since": "2026-01-31",
        "until": "2026-02-28",
    }
    form = FilterForm(data, person=alice)
    assert form.is_valid(), form.errors
    assert form.filters.parameters() == data
    assert set(data) == set(names())
    assert form.filters.without("size").parameters() == {k: v for k, v in data.items() if k != "size"}


def test_no_filters_are_no_parameters(alice):
    form = FilterForm({}, person=alice)
    assert form.is_valid()
    assert form.filters.parameters() == {}
    assert not form.filters


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("origin", "stolen", "“stolen” is none of the choices"),
        ("colour", "infrared", "“infrared” is none of the choices"),
        ("since", "yesterday", "year-month-day"),
        ("since", "2026-02-30", "year-month-day"),
        ("until", "9999-12-31", "year from 1800"),
        ("owner", "\x00", "Null characters"),
        ("owner", "x" * 151, "at most 150"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(alice, name, value, said):
    form = FilterForm({name: value}, person=alice)
    assert not form.is_valid()
    assert said in form.errors[name][0]


def test_a_last_day_before_the_first_is_an_error(alice):
    with pytest.raises(FilterError):
        Filters(since=datetime.date(2026, 2, 1), until=datetime.date(2026, 1, 1))
    form = FilterForm({"since": "2026-02-01", "until": "2026-01-01"}, person=alice)
    assert "before the first one" in form.errors["until"][0]


def test_visitors_have_no_pictures_of_their_own():
    form = FilterForm({"owner": "mine"}, person=AnonymousUser())
    assert "Sign in" in form.errors["owner"][0]


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ("#dc1e1e", "red"),
        ("#ff8c00", "orange"),
        ("#8b4513", "brown"),
        ("#fad728", "yellow"),
        ("#1ea032", "green"),
        ("#20c4c4", "turquoise"),
        ("#1e46dc", "blue"),
        ("#7a28b4", "purple"),
        ("#ff69b4", "pink"),
        ("#ffb6c1", "pink"),
        ("#0a0a0a", "black"),
        ("#808080", "grey"),
        ("#fafafa", "white"),
        ("#00008b", "blue"),
    ],
)
def test_colours_have_the_names_that_people_give_them(color, name):
    assert named(color) == name


def test_every_colour_has_a_name():
    levels = range(0, 256, 17)
    counts = dict.fromkeys(Colour.values, 0)
    for red in levels:
        for green in levels:
            for blue in levels:
                counts[named(f"#{red:02x}{green:02x}{blue:02x}")] += 1
    assert all(counts.values())


def test_preparing_a_picture_names_its_colour(alice, encoder):
    image = store_image(owner=alice, file=png(color="yellow"))
    prepare_image(image_id=image.pk, attempt=0)
    image.refresh_from_db()
    assert re.fullmatch(r"#f[ef]f[ef]0[01]", image.dominant_color)
    assert image.colour == Colour.YELLOW
