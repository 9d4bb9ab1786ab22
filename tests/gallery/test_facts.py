"""A photo's facts on its row and its page; where it was taken only for who owns it and wants it kept."""

import random
from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django_q.models import OrmQ

from gallery import tasks
from gallery.details import BATCH, GAVE_UP, VERSION, requeue_outdated
from gallery.models import CameraFacts, Image, Place
from gallery.preparation import prepare_image
from gallery.uploads import store_image
from tests.gallery.drawing import camera_exif, encoded, noise, photo, png, upload

pytestmark = pytest.mark.filterwarnings("ignore:.*(EXIF|Tag data|Metadata).*:UserWarning")
STOCKHOLM = "59.32950, 18.06861"


@pytest.fixture
def taken(alice, encoder):
    """Stores a photo of Alice's and prepares it."""
    seeds = iter(range(100))

    def taken(**fields) -> Image:
        alice.refresh_from_db()
        image = store_image(owner=alice, file=photo(seed=next(seeds)), **fields)
        prepare_image(image_id=image.pk, attempt=0)
        return Image.objects.get(pk=image.pk)

    return taken


def catch_up() -> int:
    """Does what upkeep and a worker do for finished pictures; returns how many there were."""
    OrmQ.objects.all().delete()
    requeue_outdated()
    waiting = [item.task for item in OrmQ.objects.order_by("pk")]
    for task in waiting:
        assert task["func"] == "gallery.tasks.make_details"
        tasks.make_details(*task["args"])
    return len(waiting)


def change_profile(client, alice, **fields):
    client.force_login(alice)
    form = {"display_name": "", "language": "en"} | fields
    assert client.post(reverse("gallery:profile"), form).status_code == 302


def change_picture(client, image: Image, **fields):
    client.force_login(image.owner)
    form = {"title": "", "visibility": image.visibility} | fields
    assert client.post(reverse("gallery:edit", args=[image.pk]), form).status_code == 302
    image.refresh_from_db()


def test_the_page_of_a_photo_tells_what_the_camera_noted(client, alice, taken):
    image = taken(visibility="public")
    assert image.taken_at == datetime(2024, 7, 1, 21, 30, tzinfo=UTC)
    page = client.get(image.get_absolute_url()).content.decode()
    for fact in (
        "July 1, 2024, 11:30 p.m.",
        "UTC+0200",
        "NIKON D90",
        "AF-S 35mm",
        "1/250 s",
        "f/2.8",
        "ISO 200",
    ):
        assert fact in page
    assert "35 mm" in page
    assert "(52 mm on 35 mm film)" in page
    assert "NIKON CORPORATION" not in page  # the model names the maker already


def test_a_clock_without_an_offset_is_one_of_this_sites_zone(alice, encoder, settings):
    settings.TIME_ZONE = "Europe/Stockholm"
    image = store_image(owner=alice, file=photo(t9011=None))
    prepare_image(image_id=image.pk, attempt=0)
    image.refresh_from_db()
    assert image.taken_at == datetime(2024, 7, 1, 21, 30, tzinfo=UTC)
    assert (image.taken_local.hour, image.taken_offset) == (23, None)


def test_a_picture_without_notes_has_no_row_of_facts(client, alice, encoder):
    image = store_image(owner=alice, file=png(), visibility="public")
    prepare_image(image_id=image.pk, attempt=0)
    assert not CameraFacts.objects.exists()
    page = client.get(image.get_absolute_url()).content.decode()
    assert not any(word in page for word in ("Taken", "Camera", "Exposure", "Place"))


@pytest.mark.parametrize("seed", range(8))
def test_a_photo_with_garbage_for_notes_gets_ready_all_the_same(alice, encoder, seed):
    chance = random.Random(seed)
    garbage = bytearray(camera_exif().tobytes())
    for _ in range(60):
        garbage[chance.randrange(6, len(garbage))] = chance.randrange(256)
    image = store_image(owner=alice, file=upload(encoded(noise(), "JPEG", exif=bytes(garbage))))
    prepare_image(image_id=image.pk, attempt=0)
    image.refresh_from_db()
    assert (image.status, image.details_version) == (Image.Status.READY, VERSION)


def test_where_a_photo_was_taken_is_not_kept_unless_the_owner_asks(client, alice, taken):
    image = taken()
    assert image.has_location
    assert not Place.objects.exists()
    client.force_login(alice)
    page = client.get(image.get_absolute_url()).content.decode()
    assert "Only in the original file" in page
    assert "59.3" not in page


def test_a_kept_place_is_shown_to_the_owner_alone(client, alice, bob, admin, taken):
    alice.keep_locations = True
    alice.save()
    image = taken(visibility="public")
    client.force_login(alice)
    assert STOCKHOLM in client.get(image.get_absolute_url()).content.decode()
    for person in (bob, admin, None):
        client.logout() if person is None else client.force_login(person)
        page = client.get(image.get_absolute_url()).content.decode()
        assert "59.3" not in page
        assert "Place" not in page


def test_asking_in_the_profile_reads_the_photos_that_are_there(client, alice, bob, taken):
    image = taken()
    theirs = store_image(owner=bob, file=photo())
    prepare_image(image_id=theirs.pk, attempt=0)
    assert catch_up() == 0
    change_profile(client, alice, keep_locations="on")
    assert catch_up() == 1
    assert str(Place.objects.get().image_id) == str(image.pk)
    assert taken().keep_location  # and those to come
    assert catch_up() == 0


def test_unasking_in_the_profile_forgets_all_places(client, alice, taken):
    change_profile(client, alice, keep_locations="on")
    image = taken()
    assert Place.objects.count() == 1
    change_profile(client, alice)
    assert not Place.objects.exists()
    assert not taken().keep_location
    image.refresh_from_db()
    assert image.has_location
    assert catch_up() == 0


def test_a_profile_saved_for_another_reason_leaves_single_choices_alone(client, alice, taken):
    image = taken()
    change_picture(client, image, keep_location="on")
    catch_up()
    change_profile(client, alice, display_name="Alice")
    assert Place.objects.count() == 1


def test_a_place_is_kept_and_forgotten_for_one_photo(client, taken):
    image = taken()
    change_picture(client, image, keep_location="on")
    assert catch_up() == 1
    assert str(Place.objects.get()) == STOCKHOLM
    change_picture(client, image)
    assert not Place.objects.exists()


def test_a_picture_without_a_place_does_not_ask_about_it(client, alice, encoder, taken):
    client.force_login(alice)
    image = store_image(owner=alice, file=png())
    plain_form = client.get(reverse("gallery:edit", args=[image.pk])).content.decode()
    photo_form = client.get(reverse("gallery:edit", args=[taken().pk])).content.decode()
    assert ("keep_location" in plain_form, "keep_location" in photo_form) == (False, True)


def test_pictures_from_before_are_taken_up_a_few_at_a_time(alice, taken, store, embed):
    image = taken()
    CameraFacts.objects.all().delete()
    Image.objects.update(details_version=0)
    for _ in range(3):
        embed(store(alice), 1, 0, 0)
    Image.objects.exclude(pk=image.pk).update(details_version=0, retry_at=None)
    OrmQ.objects.all().delete()
    assert requeue_outdated() == 4 <= BATCH
    assert requeue_outdated() == 0  # they are underway
    for item in OrmQ.objects.all():
        tasks.make_details(*item.task["args"])
    assert set(Image.objects.values_list("details_version", "retry_at")) == {(VERSION, None)}
    assert CameraFacts.objects.count() == 1


def test_an_original_that_is_gone_is_not_looked_for_for_ever(taken):
    image = taken()
    Image.objects.update(details_version=0)
    image.original.storage.delete(image.original_name)
    assert catch_up() == 1
    image.refresh_from_db()
    assert (image.details_version, image.status) == (GAVE_UP, Image.Status.READY)
    assert catch_up() == 0
