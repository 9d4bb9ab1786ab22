"""Room for a person's pictures: counted from the rows, told, and refused before anything is stored."""

import threading

import pytest
from django.conf import settings as project_settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from gallery.models import Image
from gallery.quota import MEGABYTE, quota_of
from gallery.uploads import delete_image, store_image
from generator.models import Job
from tests.gallery.drawing import encoded, noise, png

SIZE = len(encoded(noise(seed=1)))


def files_left() -> int:
    root = project_settings.MEDIA_ROOT
    return sum(path.is_file() for path in root.rglob("*")) if root.exists() else 0


def send(client, seed: int):
    data = {"files": png(seed=seed), "visibility": "private"}
    return client.post(reverse("gallery:upload"), data, headers={"accept": "application/json"})


@pytest.fixture
def room_for_two(settings, alice):
    settings.QUOTA_BYTES = int(2.5 * SIZE)


def test_a_file_without_room_is_refused_and_nothing_is_stored(client, alice, room_for_two):
    client.force_login(alice)
    assert [send(client, seed).status_code for seed in (1, 2)] == [201, 201]
    refused = send(client, 3)
    assert (refused.status_code, refused.json()["code"]) == (413, "quota")
    assert "There is no room" in refused.json()["error"]
    assert (Image.objects.count(), files_left()) == (2, 2)


def test_deleting_makes_room(alice, room_for_two):
    images = [store_image(owner=alice, file=png(seed=seed)) for seed in (1, 2)]
    delete_image(image=images[0])
    store_image(owner=alice, file=png(seed=3))
    assert quota_of(alice).used == sum(Image.objects.values_list("byte_size", flat=True))


def test_others_do_not_count(alice, bob, room_for_two):
    for seed in (1, 2):
        store_image(owner=bob, file=png(seed=seed))
    assert quota_of(alice).used == 0


@pytest.mark.parametrize(("own", "limit"), [(None, 5 * MEGABYTE), (0, 0), (7, 7 * MEGABYTE)])
def test_a_person_may_have_a_limit_of_their_own(alice, settings, own, limit):
    settings.QUOTA_BYTES = 5 * MEGABYTE
    alice.quota_megabytes = own
    assert quota_of(alice).limit == limit


def test_without_a_limit_there_is_always_room(alice, settings):
    settings.QUOTA_BYTES = 0
    assert quota_of(alice).has_room_for(10**18)


@pytest.mark.django_db(transaction=True)
def test_files_that_come_at_the_same_moment_do_not_pass_the_limit_together(alice, room_for_two):
    together = threading.Barrier(5)
    outcomes: list[str] = []

    def store(seed: int) -> None:
        together.wait()
        try:
            store_image(owner=alice, file=png(seed=seed))
            outcomes.append("stored")
        except ValidationError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=store, args=(seed,)) for seed in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["quota"] * 3 + ["stored"] * 2
    assert (Image.objects.count(), files_left()) == (2, 2)


@pytest.mark.parametrize("page", ["upload", "profile"])
def test_pages_tell_what_is_used_and_what_is_left(client, alice, settings, page):
    settings.QUOTA_BYTES = 3 * MEGABYTE
    store_image(owner=alice, file=png())
    Image.objects.update(byte_size=MEGABYTE)
    client.force_login(alice)
    shown = client.get(reverse(f"gallery:{page}")).content.decode().replace("\xa0", " ")
    assert "1.0 MB of 3.0 MB; 2.0 MB are left." in shown
    settings.QUOTA_BYTES = 0
    shown = client.get(reverse(f"gallery:{page}")).content.decode().replace("\xa0", " ")
    assert "Your pictures take 1.0 MB." in shown


def test_the_admin_gives_a_person_another_limit(client, admin, alice):
    client.force_login(admin)
    store_image(owner=alice, file=png())
    Image.objects.update(byte_size=3 * MEGABYTE)
    assert "3.0\xa0MB" in client.get("/admin/gallery/user/").content.decode()
    page = client.get(f"/admin/gallery/user/{alice.pk}/change/")
    form = page.context["adminform"].form.initial
    form = {name: value for name, value in form.items() if value not in (None, [], False)}
    form |= {"date_joined_0": "2026-01-01", "date_joined_1": "10:00", "quota_megabytes": "12"}
    assert client.post(f"/admin/gallery/user/{alice.pk}/change/", form).status_code == 302
    alice.refresh_from_db()
    assert alice.quota_megabytes == 12


def test_the_studio_makes_nothing_that_has_no_room(client, alice, settings):
    store_image(owner=alice, file=png())
    settings.QUOTA_BYTES = 1
    client.force_login(alice)
    wish = {"prompt": "a red heart", "size": 128, "steps": 1, "seed": 1}
    response = client.post(reverse("generator:studio"), wish)
    assert response.status_code == 413
    assert "Your pictures take all of your" in response.content.decode()
    assert not Job.objects.exists()


def test_a_picture_that_the_studio_has_made_is_kept_all_the_same(alice, settings):
    settings.QUOTA_BYTES = 1
    store_image(owner=alice, file=png(), origin=Image.Origin.GENERATED)
    assert Image.objects.count() == 1
