"""A picture that moderators have covered is shown to nobody but its owner, unless they ask for it."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from gallery.albums import add_pictures, create_album
from gallery.favourites import add_favourite
from gallery.models import Image, Tag
from gallery.moderation.decisions import decide_about
from generator.models import Batch, Job
from tests.generator.wishes import ask

PLACES = {
    "a search for words": "/search/?q=red",
    "a search by a picture": "/search/?like={other}",
    "what is like it": "/search/?like={covered}",
    "a mix with it": "/search/?q=red+%2B+picture:{covered}",
    "labels of it": "/which/?picture={covered}&labels=red%0Ablue",
    "labels of several": "/which/?picture={covered}&picture={other}&labels=red%0Ablue",
    "its tag": "/tags/red/",
    "favourites": "/favourites/",
    "what looks like another": "/pictures/{other}/",
    "everybody's": "/explore/",
}


@pytest.fixture
def covered(alice, bob, mona, store, embed, encoder) -> Image:
    image, other = store(alice, public=True, title="red one"), store(alice, public=True, title="other")
    embed(image, 1, 0, 0)
    embed(other, 0.9, 0.1, 0)
    Image.objects.update(has_thumbnails=True)
    Tag.objects.create(image=image, name="red")
    add_favourite(user=bob, image=image)
    add_pictures(album=create_album(owner=alice, title="x", visibility="public"), images=[image])
    decide_about(thing=image, by=mona, chosen=["blur"])
    image.refresh_from_db()
    return image


def files_of(image: Image) -> tuple[str, ...]:
    thumbnails = [reverse("gallery:thumbnail", args=[image.pk, size]) for size in Image.THUMBNAIL_SIZES]
    return (*thumbnails, reverse("gallery:original", args=[image.pk]))


def shows(page: str, image: Image) -> bool:
    """As a picture: a link to its file is there for who wants it."""
    return any(f'src="{address}"' in page or f'data-large="{address}"' in page for address in files_of(image))


def test_no_page_shows_it_to_others(client, alice, bob, covered):
    other = Image.objects.get(title="other")
    seen, met = [], set()
    for person in (bob, alice):
        client.force_login(person)
        for place, address in PLACES.items():
            answer = client.get(address.format(covered=covered.pk, other=other.pk))
            page = answer.content.decode()
            assert answer.status_code == 200, (place, page)
            if str(covered.pk) in page:
                met.add((person, place))
            if shows(page, covered):
                seen.append((person, place))
    assert {place for person, place in met if person == bob} == set(PLACES)
    assert [place for person, place in seen if person == bob] == []
    assert [place for person, place in seen if person == alice] != []


def test_pages_of_the_studio_cover_it_for_moderators_and_not_for_its_owner(client, alice, mona, covered):
    batch = Batch.objects.create(
        owner=alice, row_setting="seed", row_values=[7], column_setting="", column_values=[None]
    )
    first, second = ask(alice), ask(alice, seed=8)
    Job.objects.filter(pk=first.pk).update(
        state="done", image=covered, batch=batch, batch_row=0, batch_column=0
    )
    Job.objects.filter(pk=second.pk).update(parent=first)
    two = urlencode({"job": [first.pk, second.pk]}, doseq=True)
    pages = {
        "job": first.get_absolute_url(),
        "further": second.get_absolute_url(),
        "compare": reverse("generator:compare", args=[first.pk, second.pk]),
        "beside": f"{reverse('generator:side_by_side')}?{two}",
        "batch": batch.get_absolute_url(),
        "sheet": reverse("generator:sheet", args=[batch.pk]),
    }
    for person, expected in ((mona, set()), (alice, set(pages))):
        client.force_login(person)
        found = {
            name for name, address in pages.items() if shows(client.get(address).content.decode(), covered)
        }
        assert found == expected
